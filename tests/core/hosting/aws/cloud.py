"""An AWS of our own: moto's server over HTTP, with what a region of the real one has."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3
import botocore.loaders
import httpx
import moto.iam.models
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.ssm.models import ssm_backends

from core.hosting.aws.planning import IMAGE_PARAMETER

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

REGION = "us-east-1"
ROLE_POLICY = "AmazonSSMManagedInstanceCore"
IMAGE_ID = "ami-12c6146b"
"""Any will do: no image is really started."""


@dataclass(frozen=True)
class OurAWS:
    """Where it answers, and the environment that every AWS tool finds it by."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
            "AWS_REGION": REGION,
        }

    def start_over(self, with_image: bool = True) -> None:
        """Forget everything, then publish the deep-learning image."""
        # It makes all of its services anew, which takes seconds where others work too.
        httpx.post(f"{self.url}/moto-api/reset", timeout=60).raise_for_status()
        if with_image:
            self._publish_image()

    def _publish_image(self) -> None:
        """Put under a name of ours, then renamed: the API takes none under /aws but AWS's own."""
        self._ssm.put_parameter(Name="/slam/image", Value=IMAGE_ID, Type="String")
        parameters = ssm_backends[DEFAULT_ACCOUNT_ID][REGION]._parameters
        parameters[IMAGE_PARAMETER] = parameters.pop("/slam/image")

    @cached_property
    def _ssm(self) -> "SSMClient":
        return boto3.client(
            "ssm",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


@contextmanager
def running_aws() -> Iterator[OurAWS]:
    """Start it on a free port."""
    # AWS's own policies are left out by default, and the machines' role holds one of them. All of
    # them, and the images, which are loaded by default, would cost each test a second or two.
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    policies = json.dumps({ROLE_POLICY: json.loads(aws_managed_policies_data)[ROLE_POLICY]})
    try:
        with (
            patch.object(moto.iam.models, "aws_managed_policies_data", policies),
            # Reading what EC2's API is takes a second; one reader for all clients does it once.
            patch.object(botocore.loaders, "create_loader", cache(botocore.loaders.create_loader)),
        ):
            yield OurAWS(f"http://{host}:{port}")
    finally:
        server.stop()


def refuse(
    client: BaseClient, operation: str, *codes: str, message: str = "No.", dry_run: bool = False
) -> list[str]:
    """Have the next calls of ``operation`` answered with these error codes, as AWS would.

    It takes botocore's own hook, which its Stubber takes too, but leaves all other calls and those
    after the last code to the server; dry runs, or all others, pass.

    Returns:
        What the calls asked for that were let through, one entry each: their bodies as text.
    """
    left, passed = list(codes), []

    def answer(params: dict[str, Any], **_: object) -> tuple[AWSResponse, dict[str, Any]] | None:
        body = params["body"]
        if isinstance(body, dict) and bool(body.get("DryRun")) != dry_run:
            return None
        if not left:
            passed.append(str(body))
            return None
        error = {"Error": {"Code": left.pop(0), "Message": message}}
        return AWSResponse(None, 400, {}, None), error  # type: ignore[arg-type]  # nothing reads them

    service = client.meta.service_model.service_id.hyphenize()
    # The stubs say that hooks give nothing back; those before a call may answer it.
    client.meta.events.register_first(f"before-call.{service}.{operation}", answer)  # type: ignore[arg-type]
    return passed


def sell(client: BaseClient, *prices_usd: float) -> None:
    """Have the price list hold one product at each of these prices an hour."""

    def answer(**_: object) -> tuple[AWSResponse, dict[str, Any]]:
        return AWSResponse(None, 200, {}, None), {"PriceList": [product(one) for one in prices_usd]}  # type: ignore[arg-type]  # nothing reads them

    # The stubs say that hooks give nothing back; those before a call may answer it.
    client.meta.events.register("before-call.pricing.GetProducts", answer)  # type: ignore[arg-type]


def product(usd: float) -> str:
    """An entry of the price list, as JSON in a string; the shape is AWS's."""
    dimension = {"unit": "Hrs", "pricePerUnit": {"USD": f"{usd:.10f}"}}
    term = {"priceDimensions": {"SKU.JRTCKXETXF.6YS6EN2CT7": dimension}, "sku": "SKU"}
    return json.dumps({"product": {"sku": "SKU"}, "terms": {"OnDemand": {"SKU.JRTCKXETXF": term}}})
