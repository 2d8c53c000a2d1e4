"""No file of credentials and no answer, whatever is in it, makes a login fail otherwise than with a reason."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.azure import AzureLogin
from imgupdate.registry.credentials.clouds.gcp import GcpLogin
from tests.registry.support import FakeClock, FakeRegistry
from tests.twins.clouds import GITHUB_VARIABLES, AzureTwin, GoogleTwin

STRANGE = ["", "a b", "\x1b[31m", "https://evil.com/", "https://sts.googleapis.com/v1/token", "é", 1e308, 10**400]
SCALARS = st.sampled_from([*STRANGE, None, True, 0, -1, 3600, "3600", "2027-01-15T09:00:00Z"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner))
ANSWER_KEYS = (
    *("access_token", "accessToken", "token_type", "expires_in", "expireTime", "expires_on", "refresh_in"),
    *("refresh_token", "id_token", "client_info", "error", "error_description", "value", "errors"),
    *("token_endpoint", "authorization_endpoint", "issuer"),
)
ANSWERS = st.lists(
    st.tuples(st.sampled_from([200, 200, 200, 302, 400, 401]), st.dictionaries(st.sampled_from(ANSWER_KEYS), VALUES)),
    min_size=1,
    max_size=4,
)
FILES = st.builds(
    lambda kind, changes: {
        "type": kind,
        "audience": f"//iam.googleapis.com/{GoogleTwin.PROVIDER}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"url": "https://source.example.com/"},
        "client_id": "gcloud",
        "client_secret": "secret-of-gcloud",
        "refresh_token": "refresh-of-person",
        **changes,
    },
    st.sampled_from(["external_account", "authorized_user", "service_account"]),
    st.dictionaries(
        st.sampled_from(
            [
                *("type", "audience", "subject_token_type", "token_url", "credential_source", "client_id"),
                *("client_secret", "refresh_token", "private_key", "client_email", "token_uri", "universe_domain"),
                *("service_account_impersonation_url", "service_account_impersonation", "workforce_pool_user_project"),
            ]
        ),
        VALUES,
        max_size=3,
    ),
)


def answering(answers: list[tuple[int, Mapping[str, object]]]) -> FakeRegistry:
    """A server that gives these answers in turn, and the last one for ever."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        status, body = left.pop(0) if len(left) > 1 else left[0]
        headers = {"Content-Type": "application/json"}
        return httpx.Response(status, headers=headers, content=json.dumps(body).encode())

    return FakeRegistry(answer)


@settings(max_examples=25)
@given(info=FILES, answers=ANSWERS)
@example(info={"type": "authorized_user"}, answers=[(200, {})])
def test_no_file_and_no_answer_of_google_break_the_login(
    info: Mapping[str, object], answers: list[tuple[int, Mapping[str, object]]]
) -> None:
    servers = answering(answers)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "credentials.json")
        path.write_text(json.dumps(info))
        environment = CloudEnvironment.of({"GOOGLE_APPLICATION_CREDENTIALS": str(path)})
        with suppress(ScanError):
            GcpLogin(environment, FakeClock(), transport_of=servers.transport_of).credential("gcr.io")

    hosts = {request.url.host for request in servers.requests}
    assert hosts <= {"source.example.com", "sts.googleapis.com", "oauth2.googleapis.com", "evil.com"}
    assert [request for request in servers.requests if request.url.host == "evil.com" and request.method != "GET"] == []
    assert len(servers.requests) < 12


@pytest.mark.parametrize("variables", [{"AZURE_CLIENT_SECRET": "secret-of-application"}, GITHUB_VARIABLES, {}])
def test_no_answer_for_azure_breaks_the_login(variables: Mapping[str, str]) -> None:
    application = {"AZURE_TENANT_ID": AzureTwin.TENANT, "AZURE_CLIENT_ID": AzureTwin.CLIENT, **variables}

    @settings(max_examples=25)
    @given(answers=ANSWERS)
    def law(answers: list[tuple[int, Mapping[str, object]]]) -> None:
        servers = answering(answers)
        login = AzureLogin(CloudEnvironment.of(application), FakeClock(), transport_of=servers.transport_of)
        with suppress(ScanError):
            login.credential("team.azurecr.io")

        assert "evil.com" not in {request.url.host for request in servers.requests}
        assert len(servers.requests) < 12

    law()
