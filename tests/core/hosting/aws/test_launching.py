"""A launch is one closed machine, made once, in a zone that has room."""

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.errors import InvalidInputError
from core.hosting.aws.errors import HostingError, NotPermittedError
from core.hosting.aws.hosts import list_hosts, take_down
from core.hosting.aws.launching import client_token, launch
from core.hosting.aws.session import Cloud
from tests.core.hosting.aws.building import NOW, launched, long_ago, no_pause, plan
from tests.core.hosting.aws.cloud import IMAGE_ID, refuse

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import InstanceTypeDef


def instance(cloud: Cloud, instance_id: str) -> "InstanceTypeDef":
    found = cloud.ec2.describe_instances(InstanceIds=[instance_id])
    return found["Reservations"][0]["Instances"][0]


def test_the_machine_is_what_was_planned_and_its_tags_tell_everything(cloud: Cloud) -> None:
    models = [f"hf.co/owner/a-model-with-a-long-name-{number}-GGUF:Q4_K_M" for number in range(20)]
    host = launched(cloud, models=models, hours=6)
    found = instance(cloud, host.instance_id)
    assert found["ImageId"] == host.image_id == IMAGE_ID
    assert found["InstanceType"] == "g4dn.2xlarge"
    assert (host.name, host.owner, host.state) == ("bench", "Ana", "pending")
    assert host.expires_at == (NOW + timedelta(hours=6)).replace(microsecond=0)
    assert host.usd_per_hour == pytest.approx(0.752 + 100 * 0.08 / 730 + 0.005, abs=1e-6)
    kept = [host.tags[f"slam:spec-models-{number}"] for number in range(1, 6)]
    assert " ".join(kept).split() == models
    assert max(map(len, host.tags.values())) <= 256
    assert len(host.tags) <= 50
    assert host.tags["slam:image-id"] == IMAGE_ID


def test_nothing_reaches_the_machine_and_it_reaches_only_https(cloud: Cloud) -> None:
    host = launched(cloud)
    interfaces = instance(cloud, host.instance_id)["NetworkInterfaces"]
    groups = [group["GroupId"] for one in interfaces for group in one["Groups"]]
    (group,) = cloud.ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"]
    assert group["IpPermissions"] == []
    (rule,) = group["IpPermissionsEgress"]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)


