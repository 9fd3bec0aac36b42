"""What AWS refuses, each in one sentence with its mend.

Error codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import SlamError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError


class HostingError(SlamError):
    """AWS or this machine's set-up stands in the way of hosting."""


class NotPermittedError(HostingError):
    """The account in use lacks the permission for an action."""


_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_WRONG_KEY = {
    "AuthFailure",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
NOT_PERMITTED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_THROTTLED = {
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_NO_CREDENTIALS = (
    "No AWS credentials were found; run `aws configure` or `aws sso login`, or set "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
)
_EXPIRED_CREDENTIALS = (
    "The AWS credentials have expired; sign in again, for example with `aws sso login`."
)
_SENTENCES = {
    "Unsupported": "AWS does not offer this instance type here in this form; choose another type, "
    "zone or region.",
    "InvalidInstanceType": "This instance type does not exist in the region; choose another type "
    "or region.",
    "InvalidParameterCombination": "AWS does not take these settings together; choose another "
    "instance type, or on-demand instead of spot.",
    "VPCIdNotSpecified": "The region has no default VPC; make one with "
    "`aws ec2 create-default-vpc`, or use another region.",
    "SpotMaxPriceTooLow": "The spot price is above the on-demand price right now; use on-demand, "
    "or try later.",
    "MaxSpotInstanceCountExceeded": "The account's limit of spot instances is reached; ask for "
    "more under Service Quotas in the AWS console, or use on-demand.",
    "InstanceLimitExceeded": "The account's limit of instances of this type is reached; take one "
    "down, or ask for more under Service Quotas in the AWS console.",
    "OptInRequired": "The account has not been opened for this service; finish its registration "
    "in the AWS console.",
    "PendingVerification": "AWS is still verifying the account for this region; try again later "
    "or use another region.",
    "InvalidGroup.NotFound": "The security group vanished meanwhile, as a sweep removes it; "
    "start again.",
}
_ACTION = re.compile(r"perform: ([a-z0-9-]+:\w+)")
_ACCESS_KEY = re.compile(r"\b[A-Z]{4}[A-Z0-9]{12,}\b")


@contextmanager
def explained() -> Iterator[None]:
    """Turn what boto3 raises within into a `HostingError`.

    Raises:
        NotPermittedError: a permission is missing; the sentence names the action.
        HostingError: everything else that AWS refuses, or AWS cannot be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        # The cause is dropped: a traceback would show what the request was signed with.
        raise explain(error) from None
    except BotoCoreError as error:
        raise _explain_local(error) from None


def error_code(error: "ClientError") -> str:
    """AWS's word for what went wrong."""
    return error.response.get("Error", {}).get("Code", "")


def explain(error: "ClientError") -> HostingError:
    """The sentence for what AWS answered. No key, signature or request is in it."""
    code, message = error_code(error), error.response.get("Error", {}).get("Message", "")
    action = error.operation_name
    if code in _EXPIRED:
        return HostingError(_EXPIRED_CREDENTIALS)
    if code in _WRONG_KEY:
        return HostingError(
            "AWS does not accept the credentials; check them, this machine's clock and AWS_REGION."
        )
    if code in NOT_PERMITTED:
        found = _ACTION.search(message)
        return NotPermittedError(
            f"The AWS account in use may not do {found[1] if found else action}; add it to its "
            "policy (docs/hosting.md holds a whole one)."
        )
    if code in _THROTTLED:
        return HostingError(f"AWS is throttling {action}; wait a minute and try again.")
    if code in _SENTENCES:
        return HostingError(_SENTENCES[code])
    told = _ACCESS_KEY.sub("…", message.strip().splitlines()[0][:200]) if message.strip() else ""
    return HostingError(f"AWS refused {action} with {code}" + (f": {told}" if told else "."))


def _explain_local(error: "BotoCoreError") -> HostingError:
    from botocore import exceptions

    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return HostingError(_NO_CREDENTIALS)
    if isinstance(
        error,
        exceptions.SSOError | exceptions.TokenRetrievalError | exceptions.CredentialRetrievalError,
    ):
        return HostingError(_EXPIRED_CREDENTIALS)
    if isinstance(error, exceptions.ProfileNotFound):
        return HostingError("The profile that AWS_PROFILE names does not exist; correct the name.")
    if isinstance(error, exceptions.UnknownRegionError | exceptions.InvalidRegionError):
        return HostingError("AWS has no such region; set AWS_REGION, for example to us-east-1.")
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return HostingError(
            "AWS cannot be reached; check the network, AWS_REGION and AWS_ENDPOINT_URL."
        )
    if isinstance(error, exceptions.WaiterError):
        return HostingError(
            "AWS has not finished within the time that this waits; it goes on there, so look again "
            "with `slam host list`."
        )
    return HostingError(
        f"What AWS answered cannot be read ({type(error).__name__}); check AWS_ENDPOINT_URL."
    )
