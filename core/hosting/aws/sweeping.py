"""Find what hosting left behind in a region, say what it is, and remove it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.hosting.aws.access import remove_instance_profile, role_path
from core.hosting.aws.errors import error_code, explained
from core.hosting.aws.hosts import Host, list_hosts, managed_filter, take_down
from core.hosting.aws.session import Cloud


class Kind(StrEnum):
    """What can be left behind; in the order in which it can be removed."""

    MACHINE = "machine"
    VOLUME = "volume"
    SECURITY_GROUP = "security group"
    ROLE = "role and instance profile"


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing to remove and why."""

    kind: Kind
    identifier: str
    reason: str


def find_leftovers(cloud: Cloud, now: datetime) -> list[Leftover]:
    """What carries our tag in this region and serves no machine that may still run.

    Raises:
        HostingError: AWS refuses.
    """
    hosts = list_hosts(cloud)
    # What is shutting down holds on to its group until it is gone; the next sweep finds that.
    ending = [host for host in hosts if host.is_expired(now) and host.state != "shutting-down"]
    staying = {host.instance_id for host in hosts} - {host.instance_id for host in ending}
    groups, profiles = _in_use(cloud, staying)
    machines = [Leftover(Kind.MACHINE, host.instance_id, _reason(host)) for host in ending]
    return [
        *machines,
        *_volumes(cloud),
        *_groups(cloud, groups),
        *_roles(cloud, profiles),
    ]


def remove_leftovers(cloud: Cloud, leftovers: Sequence[Leftover]) -> None:
    """Remove what `find_leftovers` found; what is gone by now is passed over.

    Raises:
        HostingError: AWS refuses; what was removed until then stays removed.
    """
    by_kind = {kind: [one.identifier for one in leftovers if one.kind is kind] for kind in Kind}
    take_down(cloud, by_kind[Kind.MACHINE])
    from botocore.exceptions import ClientError

    with explained():
        for volume_id in by_kind[Kind.VOLUME]:
            try:
                cloud.ec2.delete_volume(VolumeId=volume_id)
            except ClientError as error:
                if error_code(error) != "InvalidVolume.NotFound":
                    raise
        for group_id in by_kind[Kind.SECURITY_GROUP]:
            try:
                cloud.ec2.delete_security_group(GroupId=group_id)
            except ClientError as error:
                if error_code(error) != "InvalidGroup.NotFound":
                    raise
    for name in by_kind[Kind.ROLE]:
        remove_instance_profile(cloud, name)


def _reason(host: Host) -> str:
    if host.expires_at is None:
        return f"{host.name} of {host.owner} has no readable expiry"
    return f"{host.name} of {host.owner} expired {host.expires_at:%Y-%m-%d %H:%M} UTC"


def _in_use(cloud: Cloud, instance_ids: set[str]) -> tuple[set[str], set[str]]:
    """The security groups and the names of the profiles of machines that stay."""
    groups: set[str] = set()
    profiles: set[str] = set()
    if not instance_ids:
        return groups, profiles
    with explained():
        pages = cloud.ec2.get_paginator("describe_instances").paginate(
            InstanceIds=sorted(instance_ids)
        )
        for page in pages:
            for reservation in page["Reservations"]:
                for instance in reservation["Instances"]:
                    for interface in instance["NetworkInterfaces"]:
                        groups |= {group["GroupId"] for group in interface["Groups"]}
                    if profile := instance.get("IamInstanceProfile"):
                        profiles.add(profile["Arn"].rsplit("/", 1)[1])
    return groups, profiles


def _volumes(cloud: Cloud) -> list[Leftover]:
    with explained():
        pages = cloud.ec2.get_paginator("describe_volumes").paginate(
            Filters=[*managed_filter(), {"Name": "status", "Values": ["available"]}]
        )
        return [
            Leftover(Kind.VOLUME, one["VolumeId"], f"{one['Size']} GB attached to no machine")
            for page in pages
            for one in page["Volumes"]
        ]


def _groups(cloud: Cloud, in_use: set[str]) -> list[Leftover]:
    with explained():
        pages = cloud.ec2.get_paginator("describe_security_groups").paginate(
            Filters=managed_filter()
        )
        return [
            Leftover(Kind.SECURITY_GROUP, one["GroupId"], f"{one['GroupName']}: no machine has it")
            for page in pages
            for one in page["SecurityGroups"]
            if one["GroupId"] not in in_use
        ]


def _roles(cloud: Cloud, in_use: set[str]) -> list[Leftover]:
    """By roles and by profiles, as a removal that was cut off leaves one without the other."""
    path = role_path(cloud.region)
    with explained():
        roles = cloud.iam.get_paginator("list_roles").paginate(PathPrefix=path)
        profiles = cloud.iam.get_paginator("list_instance_profiles").paginate(PathPrefix=path)
        names = {one["RoleName"] for page in roles for one in page["Roles"]}
        names |= {
            one["InstanceProfileName"] for page in profiles for one in page["InstanceProfiles"]
        }
    return [Leftover(Kind.ROLE, name, "no machine has it") for name in sorted(names - in_use)]
