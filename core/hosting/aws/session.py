"""The clients of one region, made from the usual AWS environment."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.hosting.aws.errors import HostingError, explained

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_iam import IAMClient
    from types_boto3_pricing import PricingClient
    from types_boto3_ssm import SSMClient

_PRICING_REGION = "us-east-1"
"""The Pricing API answers in a few regions only, for all of them."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """What hosting asks AWS through, in one region."""

    region: str
    partition: str
    ec2: "EC2Client"
    ssm: "SSMClient"
    iam: "IAMClient"
    pricing: "PricingClient"


def connect(region: str | None = None) -> Cloud:
    """Clients for ``region``, or for the one that the environment or AWS's own files name.

    Credentials, region and endpoint are looked up as every AWS tool does (``AWS_PROFILE``,
    ``AWS_REGION``, ``AWS_ENDPOINT_URL``, …); none of them is kept or shown. Nothing is called yet.

    Raises:
        HostingError: boto3 is not installed, there is no region, or the profile does not exist.
    """
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise HostingError(
            "Hosting on AWS needs boto3; install it with: pip install 'slam-eval[aws]'."
        ) from error
    with explained():
        session = boto3.session.Session()
        # boto3 itself reads AWS_DEFAULT_REGION alone; AWS's other tools read both.
        region = region or os.environ.get("AWS_REGION") or session.region_name
        if not region:
            raise HostingError("No AWS region is chosen; set AWS_REGION, for example to us-east-1.")
        patience, little_patience = (
            Config(
                connect_timeout=5,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": attempts},
            )
            for attempts in (4, 2)
        )
        return Cloud(
            region=region,
            partition=session.get_partition_for_region(region),
            ec2=session.client("ec2", region_name=region, config=patience),
            ssm=session.client("ssm", region_name=region, config=patience),
            iam=session.client("iam", region_name=region, config=patience),
            # There is a table to fall back on.
            pricing=session.client("pricing", region_name=_PRICING_REGION, config=little_patience),
        )
