"""Credentials that were around: where they are refused, everybody's access is tried (spec/registry.md 7.7)."""

from __future__ import annotations

import base64
from collections.abc import Callable

import httpx
import pytest

from imgupdate.config.model import Provider
from imgupdate.errors import ScanError
from imgupdate.images import Tag
from imgupdate.registry import CredentialSources, job_credential
from imgupdate.registry.credentials import Credential
from tests.registry.support import FakeRegistry, access, errors, one_by_one, repository, tags_page, token

JOB = CredentialSources(job=job_credential("octocat", "token-of-the-job"))
BASIC = "Basic " + base64.b64encode(b"octocat:token-of-the-job").decode()
IMAGE = repository("ghcr.io/stranger/app")

Answer = Callable[[], httpx.Response]


def allowed() -> httpx.Response:
    return tags_page("1.0")


def denied() -> httpx.Response:
    return errors(403, "DENIED", "requested access to the resource is denied")


def ghcr(*, to_job: Answer = allowed, to_nobody: Answer = allowed, token_of_job: Answer | None = None) -> FakeRegistry:
    """GitHub's registry: what it answers the job and everybody, and what its token server answers the job."""

    def handle(request: httpx.Request) -> httpx.Response:
        shown = request.headers.get("authorization", "")
        if request.url.path == "/token":
            if shown != BASIC:
                return token("of-nobody")
            return token_of_job() if token_of_job else token("of-job")
        return to_job() if shown == "Bearer of-job" else to_nobody()

    return FakeRegistry(handle)


def test_the_workflow_s_token_is_shown_to_the_token_server_of_ghcr() -> None:
    registry = ghcr()

    listing = registry.client(credentials=JOB).tags(IMAGE, access())

    assert (listing.tags, listing.warnings) == (("1.0",), ())
    assert registry.shown == [BASIC, "Bearer of-job"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_public_package_of_another_owner_is_read_as_nobody_after_a_refusal(status: int) -> None:
    registry = ghcr(to_job=lambda: errors(status, "DENIED"))

    listing = registry.client(credentials=JOB).tags(IMAGE, access())

    assert (listing.tags, listing.warnings) == (("1.0",), ())
    assert registry.shown[-2:] == ["", "Bearer of-nobody"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_the_token_server_is_one_as_well(status: int) -> None:
    registry = ghcr(token_of_job=lambda: errors(status, "DENIED"))

    listing = registry.client(credentials=JOB).tags(IMAGE, access())

    assert listing.tags == ("1.0",)
    assert registry.shown == [BASIC, "", "Bearer of-nobody"]


def test_once_refused_the_rest_of_a_visit_is_nobody_s() -> None:
    def page() -> httpx.Response:
        number = len(registry.requests)
        return tags_page(f"{number}.0", link=f'</v2/x?last={number}>; rel="next"' if number < 6 else None)

    registry = ghcr(to_job=denied, to_nobody=page)

    assert len(registry.client(credentials=JOB).tags(IMAGE, access()).tags) > 1
    assert registry.shown.count("Bearer of-job") == 1


def test_where_nobody_is_refused_too_the_message_is_about_the_token_that_was_shown() -> None:
    registry = ghcr(to_job=denied, to_nobody=lambda: errors(401, "UNAUTHORIZED", "authentication required"))

    with pytest.raises(ScanError) as caught:
        registry.client(credentials=JOB).tags(IMAGE, access())

    assert "refuses access to the image with the credentials of the workflow's token" in caught.value.message
    assert "403 DENIED" in caught.value.message
    assert "packages: read" in caught.value.remedy
    assert "token-of-the-job" not in str(caught.value)


def test_where_the_token_server_refuses_both_the_first_refusal_is_told() -> None:
    registry = ghcr(token_of_job=denied, to_nobody=denied)

    with pytest.raises(ScanError, match="refuses the credentials of the workflow's token: it answered 403 DENIED"):
        registry.client(credentials=JOB).tags(IMAGE, access())


def test_what_nobody_then_finds_missing_names_the_token_that_may_not_read_it() -> None:
    registry = ghcr(to_job=denied, to_nobody=lambda: errors(404, "NAME_UNKNOWN"))

    with pytest.raises(ScanError, match=r"without credentials \(the workflow's token may not read it\)"):
        registry.client(credentials=JOB).tags(IMAGE, access())


@pytest.mark.parametrize("status", [404, 500])
def test_what_is_no_refusal_is_not_tried_as_nobody(status: int) -> None:
    registry = ghcr(to_job=lambda: errors(status, "X"))

    with pytest.raises(ScanError):
        registry.client(credentials=JOB).tags(IMAGE, access())
    assert "Bearer of-nobody" not in registry.shown


def test_a_credential_that_somebody_gave_is_not_left_out() -> None:
    registry = ghcr(to_job=denied)
    given = access(auths={"ghcr.io": {"username": "octocat", "password": "token-of-the-job"}})

    with pytest.raises(ScanError, match="with the credentials of Secret default/pull"):
        registry.client(credentials=JOB).tags(IMAGE, given)
    assert "Bearer of-nobody" not in registry.shown


def test_digests_are_had_the_same_way() -> None:
    digest = "sha256:" + "a" * 64
    registry = ghcr(to_job=denied, to_nobody=lambda: httpx.Response(200, headers={"Docker-Content-Digest": digest}))

    assert registry.client(credentials=JOB).digest(IMAGE, Tag("1.0"), access()) == digest


def test_preparing_logs_in_to_no_cloud() -> None:
    class Login:
        def credential(self, host: str) -> Credential:
            raise AssertionError(host)

    registry = FakeRegistry(one_by_one())
    sources = CredentialSources(clouds={Provider.GCP: Login()}, ambient=frozenset({Provider.GCP}))

    registry.client(credentials=sources).prepare([(repository("gcr.io/a/b"), access()), (IMAGE, access())])

    assert registry.requests == []
