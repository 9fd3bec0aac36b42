"""A price is exactly one price of AWS's, or one of a dated table; anything else is refused."""

from collections.abc import Iterator

import pytest
from botocore.stub import ANY, Stubber

from core.hosting.aws.errors import HostingError
from core.hosting.aws.prices import on_demand_usd_per_hour, quote, spot_usd_per_hour
from core.hosting.aws.session import Cloud, connect
from tests.core.hosting.aws.building import NOW, spec
from tests.core.hosting.aws.cloud import product


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Clients that reach nothing; each answer is stubbed."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return connect("us-east-1")


@pytest.fixture
def pricing(cloud: Cloud) -> Iterator[Stubber]:
    with Stubber(cloud.pricing) as stubber:
        yield stubber


@pytest.fixture
def ec2(cloud: Cloud) -> Iterator[Stubber]:
    with Stubber(cloud.ec2) as stubber:
        yield stubber


def test_the_one_price_of_the_price_list_is_taken(cloud: Cloud, pricing: Stubber) -> None:
    wanted = {
        "capacitystatus": "Used", "instanceType": "g4dn.2xlarge", "marketoption": "OnDemand",
        "operatingSystem": "Linux", "operation": "RunInstances", "preInstalledSw": "NA",
        "regionCode": "us-east-1", "tenancy": "Shared",
    }  # fmt: skip
    filters = [
        {"Type": "TERM_MATCH", "Field": field, "Value": wanted[field]}
        for field in (
            "instanceType", "regionCode", "operatingSystem", "tenancy", "preInstalledSw",
            "capacitystatus", "marketoption", "operation",
        )
    ]  # fmt: skip
    pricing.add_response(
        "get_products",
        {"PriceList": [product(0.752)]},
        {"ServiceCode": "AmazonEC2", "Filters": filters},
    )
    assert on_demand_usd_per_hour(cloud, "g4dn.2xlarge") == (0.752, "AWS's Pricing API, on-demand")


def test_the_same_price_on_two_pages_is_one_price(cloud: Cloud, pricing: Stubber) -> None:
    pricing.add_response("get_products", {"PriceList": [product(0.752)], "NextToken": "next"})
    pricing.add_response("get_products", {"PriceList": [product(0.752)]})
    assert on_demand_usd_per_hour(cloud, "g4dn.2xlarge")[0] == 0.752


@pytest.mark.parametrize(
    ("products", "found"),
    [([], "none"), ([product(0.0)], r"\$0"), ([product(0.5), product(0.6)], r"\$0\.5, \$0\.6")],
)
def test_no_price_or_several_are_refused_even_though_the_table_has_one(
    cloud: Cloud, pricing: Stubber, products: list[str], found: str
) -> None:
    pricing.add_response("get_products", {"PriceList": products})
    with pytest.raises(HostingError, match=rf"no single price for g4dn.2xlarge .*found: {found}\)"):
        on_demand_usd_per_hour(cloud, "g4dn.2xlarge")


def test_the_table_stands_in_where_asking_is_not_permitted_and_says_its_date(
    cloud: Cloud, pricing: Stubber
) -> None:
    pricing.add_client_error("get_products", "AccessDeniedException")
    price, source = on_demand_usd_per_hour(cloud, "g4dn.xlarge")
    assert price == 0.526
    assert "of 2025-01-01, as the Pricing API could not be asked" in source


def test_a_price_that_nobody_knows_is_refused_with_both_reasons(
    cloud: Cloud, pricing: Stubber
) -> None:
    pricing.add_client_error("get_products", "AccessDeniedException")
    with pytest.raises(HostingError, match=r"may not do GetProducts.* the table of 2025-01-01 has"):
        on_demand_usd_per_hour(cloud, "p5.48xlarge")


def spot(*zones_and_prices: tuple[str, str]) -> dict[str, object]:
    return {
        "SpotPriceHistory": [
            {"AvailabilityZone": zone, "SpotPrice": price, "InstanceType": "g4dn.2xlarge"}
            for zone, price in zones_and_prices
        ]
    }


def test_the_spot_price_is_the_highest_of_the_zones_that_come_into_question(
    cloud: Cloud, ec2: Stubber
) -> None:
    history = spot(("us-east-1a", "0.2310"), ("us-east-1b", "0.2420"), ("us-east-1e", "0.9"))
    asked = {
        "InstanceTypes": ["g4dn.2xlarge"], "ProductDescriptions": ["Linux/UNIX"], "StartTime": NOW,
    }  # fmt: skip
    ec2.add_response("describe_spot_price_history", history, asked)
    zones = ("us-east-1a", "us-east-1b")
    assert spot_usd_per_hour(cloud, "g4dn.2xlarge", zones, NOW) == 0.242


def test_without_a_spot_price_on_demand_is_suggested(cloud: Cloud, ec2: Stubber) -> None:
    ec2.add_response("describe_spot_price_history", spot(("us-east-1e", "0.9")))
    with pytest.raises(HostingError, match="no spot price in us-east-1; use on-demand"):
        spot_usd_per_hour(cloud, "g4dn.2xlarge", ("us-east-1a",), NOW)


def test_a_spot_quote_is_bounded_by_the_on_demand_price(
    cloud: Cloud, ec2: Stubber, pricing: Stubber
) -> None:
    pricing.add_response("get_products", {"PriceList": [product(0.752)]})
    ec2.add_response(
        "describe_spot_price_history",
        spot(("us-east-1a", "0.25")),
        {"InstanceTypes": ANY, "ProductDescriptions": ANY, "StartTime": ANY},
    )
    found = quote(cloud, spec(market="spot", volume_gb=730), ("us-east-1a",), NOW)
    assert found.usd_per_hour == pytest.approx(0.25 + 0.08 + 0.005)
    assert found.most_usd(10) == pytest.approx(10 * (0.752 + 0.08 + 0.005))
