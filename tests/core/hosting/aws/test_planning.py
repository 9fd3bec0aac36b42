"""What stands in the way of a launch is said before anything is made."""

import pytest

from core.hosting.aws.errors import HostingError
from core.hosting.aws.session import Cloud
from tests.core.hosting.aws.building import plan
from tests.core.hosting.aws.cloud import IMAGE_ID, OurAWS


def test_a_plan_holds_the_image_the_machine_the_zones_and_the_price(cloud: Cloud) -> None:
    found = plan(cloud)
    assert found.image_id == IMAGE_ID
    assert (found.machine.vcpus, found.machine.gpus) == (8, "1 x NVIDIA T4")
    # us-east-1e offers no g4dn.2xlarge.
    assert [subnet.zone[-1] for subnet in found.subnets] == ["a", "b", "c", "d", "f"]
    assert found.most_usd == pytest.approx(4 * found.quote.usd_per_hour)


def test_a_plan_makes_nothing(cloud: Cloud) -> None:
    plan(cloud)
    names = [one["GroupName"] for one in cloud.ec2.describe_security_groups()["SecurityGroups"]]
    assert names == ["default"]
    assert cloud.iam.list_roles()["Roles"] == []


@pytest.mark.parametrize("instance_type", ["t3.large", "g5g.xlarge"])
def test_a_type_without_an_nvidia_gpu_on_x86_is_refused(cloud: Cloud, instance_type: str) -> None:
    with pytest.raises(HostingError, match=f"{instance_type} is no x86 machine with an NVIDIA"):
        plan(cloud, instance_type=instance_type)


def test_a_type_that_does_not_exist_is_named(cloud: Cloud) -> None:
    with pytest.raises(HostingError, match=r"no instance type g99\.large in us-east-1"):
        plan(cloud, instance_type="g99.large")


def test_a_region_without_the_image_says_which_parameter_is_missing(
    aws: OurAWS, cloud: Cloud
) -> None:
    aws.start_over(with_image=False)
    with pytest.raises(HostingError, match=r"base-oss-nvidia-driver-gpu.*is missing there"):
        plan(cloud)


def test_without_a_default_network_the_command_that_makes_one_is_told(cloud: Cloud) -> None:
    for subnet in cloud.ec2.describe_subnets()["Subnets"]:
        cloud.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    (vpc,) = cloud.ec2.describe_vpcs()["Vpcs"]
    cloud.ec2.delete_vpc(VpcId=vpc["VpcId"])
    with pytest.raises(HostingError, match="aws ec2 create-default-vpc --region us-east-1"):
        plan(cloud)


def test_without_a_subnet_in_a_zone_that_offers_the_type_it_is_refused(cloud: Cloud) -> None:
    for subnet in cloud.ec2.describe_subnets()["Subnets"]:
        cloud.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    with pytest.raises(HostingError, match="None of the default subnets"):
        plan(cloud)
