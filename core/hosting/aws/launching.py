"""Launch one machine: once, however often it is asked for, and only what was planned."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInputError
from core.hosting.aws.access import ensure_instance_profile, ensure_security_group
from core.hosting.aws.errors import HostingError, error_code, explained
from core.hosting.aws.hosts import (
    MANAGED,
    MANAGED_BY,
    Host,
    as_host,
    as_tag_list,
    find_host,
    tags_of,
)
from core.hosting.aws.planning import LaunchPlan, Subnet
from core.hosting.aws.session import Cloud
from core.hosting.aws.spec import HostSpec
from core.hosting.aws.user_data import render_user_data

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from types_boto3_ec2.type_defs import InstanceTypeDef

_ROOT_DEVICE = "/dev/sda1"
"""Where Ubuntu's images have their root volume."""
_PROFILE_TRIES = 15
_NO_CAPACITY = {"InsufficientInstanceCapacity", "Unsupported", "InsufficientHostCapacity"}
_ENDED = {"shutting-down", "terminated"}
_QUOTAS = {
    ("g", "on-demand"): ("Running On-Demand G and VT instances", "L-DB2E81BA"),
    ("g", "spot"): ("All G and VT Spot Instance Requests", "L-3819A6DF"),
    ("p", "on-demand"): ("Running On-Demand P instances", "L-417A185B"),
}


@dataclass(frozen=True, slots=True)
class Launch:
    """A machine and whether this call brought it about; otherwise it was there already."""

    host: Host
    is_new: bool


def already_launched(cloud: Cloud, spec: HostSpec, now: datetime) -> Host | None:
    """The machine of that name, where it was launched with just these settings.

    Raises:
        InvalidInputError: a machine of that name exists with other settings.
        HostingError: it has expired, or AWS refuses.
    """
    existing = find_host(cloud, spec.name)
    if existing is not None and existing.spec_tags != tags_of(spec):
        raise InvalidInputError(
            f"A machine {spec.name!r} exists with other settings; take it down with "
            f"`slam host down {spec.name}` or choose another name."
        )
    if existing is not None and existing.is_expired(now):
        raise HostingError(
            f"The machine {spec.name!r} has expired and must not be used; take it down with "
            f"`slam host down {spec.name}` first."
        )
    return existing


def launch(
    cloud: Cloud,
    plan: LaunchPlan,
    now: datetime,
    pause: Callable[[float], None] = time.sleep,
) -> Launch:
    """Launch what was planned, in the first zone that has room; the same name is one machine.

    The account's permission is tried with a dry run before the machine itself is asked for.

    Args:
        cloud: where.
        plan: what, as it was shown and confirmed.
        now: the moment that the machine's hours count from, aware.
        pause: waits that many seconds, while a new profile becomes known to AWS.

    Raises:
        InvalidInputError: a machine of that name exists with other settings.
        HostingError: AWS refuses, or no zone has room.
    """
    if existing := already_launched(cloud, plan.spec, now):
        return Launch(existing, is_new=False)
    from botocore.exceptions import ClientError

    with explained():
        try:
            return _launch(cloud, plan, now, pause)
        except ClientError as error:
            raise _in_words(error, plan) from None


def _launch(
    cloud: Cloud, plan: LaunchPlan, now: datetime, pause: Callable[[float], None]
) -> Launch:
    from botocore.exceptions import ClientError

    profile = ensure_instance_profile(cloud, plan.spec)
    group_id = ensure_security_group(cloud, plan.spec, plan.vpc_id)
    request = _request(plan, profile, group_id, now)
    _dry_run(cloud, _placed(request, plan.subnets[0]), pause)
    for subnet in plan.subnets:
        try:
            return _launch_in(cloud, plan, _placed(request, subnet), subnet, now, pause)
        except ClientError as error:
            if error_code(error) not in _NO_CAPACITY:
                raise
    raise HostingError(
        f"No zone of {plan.region} has a {plan.spec.instance_type} free right now (tried "
        f"{', '.join(subnet.zone for subnet in plan.subnets)}); try later, or choose another type, "
        "market or region."
    )


def _launch_in(
    cloud: Cloud,
    plan: LaunchPlan,
    request: dict[str, Any],
    subnet: Subnet,
    now: datetime,
    pause: Callable[[float], None],
) -> Launch:
    """Launch in one zone. AWS remembers a token for a day after its machine ended, and then gives
    the ended machine back: so the same name counts on to a token that has none yet.
    """
    from botocore.exceptions import ClientError

    for generation in range(20):
        token = client_token(plan.spec.name, subnet.zone, now, generation)
        try:
            instance = _run(cloud, request | {"ClientToken": token}, pause)
        except ClientError as error:
            if error_code(error) != "IdempotentParameterMismatch":
                raise
            # The token was used with other values: by a launch at the same time, or earlier today.
            if existing := already_launched(cloud, plan.spec, now):
                return Launch(existing, is_new=False)
            continue
        if instance["State"]["Name"] not in _ENDED:
            return Launch(as_host(cloud, instance), is_new=True)
    raise HostingError(f"The name {plan.spec.name!r} was used too often today; choose another one.")


