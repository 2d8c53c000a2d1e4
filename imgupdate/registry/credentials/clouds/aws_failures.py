"""What people read when AWS gives no token: cause and remedy, nothing secret."""

from __future__ import annotations

from collections.abc import Iterable

from botocore.exceptions import (
    ClientError,
    ConfigParseError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidConfigError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
)

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.failures import clean

_USE_ACTION = (
    "let a step with aws-actions/configure-aws-credentials go before, in a job with `permissions: id-token: write`"
)
_ACTIONS = {
    "AssumeRole": "sts:AssumeRole",
    "AssumeRoleWithWebIdentity": "sts:AssumeRoleWithWebIdentity",
    "GetRoleCredentials": "sso:GetRoleCredentials",
}
_NEW_IDENTITY = "have a new one made shortly before, or let imgupdate ask GitHub for it: set only AWS_ROLE_ARN"
_NEW_CREDENTIALS = "get new ones shortly before, or for longer (role-duration-seconds)"
_ADD_PROVIDER = (
    "add the identity provider https://token.actions.githubusercontent.com, with the audience sts.amazonaws.com, to "
    "the IAM of the account"
)
_WEB_IDENTITY = "AssumeRoleWithWebIdentity"
_REGISTRY_OPERATION = "GetAuthorizationToken"
_PUBLIC_HOSTS = ("public.ecr.aws", "ecr-public.aws.com")
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "ForbiddenException"})
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN_KEYS = frozenset(
    [
        *("UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "AuthFailure"),
        *("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"),
    ]
)
_FOREIGN = frozenset({"InvalidIdentityToken", "IDPRejectedClaim", "IDPCommunicationError"})
_BUSY = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"})


def no_credentials(environment: CloudEnvironment) -> ScanError:
    """The error for a chain in which nothing was found; it names what is half there."""
    if environment.get("AWS_ROLE_ARN"):
        return ScanError(
            "AWS_ROLE_ARN names a role, but there is no identity to take it with",
            remedy="give the job `permissions: id-token: write`, or set AWS_WEB_IDENTITY_TOKEN_FILE",
        )
    return ScanError("there are no credentials of AWS", remedy=f"{_USE_ACTION}; or set AWS_ROLE_ARN there")


def no_token() -> ScanError:
    """The error for an answer of ECR in which there is no token as ECR makes them."""
    return ScanError(
        "AWS answers without a token for the registry", remedy="try again; if AWS_ENDPOINT_URL is set, check it"
    )


def unknown_region(region: str, suffix: str) -> ScanError:
    """The error for a registry's host with a region that its partition does not have."""
    return ScanError(
        f"{clean(region)} is no region of AWS under {clean(suffix)}",
        remedy="check the image's registry for a misspelling",
    )


def translated(error: Exception, host: str, *, secrets: Iterable[str] = ()) -> ScanError:
    """What an error of botocore means for the login at a registry."""
    secrets = tuple(secrets)
    if isinstance(error, ClientError):
        return _refused(error, host, secrets)
    reason = clean(str(error), secrets=secrets)
    if isinstance(error, EndpointConnectionError):
        return _unreachable(error, secrets)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return ScanError(f"the credentials of AWS are not whole ({reason})", remedy=_USE_ACTION)
    if isinstance(error, SSOError):
        return ScanError(f"the profile is not signed in ({reason})", remedy="run `aws sso login`")
    if isinstance(error, ProfileNotFound | ConfigParseError | InvalidConfigError | HTTPClientError):
        return ScanError(f"the configuration of AWS is not usable ({reason})", remedy="correct AWS_PROFILE or its file")
    return ScanError(
        f"the credentials of AWS cannot be had ({type(error).__name__}: {reason})",
        remedy="check the variables that begin with AWS_, and the files that they name",
    )


def _unreachable(error: EndpointConnectionError, secrets: tuple[str, ...]) -> ScanError:
    cause = error.__cause__
    reason = cause.message if isinstance(cause, ScanError) else str(error)
    return ScanError(
        f"AWS cannot be asked for a token: {clean(reason, secrets=secrets)}",
        remedy="let the runner reach it: check its network, HTTPS_PROXY, and AWS_CA_BUNDLE",
    )


def _refused(error: ClientError, host: str, secrets: tuple[str, ...]) -> ScanError:
    details = error.response.get("Error", {})
    code, operation = clean(str(details.get("Code", ""))), str(error.operation_name)
    reason = clean(str(details.get("Message", "")), secrets=secrets)
    said = f"{code}: {reason}" if reason else code
    if code in _DENIED:
        return _denied(operation, host, said)
    if code in _EXPIRED and operation == _WEB_IDENTITY:
        message, remedy = "the web identity token has expired", _NEW_IDENTITY
    elif code in _EXPIRED:
        message, remedy = "the credentials of AWS have expired", _NEW_CREDENTIALS
    elif code in _FOREIGN:
        message, remedy = "AWS does not take the web identity", _ADD_PROVIDER
    elif code in _UNKNOWN_KEYS:
        message, remedy = "AWS does not know these credentials", _USE_ACTION
    elif code in _BUSY:
        message, remedy = "AWS has had too many requests", "run later"
    else:
        message, remedy = f"AWS gives no token at {operation}", "check the role, and the state of AWS in the region"
    return ScanError(f"{message} ({said})", remedy=remedy)


def _denied(operation: str, host: str, said: str) -> ScanError:
    if operation == _REGISTRY_OPERATION:
        public = host.lower().removesuffix(":443") in _PUBLIC_HOSTS
        action = (
            "ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken" if public else "ecr:GetAuthorizationToken"
        )
        return ScanError(
            f"AWS denies a token for the registry ({said})", remedy=f"allow the role {action} on the resource *"
        )
    action = _ACTIONS.get(operation, operation)
    return ScanError(
        f"AWS denies the role ({said})",
        remedy=f"let the role's trust policy allow {action} to this identity (for GitHub: its audience and subject)",
    )
