"""What a machine costs an hour: asked of AWS, or read from a dated table; never guessed."""

import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from core.hosting.aws.errors import HostingError, explained
from core.hosting.aws.session import Cloud
from core.hosting.aws.spec import HostSpec

_HOURS_A_MONTH = 730
"""AWS's own figure for prices by the month."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a machine before it is launched, in US dollars.

    Attributes:
        machine_usd_per_hour: the machine itself, at today's price.
        limit_usd_per_hour: the most the machine itself can cost an hour: the same on demand; on the
            spot market the on-demand price, which is also set as the highest bid.
        extras_usd_per_hour: its disk and its public address.
        source: where the price comes from, with its date where it is not today's.
    """

    machine_usd_per_hour: float
    limit_usd_per_hour: float
    extras_usd_per_hour: float
    source: str

    @property
    def usd_per_hour(self) -> float:
        """Everything together, an hour."""
        return self.machine_usd_per_hour + self.extras_usd_per_hour

    def most_usd(self, hours: int) -> float:
        """The most that ``hours`` can cost."""
        return (self.limit_usd_per_hour + self.extras_usd_per_hour) * hours


def quote(cloud: Cloud, spec: HostSpec, zones: tuple[str, ...], now: datetime) -> Quote:
    """What ``spec`` costs in this region now; ``zones`` are those it could be launched in.

    Raises:
        HostingError: there is not exactly one on-demand price, or no spot price.
    """
    on_demand, source = on_demand_usd_per_hour(cloud, spec.instance_type)
    machine = on_demand
    if spec.market == "spot":
        machine = spot_usd_per_hour(cloud, spec.instance_type, zones, now)
        source = (
            f"the spot market at {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC, bidding up to the "
            f"on-demand price of ${on_demand:.3f} ({source})"
        )
    return Quote(machine, on_demand, _extras_usd_per_hour(spec.volume_gb), source)


def on_demand_usd_per_hour(cloud: Cloud, instance_type: str) -> tuple[float, str]:
    """The on-demand price and where it comes from.

    Raises:
        HostingError: the Pricing API knows no price or several, or cannot be asked and the table
            has none.
    """
    try:
        with explained():
            products = _products(cloud, instance_type)
    except HostingError as problem:
        return _from_table(cloud.region, instance_type, problem)
    prices = {
        float(dimension["pricePerUnit"]["USD"])
        for product in products
        for term in product["terms"].get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
    }
    if len(prices) != 1 or 0.0 in prices:
        found = ", ".join(f"${price:g}" for price in sorted(prices)) or "none"
        raise HostingError(
            f"AWS's Pricing API gives no single price for {instance_type} in {cloud.region} "
            f"(found: {found}); choose another type or region."
        )
    return prices.pop(), "AWS's Pricing API, on-demand"


def _products(cloud: Cloud, instance_type: str) -> list[dict[str, Any]]:
    """The price list's entries, of which there should be one; each comes as JSON in a string."""
    wanted = {
        "instanceType": instance_type,
        "regionCode": cloud.region,
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "marketoption": "OnDemand",
        "operation": "RunInstances",
    }
    pages = cloud.pricing.get_paginator("get_products").paginate(
        ServiceCode="AmazonEC2",
        Filters=[
            {"Type": "TERM_MATCH", "Field": field, "Value": value}
            for field, value in wanted.items()
        ],
    )
    return [json.loads(entry) for page in pages for entry in page["PriceList"]]


def spot_usd_per_hour(
    cloud: Cloud, instance_type: str, zones: tuple[str, ...], now: datetime
) -> float:
    """The highest of the zones' spot prices right now, since any of them may have the capacity.

    Raises:
        HostingError: there is no spot price, so the type is not offered there.
    """
    with explained():
        pages = cloud.ec2.get_paginator("describe_spot_price_history").paginate(
            InstanceTypes=[instance_type],  # type: ignore[list-item]  # any type, also a newer one
            ProductDescriptions=["Linux/UNIX"],
            StartTime=now,
        )
        prices = [
            float(entry["SpotPrice"])
            for page in pages
            for entry in page["SpotPriceHistory"]
            if entry["AvailabilityZone"] in zones
        ]
    if not prices:
        raise HostingError(
            f"{instance_type} has no spot price in {cloud.region}; use on-demand or another region."
        )
    return max(prices)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files("core.hosting.aws") / "prices.toml").read_text("utf-8"))


def _from_table(region: str, instance_type: str, problem: HostingError) -> tuple[float, str]:
    table = _table()
    price = table["on_demand"].get(region, {}).get(instance_type)
    if price is None:
        raise HostingError(
            f"The price of {instance_type} in {region} is unknown: the Pricing API gave none "
            f"({str(problem).rstrip('.')}), and the table of {table['as_of']} has none either."
        )
    return float(price), (
        f"{table['source']} of {table['as_of']}, as the Pricing API could not be asked"
    )


def _extras_usd_per_hour(volume_gb: int) -> float:
    extras = _table()["extras"]
    disk = volume_gb * extras["gp3_usd_per_gb_month"] / _HOURS_A_MONTH
    return float(disk + extras["public_ipv4_usd_per_hour"])
