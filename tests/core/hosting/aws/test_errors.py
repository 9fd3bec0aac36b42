"""Each refusal of AWS's is one sentence with its mend, and never shows a key."""

import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from core.hosting.aws.errors import HostingError, NotPermittedError, explain
from core.hosting.aws.hosts import list_hosts
from core.hosting.aws.session import Cloud, connect
from tests.core.hosting.aws.cloud import REGION

KEY = "AKIAIOSFODNN7EXAMPLE"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without anything of AWS's."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@pytest.fixture
def cloud(bare: pytest.MonkeyPatch) -> Cloud:
    bare.setenv("AWS_ACCESS_KEY_ID", KEY)
    bare.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return connect(REGION)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("ExpiredToken", "The AWS credentials have expired; sign in again"),
        ("RequestExpired", "The AWS credentials have expired; sign in again"),
        ("AuthFailure", "AWS does not accept the credentials; check them, this machine's clock"),
        ("UnauthorizedOperation", "may not do DescribeInstances; add it to its policy"),
        ("RequestLimitExceeded", "AWS is throttling DescribeInstances; wait a minute"),
        ("Unsupported", "AWS does not offer this instance type here in this form"),
        ("InstanceLimitExceeded", "ask for more under Service Quotas"),
        ("SpotMaxPriceTooLow", "use on-demand, or try later"),
        ("PendingVerification", "AWS is still verifying the account"),
        ("SomethingNew", "AWS refused DescribeInstances with SomethingNew: No."),
    ],
)
def test_what_aws_refuses_is_one_sentence_with_its_mend(
    cloud: Cloud, code: str, sentence: str
) -> None:
    with Stubber(cloud.ec2) as ec2:
        ec2.add_client_error("describe_instances", code, "No.")
        with pytest.raises(HostingError) as refusal:
            list_hosts(cloud)
    told = str(refusal.value)
    assert sentence in told
    assert told.count(". ") == 0
    assert refusal.value.__cause__ is None


def test_a_missing_permission_is_named_as_a_policy_writes_it(cloud: Cloud) -> None:
    message = f"User: arn:aws:iam::1:user/{KEY} is not authorized to perform: ec2:DescribeInstances"
    with Stubber(cloud.ec2) as ec2:
        ec2.add_client_error("describe_instances", "UnauthorizedOperation", message)
        with pytest.raises(NotPermittedError, match="may not do ec2:DescribeInstances;") as refusal:
            list_hosts(cloud)
    assert KEY not in str(refusal.value)


@given(st.text(max_size=60), st.text(max_size=400), st.text(max_size=30))
def test_no_message_of_awss_brings_an_access_key_to_the_screen(
    before: str, after: str, code: str
) -> None:
    message = f"{before} {KEY} {after}"
    error = ClientError({"Error": {"Code": code, "Message": message}}, "RunInstances")
    assert KEY not in str(explain(error))


def test_without_credentials_the_ways_to_get_some_are_told(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(HostingError, match=r"No AWS credentials were found; run `aws configure`"):
        list_hosts(connect(REGION))


def test_half_of_the_credentials_is_as_good_as_none(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("AWS_ACCESS_KEY_ID", KEY)
    with pytest.raises(HostingError, match="No AWS credentials were found") as refusal:
        list_hosts(connect(REGION))
    assert KEY not in str(refusal.value)


def test_without_a_region_the_variable_is_named(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(HostingError, match="set AWS_REGION"):
        connect()


def test_a_profile_that_does_not_exist_is_said(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(HostingError, match="The profile that AWS_PROFILE names does not exist"):
        connect(REGION)


def test_an_address_where_nothing_answers_is_said(cloud: Cloud, bare: pytest.MonkeyPatch) -> None:
    def break_off(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    cloud.ec2.meta.events.register("before-send.ec2.DescribeInstances", break_off)
    with pytest.raises(HostingError, match="AWS cannot be reached; check the network"):
        list_hosts(cloud)


@pytest.mark.parametrize("region", ["nowhere at all", "us east", "../etc"])
def test_a_region_that_is_none_is_refused(bare: pytest.MonkeyPatch, region: str) -> None:
    with pytest.raises(HostingError, match="AWS_REGION"):
        connect(region)


def test_without_boto3_the_extra_to_install_is_named(bare: pytest.MonkeyPatch) -> None:
    bare.setitem(sys.modules, "boto3", None)
    with pytest.raises(HostingError, match=r"pip install 'slam-eval\[aws\]'"):
        connect(REGION)
