"""The policy in the documentation is what hosting needs: all of it, and not more."""

import json
import re

from core.hosting.aws.hosts import MANAGED, MANAGED_BY, as_tag_list, list_hosts, take_down
from core.hosting.aws.planning import plan_launch
from core.hosting.aws.session import Cloud
from core.hosting.aws.sweeping import find_leftovers, remove_leftovers
from tests.core.hosting.aws.building import NOW, launched, spec
from tests.core.hosting.aws.cloud import OurAWS
from tests.daemon.running import ROOT

NOT_CALLED_BY_NAME = {
    "ec2:CreateTags",  # within RunInstances and CreateSecurityGroup
    "iam:CreateServiceLinkedRole",  # by AWS, at an account's first spot machine
    "iam:PassRole",  # within RunInstances
    "iam:TagInstanceProfile",  # within CreateInstanceProfile
    "iam:TagRole",  # within CreateRole
    "ssm:StartSession",  # by AWS's own command
}


def documented_actions() -> set[str]:
    text = (ROOT / "docs" / "hosting.md").read_text("utf-8")
    block = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert block is not None
    actions: set[str] = set()
    for statement in json.loads(block[1])["Statement"]:
        action = statement["Action"]
        actions |= {action} if isinstance(action, str) else set(action)
    return actions


def test_the_documented_policy_allows_what_is_called_and_nothing_else(
    aws: OurAWS, cloud: Cloud
) -> None:
    called: set[str] = set()

    def note(event_name: str, **_: object) -> None:
        called.add(event_name.removeprefix("provide-client-params.").replace(".", ":"))

    for client in (cloud.ec2, cloud.iam, cloud.ssm, cloud.pricing):
        client.meta.events.register("provide-client-params", note)
    plan_launch(cloud, spec(market="spot"), NOW)
    launched(cloud)
    launched(cloud, name="second")
    left = cloud.ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
    cloud.ec2.create_tags(Resources=[left], Tags=as_tag_list({MANAGED: MANAGED_BY}))
    called -= {"ec2:CreateVolume", "ec2:CreateTags"}
    take_down(cloud, [host.instance_id for host in list_hosts(cloud)])
    remove_leftovers(cloud, find_leftovers(cloud, NOW))
    assert documented_actions() == called | NOT_CALLED_BY_NAME
