"""Where credentials of AWS come from: botocore's chain, in its order, and nothing but the values that it is given."""

from __future__ import annotations

import hashlib
import json
import ssl
from pathlib import Path

import httpx
import pytest
from botocore.exceptions import CredentialRetrievalError

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.clouds.aws_chain import Process
from tests.registry.credentials.clouds.aws_support import (
    ACCOUNT,
    KEYS,
    PRIVATE,
    ROLE,
    everywhere,
    job,
    login,
    token_answer,
)
from tests.registry.support import FakeClock
from tests.twins.aws import CONTAINER_PATH, AwsTwin
from tests.twins.certificates import Authority
from tests.twins.proxy import ProxyTwin


def test_keys_of_the_environment_come_with_their_session(aws: AwsTwin) -> None:
    login({**aws.variables, **KEYS, "AWS_SESSION_TOKEN": "the-session"}).credential(PRIVATE)

    assert aws.requests[0].headers["x-amz-security-token"] == "the-session"
    assert aws.signed_with("GetAuthorizationToken") == [("AKIAENVIRONMENT", "eu-central-1", "ecr")]


def test_github_is_asked_for_an_identity_for_sts_at_its_own_address_only(aws: AwsTwin) -> None:
    job(aws).credential(PRIVATE)

    identity, assume, ecr = aws.requests
    assert identity.query == {"api-version": ("2.0",), "audience": ("sts.amazonaws.com",)}
    assert identity.headers["authorization"] == "Bearer token-of-the-runner"
    form = aws.form_of("AssumeRoleWithWebIdentity")
    assert (form["WebIdentityToken"], form["RoleArn"], form["RoleSessionName"]) == (
        "an-identity-of-the-job",
        ROLE,
        "imgupdate",
    )
    assert "authorization" not in assume.headers
    assert "token-of-the-runner" not in repr((assume, ecr))
    assert aws.signed_with("GetAuthorizationToken") == [("ASIAWEB", "eu-central-1", "ecr")]


def test_a_session_can_be_named(aws: AwsTwin) -> None:
    job(aws, {"AWS_ROLE_SESSION_NAME": "nightly"}).credential(PRIVATE)

    assert aws.form_of("AssumeRoleWithWebIdentity")["RoleSessionName"] == "nightly"


def test_a_file_with_an_identity_goes_before_githubs(aws: AwsTwin, tmp_path: Path) -> None:
    file = tmp_path / "identity"
    file.write_text("identity-of-the-file")
    job(aws, {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file)}).credential(PRIVATE)

    assert aws.form_of("AssumeRoleWithWebIdentity")["WebIdentityToken"] == "identity-of-the-file"
    assert "identity" not in aws.operations


def test_keys_go_before_a_role_of_the_environment(aws: AwsTwin) -> None:
    job(aws, KEYS).credential(PRIVATE)

    assert aws.operations == ["GetAuthorizationToken"]


def test_a_role_is_taken_in_the_region_that_is_configured_else_in_the_registrys(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(400, text="<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")

    (tmp_path / "identity").write_text("a.b.c")
    file = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "identity"), "AWS_ROLE_ARN": ROLE}
    for region in ({"AWS_REGION": "eu-west-3"}, {"AWS_DEFAULT_REGION": "eu-west-2"}, {}):
        with pytest.raises(ScanError, match="AccessDenied"):
            login({**file, **region}, transport_of=everywhere(answer)).credential(PRIVATE)

    assert asked == [f"sts.{region}.amazonaws.com" for region in ("eu-west-3", "eu-west-2", "eu-central-1")]


def configure(home: Path, config: str, credentials: str = "") -> dict[str, str]:
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(config)
    (home / ".aws" / "credentials").write_text(credentials)
    return {"HOME": str(home)}


def test_a_profile_is_read_from_the_home_directory_of_the_values(aws: AwsTwin, tmp_path: Path) -> None:
    profile = "aws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n"
    home = configure(tmp_path, "", f"[default]\n{profile}[other]\n{profile.replace('AKIA', 'AKIAOTHER')}")

    login({**aws.variables, **home}).credential(PRIVATE)
    login({**aws.variables, **home, "AWS_PROFILE": "other"}).credential(PRIVATE)

    keys = [key for key, _, _ in aws.signed_with("GetAuthorizationToken")]
    assert keys == ["AKIAPROFILE", "AKIAOTHERPROFILE"]


