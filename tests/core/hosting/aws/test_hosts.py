"""Machines are read from their tags; what is expired must not be used."""

from datetime import timedelta

import pytest

from core.errors import NotFoundError
from core.hosting.aws.errors import HostingError
from core.hosting.aws.hosts import (
    MANAGED,
    MANAGED_BY,
    as_tag_list,
    find_host,
    forwarding_command,
    list_hosts,
    usable_host,
)
from core.hosting.aws.session import Cloud
from tests.core.hosting.aws.building import NOW, launched, long_ago


def test_the_cost_so_far_is_the_hours_at_the_price_of_the_launch(cloud: Cloud) -> None:
    host = launched(cloud)
    assert host.usd_per_hour is not None
    after = host.launched_at + timedelta(hours=2, minutes=30)
    assert host.cost_usd(after) == pytest.approx(2.5 * host.usd_per_hour)


def test_an_expired_machine_is_shown_and_refused(cloud: Cloud) -> None:
    long_ago(cloud)
    assert [host.name for host in list_hosts(cloud)] == ["bench"]
    with pytest.raises(HostingError, match=r"has expired and must not be used.*host down bench"):
        usable_host(cloud, "bench", NOW)


def test_a_machine_within_its_hours_is_usable_until_their_end(cloud: Cloud) -> None:
    host = launched(cloud)
    assert host.expires_at is not None
    assert usable_host(cloud, "bench", host.expires_at - timedelta(seconds=1)) == find_host(
        cloud, "bench"
    )
    with pytest.raises(HostingError, match="has expired"):
        usable_host(cloud, "bench", host.expires_at)


def test_a_stopped_machine_is_not_usable(cloud: Cloud) -> None:
    host = launched(cloud)
    cloud.ec2.stop_instances(InstanceIds=[host.instance_id])
    with pytest.raises(HostingError, match="'bench' is stopped"):
        usable_host(cloud, "bench", NOW)


def test_a_name_that_is_not_there_is_said(cloud: Cloud) -> None:
    with pytest.raises(NotFoundError, match="no machine 'nobody' in us-east-1"):
        usable_host(cloud, "nobody", NOW)


def test_a_tag_that_cannot_be_read_is_unknown_not_zero(cloud: Cloud) -> None:
    for value in ("", "soon", "-1", "nan", "inf", "2026-01-01T00:00:00", "١٢"):
        tags = {MANAGED: MANAGED_BY, "slam:expires-at": value, "slam:usd-per-hour": value}
        cloud.ec2.run_instances(
            ImageId="ami-12c6146b",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": as_tag_list(tags | {"slam:spec-idle-minutes": value}),
                }
            ],
        )
    found = list_hosts(cloud)
    assert len(found) == 7
    for host in found:
        assert host.name == host.instance_id
        assert (host.expires_at, host.usd_per_hour, host.idle_minutes) == (None, None, None)
        assert host.cost_usd(NOW) is None
        assert host.is_expired(NOW)


def test_ollama_is_reached_through_the_session_manager_alone(cloud: Cloud) -> None:
    host = launched(cloud)
    assert forwarding_command(host) == (
        f"aws ssm start-session --region us-east-1 --target {host.instance_id} "
        "--document-name AWS-StartPortForwardingSession "
        """--parameters '{"portNumber":["11434"],"localPortNumber":["11435"]}'"""
    )
