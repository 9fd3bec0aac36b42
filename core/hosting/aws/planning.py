"""What a launch would be: image, machine, places, price. Nothing is changed by asking."""

from dataclasses import dataclass
from datetime import datetime

from core.hosting.aws.errors import HostingError, error_code, explained
from core.hosting.aws.prices import Quote, quote
from core.hosting.aws.session import Cloud
from core.hosting.aws.spec import HostSpec

IMAGE_PARAMETER = (
    "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id"
)
"""AWS's deep-learning image with NVIDIA's driver; the newest one's id stands in this parameter."""


@dataclass(frozen=True, slots=True)
class Machine:
    """An instance type as AWS describes it."""

    instance_type: str
    vcpus: int
    gpus: str
    gpu_memory_gib: float


@dataclass(frozen=True, slots=True)
class Subnet:
    """One place of the default network that the machine can stand in."""

    zone: str
    subnet_id: str


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """All that is known before a launch; made by `plan_launch`, shown, then confirmed."""

    spec: HostSpec
    region: str
    image_id: str
    machine: Machine
    vpc_id: str
    subnets: tuple[Subnet, ...]
    quote: Quote

    @property
    def most_usd(self) -> float:
        """The most the machine can cost until it expires."""
        return self.quote.most_usd(self.spec.hours)


def plan_launch(cloud: Cloud, spec: HostSpec, now: datetime) -> LaunchPlan:
    """Look everything up that a launch needs.

    Raises:
        HostingError: the type does not fit, there is no default network, no image or no price.
    """
    machine = _machine(cloud, spec.instance_type)
    image_id = _image_id(cloud)
    vpc_id = _default_vpc(cloud)
    subnets = _subnets(cloud, vpc_id, spec.instance_type)
    zones = tuple(subnet.zone for subnet in subnets)
    return LaunchPlan(
        spec, cloud.region, image_id, machine, vpc_id, subnets, quote(cloud, spec, zones, now)
    )


def _machine(cloud: Cloud, instance_type: str) -> Machine:
    from botocore.exceptions import ClientError

    with explained():
        try:
            found = cloud.ec2.describe_instance_types(InstanceTypes=[instance_type])  # type: ignore[list-item]  # any type, also one newer than the stubs
        except ClientError as error:
            if error_code(error) != "InvalidInstanceType":
                raise
            raise HostingError(
                f"There is no instance type {instance_type} in {cloud.region}; choose another type "
                "(such as g4dn.2xlarge) or region."
            ) from None
    told = found["InstanceTypes"][0]
    gpus = told.get("GpuInfo", {}).get("Gpus", [])
    fits = "x86_64" in told["ProcessorInfo"]["SupportedArchitectures"]
    if not fits or not any(gpu.get("Manufacturer") == "NVIDIA" for gpu in gpus):
        raise HostingError(
            f"{instance_type} is no x86 machine with an NVIDIA GPU, which the image and the set-up "
            "need; choose another type, such as g4dn.2xlarge."
        )
    return Machine(
        instance_type,
        told["VCpuInfo"]["DefaultVCpus"],
        ", ".join(f"{gpu['Count']} x {gpu['Manufacturer']} {gpu['Name']}" for gpu in gpus),
        told["GpuInfo"]["TotalGpuMemoryInMiB"] / 1024,
    )


def _image_id(cloud: Cloud) -> str:
    from botocore.exceptions import ClientError

    with explained():
        try:
            return cloud.ssm.get_parameter(Name=IMAGE_PARAMETER)["Parameter"]["Value"]
        except ClientError as error:
            if error_code(error) != "ParameterNotFound":
                raise
            raise HostingError(
                f"AWS publishes no deep-learning image in {cloud.region} (the parameter "
                f"{IMAGE_PARAMETER} is missing there); choose another region."
            ) from None


def _default_vpc(cloud: Cloud) -> str:
    with explained():
        found = cloud.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])
    if not found["Vpcs"]:
        raise HostingError(
            f"{cloud.region} has no default VPC; make one with `aws ec2 create-default-vpc "
            f"--region {cloud.region}`, or choose another region."
        )
    return found["Vpcs"][0]["VpcId"]


def _subnets(cloud: Cloud, vpc_id: str, instance_type: str) -> tuple[Subnet, ...]:
    """The default subnets of those zones that offer the type, in the order of their names."""
    with explained():
        offers = cloud.ec2.get_paginator("describe_instance_type_offerings").paginate(
            LocationType="availability-zone",
            Filters=[{"Name": "instance-type", "Values": [instance_type]}],
        )
        zones = {offer["Location"] for page in offers for offer in page["InstanceTypeOfferings"]}
        found = cloud.ec2.describe_subnets(
            Filters=[
                {"Name": "vpc-id", "Values": [vpc_id]},
                {"Name": "default-for-az", "Values": ["true"]},
            ]
        )["Subnets"]
    subnets = sorted(
        (one["AvailabilityZone"], one["SubnetId"])
        for one in found
        if one["AvailabilityZone"] in zones
    )
    if not subnets:
        raise HostingError(
            f"None of the default subnets of {cloud.region} stands in a zone that offers "
            f"{instance_type}; choose another type or region."
        )
    return tuple(Subnet(zone, subnet_id) for zone, subnet_id in subnets)