def test_files_can_be_named_with_a_tilde(aws: AwsTwin, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("[default]\naws_access_key_id = AKIAMINE\naws_secret_access_key = s\n")

    login({**aws.variables, "HOME": str(tmp_path), "AWS_SHARED_CREDENTIALS_FILE": "~/mine"}).credential(PRIVATE)

    assert aws.signed_with("GetAuthorizationToken")[0][0] == "AKIAMINE"


def test_files_can_be_anywhere(aws: AwsTwin, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("[default]\naws_access_key_id = AKIAMINE\naws_secret_access_key = s\n")

    login({**aws.variables, "AWS_CONFIG_FILE": str(tmp_path / "mine")}).credential(PRIVATE)

    assert aws.signed_with("GetAuthorizationToken")[0][0] == "AKIAMINE"


def test_a_profile_can_take_a_role_with_the_keys_of_another(aws: AwsTwin, tmp_path: Path) -> None:
    home = configure(
        tmp_path,
        f"[profile reader]\nrole_arn = {ROLE}\nsource_profile = base\n",
        "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n",
    )

    login({**aws.variables, **home, "AWS_PROFILE": "reader"}).credential(PRIVATE)

    assert aws.signed_with("AssumeRole") == [("AKIABASE", "eu-central-1", "sts")]
    assert aws.signed_with("GetAuthorizationToken") == [("ASIAROLE", "eu-central-1", "ecr")]


def test_a_profile_that_wants_a_code_is_refused_and_nobody_is_asked(aws: AwsTwin, tmp_path: Path) -> None:
    home = configure(
        tmp_path,
        f"[profile reader]\nrole_arn = {ROLE}\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n",
        "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n",
    )

    with pytest.raises(ScanError, match="which nobody can give here"):
        login({**aws.variables, **home, "AWS_PROFILE": "reader"}).credential(PRIVATE)
    assert aws.requests == ()


def program(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return path


def test_a_profile_can_name_a_program_which_gets_the_values_for_its_environment(aws: AwsTwin, tmp_path: Path) -> None:
    answer = json.dumps({"Version": 1, "AccessKeyId": "AKIAPROGRAM", "SecretAccessKey": "s"})
    helper = program(tmp_path / "helper", f"env > '{tmp_path}/seen'; echo '{answer}'")
    home = configure(tmp_path, f"[default]\ncredential_process = {helper}\n")

    login({**aws.variables, **home, "OTHER": "value"}).credential(PRIVATE)

    assert aws.signed_with("GetAuthorizationToken")[0][0] == "AKIAPROGRAM"
    seen = (tmp_path / "seen").read_text()
    assert f"HOME={tmp_path}" in seen
    assert "OTHER" not in seen


def test_a_program_of_a_profile_that_fails_says_why(aws: AwsTwin, tmp_path: Path) -> None:
    helper = program(tmp_path / "helper", "echo 'the vault is locked' >&2; exit 3")
    home = configure(tmp_path, f"[default]\ncredential_process = {helper}\n")

    with pytest.raises(ScanError, match="the vault is locked"):
        login({**aws.variables, **home}).credential(PRIVATE)


def test_a_program_of_a_profile_that_does_not_end_is_ended() -> None:
    with pytest.raises(CredentialRetrievalError, match="it does not end within"):
        Process({}, ["/bin/sleep", "20"], seconds=0.05).communicate()


@pytest.mark.parametrize("with_session", [True, False])
def test_a_profile_that_is_signed_in_at_the_identity_center_is_used(
    aws: AwsTwin, tmp_path: Path, with_session: bool
) -> None:
    start = "sso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n"
    role = f"sso_account_id = {ACCOUNT}\nsso_role_name = reader\n"
    session = f"[sso-session work]\n{start}" if with_session else ""
    home = configure(tmp_path, f"[default]\n{role}{'sso_session = work' if with_session else start}\n{session}")
    cache = tmp_path / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    name = hashlib.sha1(b"work" if with_session else b"https://example.awsapps.com/start").hexdigest()
    content = {"accessToken": "token-of-the-portal", "expiresAt": "2099-01-01T00:00:00Z"}
    (cache / f"{name}.json").write_text(json.dumps(content))
    before = sorted(tmp_path.rglob("*"))

    login({**aws.variables, **home}).credential(PRIVATE)

    assert aws.signed_with("GetAuthorizationToken")[0][0] == "ASIAPORTAL"
    assert aws.requests[0].headers["x-amz-sso_bearer_token"] == "token-of-the-portal"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_profile_that_is_not_signed_in_says_how_to(aws: AwsTwin, tmp_path: Path) -> None:
    home = configure(
        tmp_path,
        f"[default]\nsso_account_id = {ACCOUNT}\nsso_role_name = reader\n"
        "sso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n",
    )

    with pytest.raises(ScanError) as caught:
        login({**aws.variables, **home}).credential(PRIVATE)
    assert caught.value.remedy == "run `aws sso login`"


def test_a_container_is_asked_for_its_credentials(aws: AwsTwin) -> None:
    variables = {
        **aws.variables,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.url}{CONTAINER_PATH}",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token-of-the-container",
    }

    login(variables).credential(PRIVATE)

    assert aws.requests[0].headers["authorization"] == "token-of-the-container"
    assert aws.signed_with("GetAuthorizationToken")[0][0] == "ASIACONTAINER"


def test_a_container_credential_address_elsewhere_is_refused(aws: AwsTwin) -> None:
    variables = {**aws.variables, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.example.com/"}

    with pytest.raises(ScanError, match="Unsupported host"):
        login(variables).credential(PRIVATE)


def test_an_instance_is_asked_for_its_role(clock: FakeClock) -> None:
    with AwsTwin(now=clock.now, metadata=True) as aws:
        login(aws.variables, clock).credential(PRIVATE)

        assert aws.requests[0].target == "PUT /latest/api/token"
        assert aws.requests[1].headers["x-aws-ec2-metadata-token"] == "session-of-metadata"
        assert aws.signed_with("GetAuthorizationToken")[0][0] == "ASIAINSTANCE"


def test_an_instance_is_not_asked_where_that_is_switched_off(clock: FakeClock) -> None:
    with AwsTwin(now=clock.now, metadata=True) as aws:
        with pytest.raises(ScanError, match="no credentials of AWS"):
            login({**aws.variables, "AWS_EC2_METADATA_DISABLED": "true"}, clock).credential(PRIVATE)

        assert aws.requests == ()


def test_metadata_is_given_two_seconds_and_one_attempt() -> None:
    asked: list[tuple[str, float]] = []
    clock = FakeClock()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((str(request.url), request.extensions["timeout"]["read"] - clock.monotonic()))
        raise httpx.ConnectTimeout("nobody there")

    with pytest.raises(ScanError, match="no credentials of AWS"):
        login({}, clock, transport_of=everywhere(answer)).credential(PRIVATE)

    assert asked == [
        ("http://169.254.169.254/latest/api/token", 2.0),
        ("http://169.254.169.254/latest/meta-data/iam/security-credentials/", 2.0),
    ]
    assert clock.slept == []


# Nothing but the values


def test_the_process_environment_is_not_read(aws: AwsTwin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    poisoned = configure(tmp_path, "[default]\nendpoint_url = http://127.0.0.1:1\n", "[default]\n")
    for name, value in {
        **poisoned,
        "AWS_ACCESS_KEY_ID": "AKIAPROCESS",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_SESSION_TOKEN": "s",
        "AWS_PROFILE": "none",
        "AWS_REGION": "us-west-1",
        "AWS_DEFAULT_REGION": "us-west-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_ECR": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/other",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_CA_BUNDLE": "/nonexistent",
        "REQUESTS_CA_BUNDLE": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "HTTPS_PROXY": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    aws.metadata = True

    login(aws.variables).credential(PRIVATE)
    job(aws).credential(PRIVATE)

    assert [key for key, _, _ in aws.signed_with("GetAuthorizationToken")] == ["ASIAINSTANCE", "ASIAWEB"]


def test_an_endpoint_can_be_named_for_a_service_and_ignored(aws: AwsTwin) -> None:
    named = {**KEYS, "AWS_ENDPOINT_URL_ECR": aws.url}
    login(named).credential(PRIVATE)
    assert aws.operations == ["GetAuthorizationToken"]

    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return token_answer()

    ignoring = {**named, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    login(ignoring, transport_of=everywhere(answer)).credential(PRIVATE)
    assert asked == ["api.ecr.eu-central-1.amazonaws.com"]


def test_connections_are_not_kept(aws: AwsTwin) -> None:
    """Nobody closes a login."""
    login({**aws.variables, **KEYS}).credential(PRIVATE)

    assert aws.requests[-1].headers["connection"] == "close"


def test_the_proxy_of_the_values_is_taken_and_not_for_metadata(clock: FakeClock, tmp_path: Path) -> None:
    authority = Authority()
    pair = authority.server("ecr.example.com")
    for name, content in (("ca", authority.pem), ("certificate", pair.certificate), ("key", pair.key)):
        (tmp_path / name).write_bytes(content)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    with (
        AwsTwin(now=clock.now, metadata=True) as machine,
        AwsTwin(now=clock.now, tls=tls) as aws,
        ProxyTwin(anywhere=aws.host) as proxy,
    ):
        variables = {
            **machine.variables,
            "AWS_ENDPOINT_URL": "https://ecr.example.com",
            "AWS_CA_BUNDLE": str(tmp_path / "ca"),
            "HTTPS_PROXY": proxy.url,
            "HTTP_PROXY": proxy.url,
        }

        login(variables, clock).credential(PRIVATE)

        assert proxy.used == ["CONNECT ecr.example.com:443"]
        assert aws.signed_with("GetAuthorizationToken")[0][0] == "ASIAINSTANCE"


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_authority_of_the_values_is_trusted(variable: str, clock: FakeClock, tmp_path: Path) -> None:
    authority = Authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    with AwsTwin(now=clock.now, tls=authority.server_context(tmp_path)) as aws:
        variables = {**KEYS, "AWS_ENDPOINT_URL": aws.url}

        assert login({**variables, variable: str(tmp_path / "ca.pem")}, clock).credential(PRIVATE).usable
        with pytest.raises(ScanError, match="is not trusted"):
            login(variables, clock).credential(PRIVATE)
