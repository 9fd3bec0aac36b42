"""Who a machine may be and whom it may talk to: its role and its security group, made once.

The role holds AmazonSSMManagedInstanceCore and nothing else. That policy of AWS's also lets a
machine read *every* SSM parameter of the account, which the session manager does not need: a denial
beside it takes that back, except for the one parameter that holds a daemon's database address.
"""

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.hosting.aws.errors import HostingError, error_code, explained
from core.hosting.aws.hosts import MANAGED, MANAGED_BY, as_tag_list
from core.hosting.aws.session import Cloud
from core.hosting.aws.spec import HostSpec

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from types_boto3_ec2.type_defs import IpPermissionOutputTypeDef, IpPermissionTypeDef
    from types_boto3_iam.type_defs import TagTypeDef

_DENIAL = "only-named-parameters"
_HTTPS = 443


def role_path(region: str) -> str:
    """Where a region's roles and profiles stand, so that a sweep finds them all."""
    return f"/slam/{region}/"


def role_name(region: str, parameter: str | None) -> str:
    """One role a region, and one for each parameter that a daemon there reads."""
    suffix = f"-{hashlib.sha256(parameter.encode()).hexdigest()[:8]}" if parameter else ""
    return f"slam-host-{region}{suffix}"


def ensure_instance_profile(cloud: Cloud, spec: HostSpec) -> str:
    """Make the machine's role and instance profile unless they are there; gives their name.

    The role enters the profile last, so that a profile with a role is a whole one. Whoever is not
    to make roles can use one that an administrator's launch made.

    Raises:
        HostingError: AWS refuses.
    """
    from botocore.exceptions import ClientError

    name = role_name(cloud.region, spec.database_url_parameter)
    with explained():
        try:
            profile = cloud.iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        except ClientError as error:
            _unless(error, "NoSuchEntity")
        else:
            if profile["Roles"]:
                return name
        _make_role(cloud, name, spec.database_url_parameter)
        try:
            cloud.iam.create_instance_profile(
                InstanceProfileName=name, Path=role_path(cloud.region), Tags=_role_tags()
            )
        except ClientError as error:
            _unless(error, "EntityAlreadyExists")
        cloud.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return name


def _make_role(cloud: Cloud, name: str, parameter: str | None) -> None:
    from botocore.exceptions import ClientError

    try:
        cloud.iam.create_role(
            RoleName=name,
            Path=role_path(cloud.region),
            AssumeRolePolicyDocument=json.dumps(_TRUST),
            Tags=_role_tags(),
        )
    except ClientError as error:
        _unless(error, "EntityAlreadyExists")
    cloud.iam.attach_role_policy(RoleName=name, PolicyArn=_core_policy(cloud.partition))
    cloud.iam.put_role_policy(
        RoleName=name,
        PolicyName=_DENIAL,
        PolicyDocument=json.dumps(denial(cloud.partition, parameter)),
    )


def _role_tags() -> "list[TagTypeDef]":
    return [{"Key": MANAGED, "Value": MANAGED_BY}]


def remove_instance_profile(cloud: Cloud, name: str) -> None:
    """Remove the profile and the role of that name, as far as they are there.

    Raises:
        HostingError: AWS refuses.
    """
    from botocore.exceptions import ClientError

    steps: tuple[Callable[[], object], ...] = (
        lambda: cloud.iam.remove_role_from_instance_profile(
            InstanceProfileName=name, RoleName=name
        ),
        lambda: cloud.iam.delete_instance_profile(InstanceProfileName=name),
        lambda: cloud.iam.delete_role_policy(RoleName=name, PolicyName=_DENIAL),
        lambda: cloud.iam.detach_role_policy(
            RoleName=name, PolicyArn=_core_policy(cloud.partition)
        ),
        lambda: cloud.iam.delete_role(RoleName=name),
    )
    with explained():
        for step in steps:
            try:
                step()
            except ClientError as error:
                _unless(error, "NoSuchEntity")


def ensure_security_group(cloud: Cloud, spec: HostSpec, vpc_id: str) -> str:
    """A group that lets nothing in, and out only to port 443 (and a daemon's database); its id.

    Names are resolved by the VPC's own resolver, which security groups do not filter.

    Raises:
        HostingError: AWS refuses, or somebody opened the group.
    """
    ports = [_HTTPS, *([spec.database_port] if spec.installs_daemon else [])]
    ports = sorted(set(ports))
    name = "-".join(["slam-host", *(str(port) for port in ports)])
    with explained():
        from botocore.exceptions import ClientError

        try:
            made = cloud.ec2.create_security_group(
                GroupName=name,
                Description="SLaM hosts: nothing in, only HTTPS and a named database out",
                VpcId=vpc_id,
                TagSpecifications=[
                    {
                        "ResourceType": "security-group",
                        "Tags": as_tag_list({MANAGED: MANAGED_BY, "Name": name}),
                    }
                ],
            )
            group_id = made["GroupId"]
        except ClientError as error:
            _unless(error, "InvalidGroup.Duplicate")
            group_id = _group_of(cloud, name, vpc_id)
        _shape_group(cloud, group_id, ports)
    return group_id


def _group_of(cloud: Cloud, name: str, vpc_id: str) -> str:
    found = cloud.ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": [name]}, {"Name": "vpc-id", "Values": [vpc_id]}]
    )["SecurityGroups"]
    return found[0]["GroupId"]


def _shape_group(cloud: Cloud, group_id: str, ports: list[int]) -> None:
    """Take from the group what it should not allow and add what it lacks, whoever changed it."""
    group = cloud.ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    if group["IpPermissions"]:
        raise HostingError(
            f"The security group {group_id} lets something in, which it must not; remove its "
            "inbound rules in the AWS console, or the group itself."
        )
    present = group["IpPermissionsEgress"]
    surplus = [rule for rule in present if _port(rule) not in ports]
    if surplus:
        cloud.ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=surplus)
    missing = [port for port in ports if port not in [_port(rule) for rule in present]]
    if missing:
        cloud.ec2.authorize_security_group_egress(
            GroupId=group_id, IpPermissions=[_outbound(port) for port in missing]
        )


def _port(rule: "IpPermissionOutputTypeDef") -> int | None:
    """The one TCP port that a rule allows; ``None`` for any other rule."""
    one = rule.get("FromPort")
    return one if rule.get("IpProtocol") == "tcp" and one == rule.get("ToPort") else None


def _outbound(port: int) -> "IpPermissionTypeDef":
    return {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
    }


_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def denial(partition: str, parameter: str | None) -> dict[str, object]:
    """The policy that forbids a machine every SSM parameter but its own.

    Args:
        partition: AWS's word for the set of regions, such as ``aws``.
        parameter: the path of the one that stays readable, if any.
    """
    which = (
        {"NotResource": f"arn:{partition}:ssm:*:*:parameter{parameter}"}
        if parameter
        else {"Resource": "*"}
    )
    statement = {"Effect": "Deny", "Action": ["ssm:GetParameter", "ssm:GetParameters"], **which}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _core_policy(partition: str) -> str:
    return f"arn:{partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"


def _unless(error: "ClientError", code: str) -> None:
    """Let the one refusal pass that says it is done already."""
    if error_code(error) != code:
        raise error
