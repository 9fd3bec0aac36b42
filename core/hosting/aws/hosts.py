"""The machines that are ours, read from their tags; what they cost; taking one down."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from core.errors import NotFoundError
from core.hosting.aws.errors import HostingError, explained
from core.hosting.aws.session import Cloud
from core.hosting.aws.spec import HostSpec

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import FilterTypeDef, InstanceTypeDef, TagTypeDef

MANAGED = "slam:managed-by"
MANAGED_BY = "slam"
OLLAMA_PORT = 11434
_LOCAL_PORT = 11435
_TAG_LENGTH = 256
_LIVING = ["pending", "running", "stopping", "stopped", "shutting-down"]


@dataclass(frozen=True, slots=True)
class Host:
    """One machine of ours as AWS and its tags tell it; ``None`` where a tag cannot be read.

    Times are UTC. ``usd_per_hour`` is what was quoted at launch, disk and address included.
    """

    name: str
    instance_id: str
    state: str
    instance_type: str
    region: str
    zone: str
    market: str
    owner: str
    image_id: str
    launched_at: datetime
    expires_at: datetime | None
    idle_minutes: int | None
    usd_per_hour: float | None
    tags: Mapping[str, str]

    def age(self, now: datetime) -> timedelta:
        """How long ago it was launched."""
        return now - self.launched_at

    def cost_usd(self, now: datetime) -> float | None:
        """Its hours until now at the price of its launch, in US dollars."""
        if self.usd_per_hour is None:
            return None
        return self.age(now) / timedelta(hours=1) * self.usd_per_hour

    def is_expired(self, now: datetime) -> bool:
        """Whether its time is over; a machine without a readable end counts as expired."""
        return self.expires_at is None or now >= self.expires_at

    @property
    def spec_tags(self) -> dict[str, str]:
        """What it was asked to be, to compare with a new spec."""
        return {key: value for key, value in self.tags.items() if key.startswith("slam:spec-")}


def tags_of(spec: HostSpec) -> dict[str, str]:
    """A spec as tags; lists go over several, as a tag holds 256 characters."""
    values = spec.model_dump(exclude_none=True, exclude={"name", "owner", "models"})
    tags = {f"slam:spec-{key.replace('_', '-')}": str(value) for key, value in values.items()}
    lines = textwrap.wrap(
        " ".join(spec.models), _TAG_LENGTH, break_long_words=False, break_on_hyphens=False
    )
    return tags | {f"slam:spec-models-{number}": line for number, line in enumerate(lines, 1)}


def as_tag_list(tags: Mapping[str, str]) -> "list[TagTypeDef]":
    """Tags in the API's form."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def managed_filter() -> "list[FilterTypeDef]":
    """The API's filter for what is ours."""
    return [{"Name": f"tag:{MANAGED}", "Values": [MANAGED_BY]}]


def list_hosts(cloud: Cloud) -> list[Host]:
    """Our machines in this region that still exist, the oldest first.

    Raises:
        HostingError: AWS refuses.
    """
    with explained():
        pages = cloud.ec2.get_paginator("describe_instances").paginate(
            Filters=[*managed_filter(), {"Name": "instance-state-name", "Values": _LIVING}]
        )
        found = [
            as_host(cloud, instance)
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
        ]
    return sorted(found, key=lambda host: host.launched_at)


def find_host(cloud: Cloud, name: str) -> Host | None:
    """The machine of that name, unless it is gone or on its way out.

    Raises:
        HostingError: AWS refuses.
    """
    return next(
        (one for one in list_hosts(cloud) if one.name == name and one.state != "shutting-down"),
        None,
    )


def usable_host(cloud: Cloud, name: str, now: datetime) -> Host:
    """The machine of that name, fit to be worked with.

    Raises:
        NotFoundError: there is none.
        HostingError: it has expired or does not run.
    """
    host = find_host(cloud, name)
    if host is None:
        raise NotFoundError(
            f"There is no machine {name!r} in {cloud.region}; `slam host list` shows what there is."
        )
    if host.is_expired(now):
        raise HostingError(
            f"The machine {name!r} has expired and must not be used; take it down with "
            f"`slam host down {name}`."
        )
    if host.state != "running":
        raise HostingError(f"The machine {name!r} is {host.state}; wait until it is running.")
    return host


def take_down(cloud: Cloud, instance_ids: Sequence[str]) -> None:
    """End machines and wait until they are gone, for ten minutes at most. Ended ones stay ended.

    Raises:
        HostingError: AWS refuses or takes longer; it goes on there.
    """
    if not instance_ids:
        return
    with explained():
        cloud.ec2.terminate_instances(InstanceIds=instance_ids)
        cloud.ec2.get_waiter("instance_terminated").wait(
            InstanceIds=instance_ids, WaiterConfig={"Delay": 5, "MaxAttempts": 120}
        )


def forwarding_command(host: Host) -> str:
    """The command that brings the machine's Ollama to this machine, encrypted and without a port
    open to the world; it needs AWS's session-manager-plugin. Latency through it means nothing.
    """
    parameters = f'{{"portNumber":["{OLLAMA_PORT}"],"localPortNumber":["{_LOCAL_PORT}"]}}'
    return (
        f"aws ssm start-session --region {host.region} --target {host.instance_id} "
        f"--document-name AWS-StartPortForwardingSession --parameters '{parameters}'"
    )


LOCAL_ADDRESS = f"http://127.0.0.1:{_LOCAL_PORT}"
"""Where Ollama answers while `forwarding_command` runs."""


def as_host(cloud: Cloud, instance: "InstanceTypeDef") -> Host:
    """One instance of AWS's answer as ours."""
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    return Host(
        name=tags.get("slam:name", instance["InstanceId"]),
        instance_id=instance["InstanceId"],
        state=instance["State"]["Name"],
        instance_type=instance["InstanceType"],
        region=cloud.region,
        zone=instance["Placement"]["AvailabilityZone"],
        market=tags.get("slam:spec-market", "unknown"),
        owner=tags.get("slam:owner", "unknown"),
        image_id=instance["ImageId"],
        launched_at=instance["LaunchTime"].astimezone(UTC),
        expires_at=_time(tags.get("slam:expires-at")),
        idle_minutes=_whole(tags.get("slam:spec-idle-minutes")),
        usd_per_hour=_price(tags.get("slam:usd-per-hour")),
        tags=tags,
    )


def _time(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    # Without a zone it could be any of them, and nobody should be billed for the difference.
    return moment.astimezone(UTC) if moment.tzinfo else None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and text.isascii() else None


def _price(text: str | None) -> float | None:
    try:
        price = float(text if text and text.isascii() else "")
    except ValueError:
        return None
    return price if 0 < price < float("inf") else None