def test_the_request_asks_for_a_closed_encrypted_machine_that_ends_for_good(cloud: Cloud) -> None:
    asked: list[dict[str, object]] = []
    cloud.ec2.meta.events.register(
        "provide-client-params.ec2.RunInstances", lambda params, **_: asked.append(dict(params))
    )
    launched(cloud)
    rehearsal, request = asked
    assert rehearsal["DryRun"] is True
    assert "DryRun" not in request
    assert request["MetadataOptions"] == {
        "HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1,
    }  # fmt: skip
    assert request["InstanceInitiatedShutdownBehavior"] == "terminate"
    assert request["ClientToken"] == client_token("bench", "us-east-1a", NOW, 0)
    assert "InstanceMarketOptions" not in request
    disk = {"VolumeSize": 100, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    assert request["BlockDeviceMappings"] == [{"DeviceName": "/dev/sda1", "Ebs": disk}]


def test_the_machines_role_is_for_the_session_manager_and_denied_every_parameter(
    cloud: Cloud,
) -> None:
    host = launched(cloud)
    arn = instance(cloud, host.instance_id)["IamInstanceProfile"]["Arn"]
    assert arn.endswith("/slam-host-us-east-1")
    policies = cloud.iam.list_attached_role_policies(RoleName="slam-host-us-east-1")
    names = [policy["PolicyName"] for policy in policies["AttachedPolicies"]]
    assert names == ["AmazonSSMManagedInstanceCore"]
    (statement,) = inline_policy(cloud, "slam-host-us-east-1")["Statement"]
    assert statement == {
        "Effect": "Deny",
        "Action": ["ssm:GetParameter", "ssm:GetParameters"],
        "Resource": "*",
    }


def test_a_daemons_machine_may_read_one_parameter_and_reach_its_database(cloud: Cloud) -> None:
    host = launched(
        cloud,
        daemon_source="git+https://example.org/slam@v1",
        database_url_parameter="/slam/database-url",
    )
    found = instance(cloud, host.instance_id)
    role = found["IamInstanceProfile"]["Arn"].rsplit("/", 1)[1]
    (statement,) = inline_policy(cloud, role)["Statement"]
    assert statement["NotResource"] == "arn:aws:ssm:*:*:parameter/slam/database-url"
    group_id = found["NetworkInterfaces"][0]["Groups"][0]["GroupId"]
    group = cloud.ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    assert sorted(rule["FromPort"] for rule in group["IpPermissionsEgress"]) == [443, 5432]


def inline_policy(cloud: Cloud, role: str) -> dict[str, list[dict[str, object]]]:
    document = cloud.iam.get_role_policy(RoleName=role, PolicyName="only-named-parameters")
    return json.loads(json.dumps(document["PolicyDocument"]))  # type: ignore[no-any-return]


def test_the_user_data_that_arrives_is_the_script_of_this_machine(cloud: Cloud) -> None:
    host = launched(cloud)
    reply = cloud.ec2.describe_instance_attribute(InstanceId=host.instance_id, Attribute="userData")
    script = base64.b64decode(reply["UserData"]["Value"]).decode()
    assert script.startswith("#!/usr/bin/env bash")
    assert "MODELS=(llama2:7b)" in script


def test_the_same_launch_twice_is_one_machine(cloud: Cloud) -> None:
    first = launch(cloud, plan(cloud), NOW, no_pause)
    again = launch(cloud, plan(cloud), NOW + timedelta(minutes=1), no_pause)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.host.instance_id == again.host.instance_id
    assert len(list_hosts(cloud)) == 1


def test_another_spec_under_the_same_name_is_refused(cloud: Cloud) -> None:
    launched(cloud)
    with pytest.raises(InvalidInputError, match="'bench' exists with other settings"):
        launched(cloud, hours=8)


def test_an_expired_machine_does_not_pass_for_a_new_one(cloud: Cloud) -> None:
    long_ago(cloud)
    with pytest.raises(HostingError, match=r"'bench' has expired and must not be used"):
        launched(cloud)


def test_a_role_that_was_left_half_made_is_completed(cloud: Cloud) -> None:
    launched(cloud)
    name = "slam-host-us-east-1"
    cloud.iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    cloud.iam.delete_role_policy(RoleName=name, PolicyName="only-named-parameters")
    launched(cloud, name="second")
    profile = cloud.iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == [name]
    assert inline_policy(cloud, name)["Statement"]


def test_a_launch_at_the_same_moment_by_someone_else_is_found_not_doubled(cloud: Cloud) -> None:
    other = launched(cloud)
    wanted = plan(cloud)
    # As AWS shows it in the first seconds: the machine is there, but not yet in the list.
    lists: list[object] = []

    def hide_once(params: dict[str, object], **_: object) -> None:
        lists.append(params)
        if len(lists) == 1:
            params["Filters"] = [{"Name": "instance-id", "Values": ["i-none"]}]

    cloud.ec2.meta.events.register("provide-client-params.ec2.DescribeInstances", hide_once)
    refuse(cloud.ec2, "RunInstances", "IdempotentParameterMismatch")
    found = launch(cloud, wanted, NOW, no_pause)
    assert (found.is_new, found.host.instance_id) == (False, other.instance_id)


def test_a_name_can_be_used_again_after_its_machine_is_gone(cloud: Cloud) -> None:
    first = launched(cloud)
    take_down(cloud, [first.instance_id])
    # What AWS says for a day to a token whose machine has ended and whose values differ.
    passed = refuse(cloud.ec2, "RunInstances", "IdempotentParameterMismatch")
    second = launched(cloud)
    assert second.instance_id != first.instance_id
    assert client_token("bench", "us-east-1a", NOW, 1) in passed[0]


def test_a_zone_without_capacity_is_passed_over(cloud: Cloud) -> None:
    refuse(cloud.ec2, "RunInstances", "InsufficientInstanceCapacity", "Unsupported")
    assert launched(cloud).zone == "us-east-1c"


def test_when_no_zone_has_capacity_all_that_were_tried_are_named(cloud: Cloud) -> None:
    refuse(cloud.ec2, "RunInstances", *["InsufficientInstanceCapacity"] * 5)
    with pytest.raises(HostingError, match=r"No zone of us-east-1 .* us-east-1a, .*us-east-1f"):
        launched(cloud)
    assert list_hosts(cloud) == []


@pytest.mark.parametrize(
    ("market", "quota"),
    [
        ("on-demand", "“Running On-Demand G and VT instances”.*L-DB2E81BA"),
        ("spot", "“All G and VT Spot Instance Requests”.*L-3819A6DF"),
    ],
)
def test_a_quota_that_is_too_small_is_named_with_the_need_and_the_place_to_ask(
    cloud: Cloud, market: str, quota: str
) -> None:
    code = "VcpuLimitExceeded" if market == "on-demand" else "MaxSpotInstanceCountExceeded"
    refuse(cloud.ec2, "RunInstances", code)
    with pytest.raises(HostingError, match=quota) as refusal:
        launched(cloud, market=market)
    assert "which needs 8 vCPU" in str(refusal.value)
    assert "console.aws.amazon.com/servicequotas" in str(refusal.value)


def test_a_profile_that_ec2_does_not_know_yet_is_waited_for(cloud: Cloud) -> None:
    unknown = "Value (slam-host-us-east-1) for parameter iamInstanceProfile.name is invalid."
    refuse(cloud.ec2, "RunInstances", *["InvalidParameterValue"] * 3, message=unknown)
    pauses: list[float] = []
    launch(cloud, plan(cloud), NOW, pauses.append)
    assert pauses == [2.0] * 3


def test_the_dry_run_that_is_not_permitted_launches_nothing(cloud: Cloud) -> None:
    message = "User: x is not authorized to perform: iam:PassRole on resource: y"
    refuse(cloud.ec2, "RunInstances", "UnauthorizedOperation", message=message, dry_run=True)
    with pytest.raises(NotPermittedError, match=r"may not do iam:PassRole"):
        launched(cloud)
    assert list_hosts(cloud) == []


def test_spot_is_bid_for_up_to_the_on_demand_price_and_once(cloud: Cloud) -> None:
    asked: list[dict[str, dict[str, dict[str, str]]]] = []
    cloud.ec2.meta.events.register(
        "provide-client-params.ec2.RunInstances", lambda params, **_: asked.append(dict(params))
    )
    wanted = plan(cloud, market="spot")
    launch(cloud, wanted, NOW, no_pause)
    options = asked[-1]["InstanceMarketOptions"]["SpotOptions"]
    assert options["MaxPrice"] == "0.752000"
    assert options["SpotInstanceType"] == "one-time"
    assert wanted.quote.machine_usd_per_hour < 0.752
    assert wanted.most_usd == pytest.approx(4 * (0.752 + wanted.quote.extras_usd_per_hour))


def test_a_group_that_somebody_opened_is_not_used(cloud: Cloud) -> None:
    host = launched(cloud)
    group_id = instance(cloud, host.instance_id)["NetworkInterfaces"][0]["Groups"][0]["GroupId"]
    cloud.ec2.authorize_security_group_ingress(
        GroupId=group_id, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    with pytest.raises(HostingError, match=f"{group_id} lets something in"):
        launched(cloud, name="second")
