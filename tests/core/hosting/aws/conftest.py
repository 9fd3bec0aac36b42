"""What the tests of hosting share: an empty region of an AWS of our own."""

from collections.abc import Iterator

import pytest

from core.hosting.aws.session import Cloud, connect
from tests.core.hosting.aws.cloud import OurAWS, running_aws, sell


@pytest.fixture(scope="session")
def running() -> Iterator[OurAWS]:
    with running_aws() as aws:
        yield aws


@pytest.fixture
def aws(running: OurAWS, monkeypatch: pytest.MonkeyPatch) -> OurAWS:
    """An account in which nothing runs, found through the environment."""
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    running.start_over()
    return running


@pytest.fixture
def cloud(aws: OurAWS) -> Cloud:
    """Clients of that account; its price list, which moto has none of, knows g4dn.2xlarge."""
    cloud = connect()
    sell(cloud.pricing, 0.752)
    return cloud
