"""Specs, plans and machines for the tests of hosting."""

from datetime import UTC, datetime, timedelta

from core.hosting.aws.hosts import Host
from core.hosting.aws.launching import launch
from core.hosting.aws.planning import LaunchPlan, plan_launch
from core.hosting.aws.session import Cloud
from core.hosting.aws.spec import HostSpec, make_spec

NOW = datetime.now(UTC)


def spec(**changes: object) -> HostSpec:
    return make_spec(**{"name": "bench", "owner": "Ana", "models": ["llama2:7b"]} | changes)


def plan(cloud: Cloud, **changes: object) -> LaunchPlan:
    return plan_launch(cloud, spec(**changes), NOW)


def launched(cloud: Cloud, now: datetime = NOW, **changes: object) -> Host:
    return launch(cloud, plan(cloud, **changes), now, no_pause).host


def long_ago(cloud: Cloud, **changes: object) -> Host:
    """A machine whose hours have been over for long."""
    return launched(cloud, NOW - timedelta(days=2), **changes)


def no_pause(seconds: float) -> None:
    pass
