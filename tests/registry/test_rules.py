"""Rules of registries that belong to no one module; docs/registries.md lists where all the others are tested."""

from __future__ import annotations

from urllib.parse import parse_qs

import httpx
import pytest

from imgupdate.config.model import ClientTLS
from imgupdate.errors import ScanError
from imgupdate.images import Tag
from tests.registry.support import (
    FakeRegistry,
    access,
    bearer,
    entry,
    errors,
    one_by_one,
    repository,
    tags_page,
    token,
    unauthorized,
)

HOST = "registry.example.com"
GOOD = "sha256:" + "ab" * 32


class TestTokens:
    """spec/registry.md 2.3 and 2.4."""

    @pytest.mark.parametrize("login", [entry(), {"identitytoken": "identity"}])
    def test_no_token_for_times_without_us_is_asked_for(self, login: dict[str, str]) -> None:
        registry = FakeRegistry(one_by_one(unauthorized(bearer()), token("t1"), tags_page("1")))

        registry.client().tags(repository(), access(auths={HOST: login}))

        asked = registry.requests[1]
        fields = parse_qs(asked.url.query.decode()) | parse_qs(asked.content.decode())
        assert not fields.keys() & {"offline_token", "access_type"}

    @pytest.mark.parametrize("media_type", ["application/json", "text/plain", "text/html; charset=utf-8", ""])
    def test_a_token_is_read_whatever_type_its_answer_says_it_has(self, media_type: str) -> None:
        answer = httpx.Response(200, headers={"Content-Type": media_type}, content=b'{"token":"t1"}')
        registry = FakeRegistry(one_by_one(unauthorized(bearer()), answer, tags_page("1")))

        assert registry.client().tags(repository(), access()).tags == ("1",)

    def test_where_a_challenge_wants_a_scope_of_everything_our_own_is_asked_for_besides(self) -> None:
        registry = FakeRegistry(one_by_one(unauthorized(bearer("*")), token("t1"), tags_page("1")))

        registry.client().tags(repository(), access())

        query = parse_qs(registry.requests[1].url.query.decode())
        assert query["scope"] == ["*", "repository:team/app:pull"]

    def test_the_name_of_a_scope_is_the_whole_path_without_the_host(self) -> None:
        registry = FakeRegistry(one_by_one(token("t1"), tags_page("1")))

        registry.client().tags(repository("nginx"), access())

        assert parse_qs(registry.requests[0].url.query.decode())["scope"] == ["repository:library/nginx:pull"]


class TestListings:
    """spec/registry.md 3."""

    def test_a_registry_with_a_hint_of_plain_http_that_serves_tls_is_read_to_its_last_page(self) -> None:
        link = '<https://127.0.0.1:5000/v2/team/app/tags/list?n=1000&last=a>; rel="next"'
        registry = FakeRegistry(one_by_one(tags_page("a", link=link), tags_page("b")))

        assert registry.client().tags(repository("127.0.0.1:5000/team/app"), access()).tags == ("a", "b")
        assert [request.url.scheme for request in registry.requests] == ["https", "https"]

    @pytest.mark.parametrize("name", ["other/name", None, 7])
    def test_the_name_in_a_list_does_not_matter_since_proxies_change_it(self, name: object) -> None:
        registry = FakeRegistry(lambda _: httpx.Response(200, json={"name": name, "tags": ["1"]}))

        listing = registry.client().tags(repository(), access())

        assert (listing.tags, listing.warnings) == (("1",), ())

    def test_tags_stay_in_the_order_of_the_registry_since_that_is_not_everywhere_that_of_letters(self) -> None:
        registry = FakeRegistry(lambda _: tags_page("9.0.0", "10.0.0", "1.0.0"))

        assert registry.client().tags(repository(), access()).tags == ("9.0.0", "10.0.0", "1.0.0")


class TestManifests:
    """spec/registry.md 4 and 9.1."""

    @pytest.mark.parametrize("media_type", ["application/vnd.oci.image.index.v1+json; charset=utf-8", "text/plain", ""])
    def test_a_digest_in_the_headers_needs_no_type_and_no_length(self, media_type: str) -> None:
        headers = {"Docker-Content-Digest": GOOD, "Content-Type": media_type}
        registry = FakeRegistry(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(b"")))

        assert registry.client().digest(repository(), Tag("1"), access()) == GOOD

    def test_addresses_that_a_manifest_gives_for_its_blobs_are_never_followed(self) -> None:
        descriptor = {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": GOOD,
            "urls": ["https://evil.example/blob"],
        }
        registry = FakeRegistry(
            one_by_one(httpx.Response(200, json={"config": descriptor}), errors(404, "BLOB_UNKNOWN"))
        )

        with pytest.raises(ScanError, match="404 BLOB_UNKNOWN"):
            registry.client().labels(repository(), Tag("1"), access())

        assert registry.asked[1:] == [f"GET https://{HOST}/v2/team/app/blobs/{GOOD}"]

    def test_the_query_of_an_address_that_is_signed_is_not_told(self) -> None:
        descriptor = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": GOOD}
        signed = "https://blobs.example.com/x?X-Signature=very-secret"
        registry = FakeRegistry(
            one_by_one(
                httpx.Response(200, json={"config": descriptor}),
                httpx.Response(307, headers={"Location": signed}),
                errors(403, "DENIED", f"Get {signed}: expired"),
            )
        )

        with pytest.raises(ScanError, match="403 DENIED") as caught:
            registry.client().labels(repository(), Tag("1"), access())

        assert "very-secret" not in str(caught.value)


class TestConnections:
    """spec/registry.md 8 and 9.1."""

    def test_certificates_of_one_image_are_not_shown_for_another(self) -> None:
        registry = FakeRegistry(lambda _: tags_page("1"))
        client = registry.client()
        tls = ClientTLS(certificate=b"certificate", key=b"key")

        client.tags(repository(f"{HOST}/team/app"), access(tls=tls))
        client.tags(repository(f"{HOST}/team/web"), access())

        assert [network.tls for network in registry.networks] == [tls, None]

    def test_of_our_headers_only_those_that_tell_nothing_go_to_another_host(self) -> None:
        registry = FakeRegistry(
            one_by_one(
                unauthorized('Basic realm="x"'),
                httpx.Response(307, headers={"Location": "https://other.example.org/list", "Set-Cookie": "a=b"}),
                tags_page("1"),
            )
        )

        registry.client().tags(repository(), access(auths={HOST: entry()}))

        assert registry.requests[1].headers["authorization"]
        assert set(registry.requests[2].headers) <= {
            "host",
            "user-agent",
            "accept",
            "accept-encoding",
        }