def client_token(name: str, zone: str, now: datetime, generation: int) -> str:
    """The token that makes AWS launch once: the same for the same name, zone and day."""
    words = f"{name}/{zone}/{now.astimezone(UTC):%Y-%m-%d}/{generation}"
    return f"slam-{hashlib.sha256(words.encode()).hexdigest()[:40]}"


def _dry_run(cloud: Cloud, request: dict[str, Any], pause: Callable[[float], None]) -> None:
    """Ask whether the launch would be allowed; AWS says yes by refusing with DryRunOperation."""
    from botocore.exceptions import ClientError

    try:
        _run(cloud, request | {"DryRun": True}, pause)
    except ClientError as error:
        if error_code(error) != "DryRunOperation":
            raise


def _run(
    cloud: Cloud, request: dict[str, Any], pause: Callable[[float], None]
) -> "InstanceTypeDef":
    """Ask for the machine; a profile that was just made takes some seconds to be known to EC2."""
    from botocore.exceptions import ClientError

    for attempt in range(_PROFILE_TRIES):
        try:
            return cloud.ec2.run_instances(**request)["Instances"][0]
        except ClientError as error:
            is_young = "iaminstanceprofile" in str(error).lower().replace(" ", "")
            if not is_young or attempt + 1 == _PROFILE_TRIES:
                raise
        pause(2.0)
    raise AssertionError("unreachable: the last try returns or raises")


def _request(plan: LaunchPlan, profile: str, group_id: str, now: datetime) -> dict[str, Any]:
    spec, quote = plan.spec, plan.quote
    expires_at = now.astimezone(UTC).replace(microsecond=0) + timedelta(hours=spec.hours)
    common = {
        MANAGED: MANAGED_BY,
        "Name": f"slam-host-{spec.name}",
        "slam:name": spec.name,
        "slam:owner": spec.owner,
        "slam:expires-at": expires_at.isoformat(),
    }
    tags = common | tags_of(spec) | {
        "slam:image-id": plan.image_id,
        "slam:usd-per-hour": f"{quote.usd_per_hour:.6f}",
        "slam:price-source": quote.source[:256],
    }  # fmt: skip
    request: dict[str, Any] = {
        "ImageId": plan.image_id,
        "InstanceType": spec.instance_type,
        "MinCount": 1,
        "MaxCount": 1,
        "UserData": render_user_data(spec, plan.region, expires_at),
        "IamInstanceProfile": {"Name": profile},
        "InstanceInitiatedShutdownBehavior": "terminate",
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 1,
        },
        "BlockDeviceMappings": [
            {
                "DeviceName": _ROOT_DEVICE,
                "Ebs": {
                    "VolumeSize": spec.volume_gb,
                    "VolumeType": "gp3",
                    "Encrypted": True,
                    "DeleteOnTermination": True,
                },
            }
        ],
        # The address is what the machine reaches the world by; nothing reaches it, see the group.
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "AssociatePublicIpAddress": True,
                "DeleteOnTermination": True,
                "Groups": [group_id],
            }
        ],
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": as_tag_list(tags)},
            {"ResourceType": "volume", "Tags": as_tag_list(common)},
        ],
    }
    if spec.market == "spot":
        request["InstanceMarketOptions"] = {
            "MarketType": "spot",
            "SpotOptions": {
                "SpotInstanceType": "one-time",
                "InstanceInterruptionBehavior": "terminate",
                "MaxPrice": f"{quote.limit_usd_per_hour:.6f}",
            },
        }
    return request


def _placed(request: dict[str, Any], subnet: Subnet) -> dict[str, Any]:
    interface = request["NetworkInterfaces"][0] | {"SubnetId": subnet.subnet_id}
    return request | {"NetworkInterfaces": [interface]}


def _in_words(error: "ClientError", plan: LaunchPlan) -> "HostingError | ClientError":
    """Limits get a sentence that names this launch's; the rest is explained in general."""
    if error_code(error) not in ("VcpuLimitExceeded", "MaxSpotInstanceCountExceeded"):
        return error
    spec = plan.spec
    kind = "Spot" if spec.market == "spot" else "On-Demand"
    family = spec.instance_type[0]
    name, code = _QUOTAS.get(
        (family, spec.market), (f"{kind} instances of the family {family.upper()}", "")
    )
    where = "https://console.aws.amazon.com/servicequotas/home/services/ec2/quotas"
    return HostingError(
        f"The account's quota “{name}” in {plan.region} is too small for a {spec.instance_type}, "
        f"which needs {plan.machine.vcpus} vCPU (often it is 0 in a new account); ask for more at "
        f"{where}{'/' + code if code else ''}."
    )
