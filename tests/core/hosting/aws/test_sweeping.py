"""A sweep removes what has expired or was orphaned, and nothing else."""

from datetime import timedelta

from core.hosting.aws.hosts import MANAGED, MANAGED_BY, as_tag_list, list_hosts
from core.hosting.aws.session import Cloud
from core.hosting.aws.sweeping import Kind, find_leftovers, remove_leftovers
from tests.core.hosting.aws.building import NOW, launched, long_ago


def test_nothing_of_a_machine_that_runs_is_a_leftover(cloud: Cloud) -> None:
    launched(cloud)
    assert find_leftovers(cloud, NOW) == []


def test_an_expired_machine_goes_with_its_group_and_role(cloud: Cloud) -> None:
    host = long_ago(cloud)
    found = find_leftovers(cloud, NOW)
    assert [one.kind for one in found] == [Kind.MACHINE, Kind.SECURITY_GROUP, Kind.ROLE]
    assert found[0].identifier == host.instance_id
    assert found[0].reason.startswith("bench of Ana expired ")
    remove_leftovers(cloud, found)
    assert list_hosts(cloud) == []
    assert find_leftovers(cloud, NOW) == []
    assert cloud.iam.list_roles()["Roles"] == []
    assert cloud.iam.list_instance_profiles()["InstanceProfiles"] == []


def test_what_another_machine_still_uses_stays(cloud: Cloud) -> None:
    long_ago(cloud, name="old")
    running = launched(cloud, name="new")
    found = find_leftovers(cloud, NOW)
    assert [one.kind for one in found] == [Kind.MACHINE]
    remove_leftovers(cloud, found)
    assert [host.instance_id for host in list_hosts(cloud)] == [running.instance_id]


def test_a_machine_whose_expiry_was_removed_is_an_orphan(cloud: Cloud) -> None:
    host = launched(cloud)
    cloud.ec2.delete_tags(Resources=[host.instance_id], Tags=[{"Key": "slam:expires-at"}])
    assert find_leftovers(cloud, NOW)[0].reason == "bench of Ana has no readable expiry"


def test_a_disk_that_was_left_is_removed_and_one_that_is_not_ours_stays(cloud: Cloud) -> None:
    left = cloud.ec2.create_volume(
        AvailabilityZone="us-east-1a",
        Size=100,
        TagSpecifications=[{"ResourceType": "volume", "Tags": as_tag_list({MANAGED: MANAGED_BY})}],
    )["VolumeId"]
    foreign = cloud.ec2.create_volume(AvailabilityZone="us-east-1a", Size=100)["VolumeId"]
    (found,) = find_leftovers(cloud, NOW)
    assert (found.kind, found.identifier) == (Kind.VOLUME, left)
    remove_leftovers(cloud, [found])
    remaining = [one["VolumeId"] for one in cloud.ec2.describe_volumes()["Volumes"]]
    assert remaining == [foreign]


def test_machines_of_other_people_are_not_touched(cloud: Cloud) -> None:
    foreign = cloud.ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"]
    assert list_hosts(cloud) == []
    assert find_leftovers(cloud, NOW + timedelta(days=900)) == []
    assert foreign[0]["InstanceId"]


def test_removing_twice_is_removing_once(cloud: Cloud) -> None:
    long_ago(cloud)
    found = find_leftovers(cloud, NOW)
    remove_leftovers(cloud, found)
    # AWS ends a machine twice without a word; moto cannot, so it is left out the second time.
    remove_leftovers(cloud, [one for one in found if one.kind is not Kind.MACHINE])
    assert find_leftovers(cloud, NOW) == []
