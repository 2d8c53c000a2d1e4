"""The login of AWS: which interface is asked, with which credentials, how often, and what is said when it fails."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from moto.server import ThreadedMotoServer

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.clouds.aws import NOBODY, SOURCE, api_of
from tests.registry.credentials.clouds.aws_support import (
    ACCOUNT,
    KEYS,
    PRIVATE,
    PUBLIC,
    ROLE,
    everywhere,
    job,
    login,
    token_answer,
)
from tests.registry.support import FakeClock
from tests.twins.aws import AwsTwin
from tests.twins.http import Fault


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


# Which interface (spec/registry.md 7.3, 7.4)


@pytest.mark.parametrize(
    ("host", "api"),
    [
        (PRIVATE, "api.ecr.eu-central-1.amazonaws.com"),
        (f"{PRIVATE}:443", "api.ecr.eu-central-1.amazonaws.com"),
        (PRIVATE.upper(), "api.ecr.eu-central-1.amazonaws.com"),
        (f"{ACCOUNT}.dkr.ecr.us-gov-west-1.amazonaws.com", "api.ecr.us-gov-west-1.amazonaws.com"),
        (f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn", "api.ecr.cn-north-1.amazonaws.com.cn"),
        (f"{ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.eu", "api.ecr.eusc-de-east-1.amazonaws.eu"),
        (f"{ACCOUNT}.dkr.ecr.us-iso-east-1.c2s.ic.gov", "api.ecr.us-iso-east-1.c2s.ic.gov"),
        (f"{ACCOUNT}.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "api.ecr.us-isob-east-1.sc2s.sgov.gov"),
        (f"{ACCOUNT}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "api.ecr.eu-isoe-west-1.cloud.adc-e.uk"),
        (f"{ACCOUNT}.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "api.ecr.us-isof-south-1.csp.hci.ic.gov"),
        (f"{ACCOUNT}.dkr.ecr-fips.us-east-1.amazonaws.com", "api.ecr-fips.us-east-1.amazonaws.com"),
        (f"{ACCOUNT}.dkr-ecr.us-east-1.on.aws", "ecr.us-east-1.api.aws"),
        (f"{ACCOUNT}.dkr-ecr-fips.us-east-1.on.aws", "ecr-fips.us-east-1.api.aws"),
        (f"{ACCOUNT}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "ecr.cn-north-1.api.amazonwebservices.com.cn"),
    ],
)
def test_the_region_is_that_of_the_host_and_each_variant_has_its_own_interface(host: str, api: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return token_answer("of-ecr")

    credential = login(KEYS, transport_of=everywhere(answer)).credential(host)

    assert (credential.username, credential.password, credential.source) == ("AWS", "of-ecr", SOURCE)
    assert [(request.method, str(request.url)) for request in asked] == [("POST", f"https://{api}/")]
    assert asked[0].headers["x-amz-target"] == "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    assert asked[0].headers["content-type"] == "application/x-amz-json-1.1"
    region = host.lower().split(".")[3] if ".dkr." in host.lower() else host.split(".")[2]
    assert f"/{region}/ecr/aws4_request" in asked[0].headers["authorization"]


@pytest.mark.parametrize(
    ("host", "api"),
    [
        (PUBLIC, "api.ecr-public.us-east-1.amazonaws.com"),
        ("ecr-public.aws.com", "ecr-public.us-east-1.api.aws"),
    ],
)
def test_the_public_registry_is_always_asked_for_in_us_east_1(host: str, api: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return token_answer("of-the-public-one", public=True)

    variables = {**KEYS, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    credential = login(variables, transport_of=everywhere(answer)).credential(host)

    assert credential.password == "of-the-public-one"
    assert [str(request.url) for request in asked] == [f"https://{api}/"]
    assert asked[0].headers["x-amz-target"] == "SpencerFrontendService.GetAuthorizationToken"
    assert "/us-east-1/ecr-public/aws4_request" in asked[0].headers["authorization"]


@pytest.mark.parametrize(
    "host",
    [
        f"{ACCOUNT}.dkr.ecr.atlantis.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.cn",
        f"{ACCOUNT}.dkr-ecr.cn-north-1.on.aws",
        f"{ACCOUNT}.dkr.ecr.eu_central_1.amazonaws.com",
    ],
)
def test_a_region_that_the_partition_does_not_have_is_not_asked(host: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.url} was asked")

    with pytest.raises(ScanError, match="is no region of AWS under"):
        login(KEYS, transport_of=everywhere(answer)).credential(host)


def test_a_region_that_is_new_is_asked_when_its_name_is_of_the_partitions_form() -> None:
    answering = everywhere(lambda request: token_answer(request.url.host))

    credential = login(KEYS, transport_of=answering).credential(f"{ACCOUNT}.dkr.ecr.eu-north-9.amazonaws.com")

    assert credential.password == "api.ecr.eu-north-9.amazonaws.com"


def test_a_host_that_is_none_of_aws_gets_nothing() -> None:
    with pytest.raises(ScanError, match="not a registry of AWS"):
        api_of("registry.example.com")


# Real messages: moto's server


def test_ecr_gives_a_token_to_keys_of_the_environment(moto: str) -> None:
    credential = login({**KEYS, "AWS_ENDPOINT_URL": moto}).credential(PRIVATE)

    assert (credential.username, credential.password) == ("AWS", f"{ACCOUNT}-auth-token")


def test_sts_takes_the_identity_in_a_file_and_ecr_the_role(moto: str, tmp_path: Path) -> None:
    file = tmp_path / "identity"
    file.write_text("a.b.c")
    variables = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ROLE_ARN": ROLE, "AWS_ENDPOINT_URL": moto}

    assert login(variables).credential(PRIVATE).password == f"{ACCOUNT}-auth-token"


def test_sts_takes_the_identity_of_github_and_ecr_the_role(moto: str, aws: AwsTwin) -> None:
    assert job(aws, {"AWS_ENDPOINT_URL": moto}).credential(PRIVATE).password == f"{ACCOUNT}-auth-token"
    assert aws.operations == ["identity"]


# How often


def test_one_token_serves_all_repositories_and_accounts_of_a_region(aws: AwsTwin, clock: FakeClock) -> None:
    ours = login({**aws.variables, **KEYS}, clock)

    hosts = [PRIVATE, f"{PRIVATE}:443", "999999999999.dkr.ecr.eu-central-1.amazonaws.com", PRIVATE]
    credentials = {ours.credential(host) for host in hosts}

    assert len(credentials) == 1
    assert aws.operations == ["GetAuthorizationToken"]


def test_each_region_has_a_token_of_its_own(aws: AwsTwin, clock: FakeClock) -> None:
    ours = login({**aws.variables, **KEYS}, clock)

    ours.credential(PRIVATE)
    ours.credential(f"{ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com")

    assert [region for _, region, _ in aws.signed_with("GetAuthorizationToken")] == ["eu-central-1", "us-west-2"]


def test_a_token_is_renewed_at_half_of_its_life(aws: AwsTwin, clock: FakeClock) -> None:
    ours = login({**aws.variables, **KEYS}, clock)
    first = ours.credential(PRIVATE)

    clock.pass_by(6 * 3600 - 60)
    assert ours.credential(PRIVATE) is first
    clock.pass_by(120)
    second = ours.credential(PRIVATE)

    assert [first.password, second.password] == aws.passwords


def test_an_old_token_serves_to_its_end_where_renewing_fails(aws: AwsTwin, clock: FakeClock) -> None:
    ours = login({**aws.variables, **KEYS}, clock)
    first = ours.credential(PRIVATE)
    aws.denials["GetAuthorizationToken"] = ("AccessDeniedException", "no more")

    clock.pass_by(7 * 3600)
    assert ours.credential(PRIVATE) is first
    clock.pass_by(6 * 3600)
    with pytest.raises(ScanError, match="no more"):
        ours.credential(PRIVATE)


@pytest.mark.parametrize("life", [-1e9, 0.0, 5.0])
def test_a_token_that_ends_before_it_begins_is_held_for_half_a_minute(life: float, clock: FakeClock) -> None:
    """The clock of the machine may be wrong."""
    with AwsTwin(now=clock.now, life=life) as aws:
        ours = login({**aws.variables, **KEYS}, clock)
        ours.credential(PRIVATE)
        clock.pass_by(29)
        ours.credential(PRIVATE)
        assert len(aws.passwords) == 1
        clock.pass_by(2)
        ours.credential(PRIVATE)
        assert len(aws.passwords) == 2


def test_a_token_is_not_believed_to_live_for_longer_than_ecrs_do(clock: FakeClock) -> None:
    with AwsTwin(now=clock.now, life=1e9) as aws:
        ours = login({**aws.variables, **KEYS}, clock)
        ours.credential(PRIVATE)
        clock.pass_by(6 * 3600 + 1)
        ours.credential(PRIVATE)

        assert len(aws.passwords) == 2


def test_many_threads_ask_once(aws: AwsTwin, clock: FakeClock) -> None:
    ours = job(aws, clock=clock)
    barrier = threading.Barrier(8)

    def ask(_: int) -> str:
        barrier.wait()
        return ours.credential(PRIVATE).password

    with ThreadPoolExecutor(8) as pool:
        passwords = set(pool.map(ask, range(8)))

    assert passwords == {"password-1-of-ecr"}
    assert aws.operations == ["identity", "AssumeRoleWithWebIdentity", "GetAuthorizationToken"]


def test_the_role_is_taken_once_for_all_regions(aws: AwsTwin, clock: FakeClock) -> None:
    ours = job(aws, clock=clock)

    for region in ("eu-central-1", "eu-west-1", "us-east-1"):
        ours.credential(f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com")

    assert aws.operations.count("AssumeRoleWithWebIdentity") == 1
    assert aws.operations.count("GetAuthorizationToken") == 3


# Nobody


def test_without_credentials_the_public_registry_is_read_by_nobody(aws: AwsTwin) -> None:
    credential = login(aws.variables).credential(PUBLIC)

    assert credential.source == NOBODY
    assert not credential.usable
    assert "GetAuthorizationToken" not in aws.operations


def test_without_credentials_a_private_registry_is_an_error_that_says_what_to_do(aws: AwsTwin) -> None:
    with pytest.raises(ScanError) as caught:
        login(aws.variables).credential(PRIVATE)

    assert caught.value.message == "there are no credentials of AWS"
    assert "aws-actions/configure-aws-credentials" in caught.value.remedy
    assert "id-token: write" in caught.value.remedy


def test_a_role_without_an_identity_says_which_permission_is_missing(aws: AwsTwin) -> None:
    with pytest.raises(ScanError, match="no identity to take it with") as caught:
        login({**aws.variables, "AWS_ROLE_ARN": ROLE}).credential(PRIVATE)
    assert "permissions: id-token: write" in caught.value.remedy


# Refusals


@pytest.mark.parametrize(
    ("operation", "code", "host", "message", "remedy"),
    [
        (
            "GetAuthorizationToken",
            "AccessDeniedException",
            PRIVATE,
            "AWS denies a token for the registry (AccessDeniedException: because)",
            "allow the role ecr:GetAuthorizationToken on the resource *",
        ),
        (
            "GetAuthorizationToken",
            "AccessDeniedException",
            PUBLIC,
            "AWS denies a token for the registry (AccessDeniedException: because)",
            "allow the role ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken on the resource *",
        ),
        (
            "AssumeRoleWithWebIdentity",
            "AccessDenied",
            PRIVATE,
            "AWS denies the role (AccessDenied: because)",
            "let the role's trust policy allow sts:AssumeRoleWithWebIdentity to this identity (for GitHub: its audience and subject)",  # noqa: E501
        ),
        (
            "AssumeRoleWithWebIdentity",
            "ExpiredTokenException",
            PRIVATE,
            "the web identity token has expired (ExpiredTokenException: because)",
            "have a new one made shortly before, or let imgupdate ask GitHub for it: set only AWS_ROLE_ARN",
        ),
        (
            "AssumeRoleWithWebIdentity",
            "InvalidIdentityToken",
            PRIVATE,
            "AWS does not take the web identity (InvalidIdentityToken: because)",
            "add the identity provider https://token.actions.githubusercontent.com, with the audience sts.amazonaws.com, to the IAM of the account",  # noqa: E501
        ),
        (
            "GetAuthorizationToken",
            "ExpiredTokenException",
            PRIVATE,
            "the credentials of AWS have expired (ExpiredTokenException: because)",
            "get new ones shortly before, or for longer (role-duration-seconds)",
        ),
        (
            "GetAuthorizationToken",
            "UnrecognizedClientException",
            PRIVATE,
            "AWS does not know these credentials (UnrecognizedClientException: because)",
            "let a step with aws-actions/configure-aws-credentials go before, in a job with `permissions: id-token: write`",  # noqa: E501
        ),
        (
            "GetAuthorizationToken",
            "ThrottlingException",
            PRIVATE,
            "AWS has had too many requests (ThrottlingException: because)",
            "run later",
        ),
        (
            "GetAuthorizationToken",
            "ServerException",
            PRIVATE,
            "AWS gives no token at GetAuthorizationToken (ServerException: because)",
            "check the role, and the state of AWS in the region",
        ),
    ],
)
def test_a_refusal_says_what_is_missing(
    operation: str, code: str, host: str, message: str, remedy: str, aws: AwsTwin
) -> None:
    aws.denials[operation] = (code, "because")

    with pytest.raises(ScanError) as caught:
        job(aws).credential(host)

    assert (caught.value.message, caught.value.remedy) == (message, remedy)


def test_a_message_of_aws_shows_no_secret_and_no_control_character(aws: AwsTwin) -> None:
    aws.denials["GetAuthorizationToken"] = ("AccessDeniedException", "a-very-secret-key\n::error::\x1b[31m the-session")

    with pytest.raises(ScanError) as caught:
        login({**aws.variables, **KEYS, "AWS_SESSION_TOKEN": "the-session"}).credential(PRIVATE)

    text = str(caught.value)
    assert "secret-key" not in text
    assert "the-session" not in text
    assert text.isprintable()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"authorizationData": []},
        {"authorizationData": [{}]},
        {"authorizationData": [{"authorizationToken": "?"}]},
        {"authorizationData": [{"authorizationToken": base64.b64encode(b"\xff").decode()}]},
        {"authorizationData": [{"authorizationToken": base64.b64encode(b"root:secret").decode()}]},
        {"authorizationData": [{"authorizationToken": base64.b64encode(b"AWS:").decode()}]},
    ],
)
def test_an_answer_without_a_token_is_an_error(answer: object) -> None:
    answering = everywhere(lambda _: httpx.Response(200, json=answer))

    with pytest.raises(ScanError, match="answers without a token"):
        login(KEYS, transport_of=answering).credential(PRIVATE)


def test_a_token_without_an_end_is_held_as_long_as_ecrs_live(clock: FakeClock) -> None:
    asked: list[httpx.Request] = []
    entry = {"authorizationToken": base64.b64encode(b"AWS:p").decode()}

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"authorizationData": [entry]})

    ours = login(KEYS, clock, transport_of=everywhere(answer))
    for seconds in (0, 6 * 3600 - 1, 2):
        clock.pass_by(seconds)
        ours.credential(PRIVATE)

    assert len(asked) == 2


def test_an_answer_that_is_no_json_is_an_error() -> None:
    answering = everywhere(lambda _: httpx.Response(200, text="<html>"))

    with pytest.raises(ScanError, match="answers without a token"):
        login(KEYS, transport_of=answering).credential(PRIVATE)


def test_aws_that_cannot_be_reached_is_asked_again_and_then_an_error(clock: FakeClock) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ConnectError("refused")

    with pytest.raises(ScanError, match="AWS cannot be asked for a token: no connection to api") as caught:
        login(KEYS, clock, transport_of=everywhere(answer)).credential(PRIVATE)
    assert "HTTPS_PROXY" in caught.value.remedy
    assert len(asked) == 3


def test_aws_that_stumbles_is_asked_again(aws: AwsTwin, clock: FakeClock) -> None:
    aws.inject(Fault(status=503, times=2))

    assert login({**aws.variables, **KEYS}, clock).credential(PRIVATE).password == "password-1-of-ecr"


def test_an_answer_that_does_not_end_is_cut_off() -> None:
    answering = everywhere(lambda _: httpx.Response(200, content=b" " * (1 << 20)))

    with pytest.raises(ScanError, match="AWS cannot be asked for a token"):
        login(KEYS, transport_of=answering).credential(PRIVATE)


def test_a_redirect_is_not_followed() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"Location": "https://evil.example.com/"})

    with pytest.raises(ScanError):
        login(KEYS, transport_of=everywhere(answer)).credential(PRIVATE)
    assert asked == ["api.ecr.eu-central-1.amazonaws.com"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIA"}, "the credentials of AWS are not whole"),
        ({"AWS_PROFILE": "missing"}, "the configuration of AWS is not usable"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent/identity", "AWS_ROLE_ARN": ROLE}, "cannot be had"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent/identity"}, "the configuration of AWS is not usable"),
    ],
)
def test_a_configuration_that_is_half_there_is_an_error(variables: dict[str, str], message: str, aws: AwsTwin) -> None:
    with pytest.raises(ScanError, match=message):
        login({**aws.variables, **variables}).credential(PRIVATE)
