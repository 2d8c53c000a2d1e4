"""References, repositories, tags and digests (spec/registry.md 1, spec/flux.md 4.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import InvalidReference
from imgupdate.images import (
    is_digest,
    is_tag,
    parse_digest,
    parse_reference,
    parse_repository,
    parse_tag,
    scheme_hint,
)

DIGEST = "sha256:" + "0123456789abcdef" * 4

PIECES = [
    "a",
    "foo",
    "Foo",
    ".",
    ":",
    "/",
    "@",
    "-",
    "_",
    "[::1]",
    "]",
    "localhost",
    "docker.io",
    "ghcr.io",
    "10.0.0.1",
    "5000",
    "latest",
    "%41",
    "é",
    "..",
    "//",
    "\x1b",
    "\u202e",
]

references = st.lists(st.sampled_from([*PIECES, DIGEST, " ", "\n"]), max_size=6).map("".join) | st.text(max_size=40)


# What spec/registry.md 1.3 tells beyond the recorded rows.
@pytest.mark.parametrize(
    ("text", "registry", "repository", "identifier"),
    [
        ("docker.io/library/ubuntu:22.04", "index.docker.io", "library/ubuntu", "22.04"),
        ("registry-1.docker.io/ubuntu", "registry-1.docker.io", "ubuntu", "latest"),
        ("localhost:5000", "index.docker.io", "library/localhost", "5000"),
        ("nginx:latest@" + DIGEST, "index.docker.io", "library/nginx", DIGEST),
        ("https://example.com/foo", "https:", "/example.com/foo", "latest"),
        ("GCR.IO/foo/bar", "GCR.IO", "foo/bar", "latest"),
        ("docker.io/localhost/x", "index.docker.io", "localhost/x", "latest"),
        ("[::1]:5000/x", "[::1]:5000", "x", "latest"),
    ],
)
def test_a_reference_is_split_as_go_containerregistry_splits_it(
    text: str, registry: str, repository: str, identifier: str
) -> None:
    reference = parse_reference(text)

    assert (reference.registry, reference.repository, reference.identifier) == (registry, repository, identifier)


def test_a_reference_keeps_the_tag_beside_its_digest_but_is_known_by_the_digest() -> None:
    reference = parse_reference("ghcr.io/org/app:1.2@" + DIGEST)

    assert (reference.tag, reference.digest, reference.kind) == ("1.2", DIGEST, "digest")
    assert reference.name == "ghcr.io/org/app@" + DIGEST


def test_a_reference_without_a_tag_says_so_and_stands_for_latest() -> None:
    reference = parse_reference("ghcr.io/org/app")

    assert reference.tag is None
    assert reference.digest is None
    assert reference.name == "ghcr.io/org/app:latest"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "is empty"),
        ("x" * 1025, "1025 characters long"),
        ("library/ubuntu:", "invalid tag ''"),
        ("foo:" + "a" * 129, "invalid tag 'aaa"),
        ("foo:tag\n", r"invalid tag 'tag\n'"),
        ("gcr.io/Foo/bar", "write 'gcr.io/foo/bar'"),
        ("white space", "invalid repository 'white space'"),
        ("a" * 256, "invalid repository 'aaa"),
        ("foo:abc/bar", "invalid registry 'foo:abc'"),
        ("exa mple.com/foo", "invalid registry 'exa mple.com'"),
        ("a%2eb.c/foo", "invalid registry 'a%2eb.c'"),
        ("user@example.com/foo", "a user name does not belong in an image"),
        ("repo@sha256:" + "A" * 64, "no valid digest"),
        ("repo@sha512:" + "a" * 128, "no valid digest"),
        ("repo@" + DIGEST + "@" + DIGEST, "no valid digest"),
        ("[::1/foo", "invalid registry"),
        ("[a.b]/foo", "invalid registry"),
        ("[1.2.3.4]:5000/foo", "invalid registry"),
    ],
)
def test_a_reference_that_is_none_names_the_part_that_is_wrong(text: str, part: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        parse_reference(text)

    assert part in str(caught.value)


@given(references)
def test_a_canonical_name_is_its_own_canonical_name(text: str) -> None:
    try:
        name = parse_reference(text).name
    except InvalidReference:
        return

    assert parse_reference(name).name == name


@given(references)
def test_whatever_is_refused_is_refused_in_one_printable_line(text: str) -> None:
    said = []
    for parse in (parse_reference, parse_repository, parse_tag, parse_digest):
        try:
            parse(text)
        except InvalidReference as error:
            said.append(str(error))

    assert all(message.isprintable() for message in said)


# The table of spec/flux.md 4.1, with the schemes of spec/registry.md 1.2.
@pytest.mark.parametrize(
    ("text", "canonical", "scheme"),
    [
        ("alpine", "index.docker.io/library/alpine", "https"),
        ("library/alpine", "index.docker.io/library/alpine", "https"),
        ("docker.io/alpine", "index.docker.io/library/alpine", "https"),
        ("index.docker.io/alpine", "index.docker.io/library/alpine", "https"),
        ("org/team/app", "index.docker.io/org/team/app", "https"),
        ("localhost/app", "index.docker.io/localhost/app", "https"),
        ("localhost:5000/app", "localhost:5000/app", "http"),
        ("ghcr.io/org/app", "ghcr.io/org/app", "https"),
        ("reg.io:443/app", "reg.io:443/app", "https"),
        ("library/a", "index.docker.io/library/a", "https"),
        ("reg.io:65535/app", "reg.io:65535/app", "https"),
        ("例え.jp/foo", "例え.jp/foo", "https"),
        ("[::1]:5000/foo", "[::1]:5000/foo", "http"),
        ("quay.io/foo__bar/b-a--z.q", "quay.io/foo__bar/b-a--z.q", "https"),
    ],
)
def test_an_image_to_scan_has_the_canonical_name_that_flux_gives_it(text: str, canonical: str, scheme: str) -> None:
    repository = parse_repository(text)

    assert repository.canonical == canonical
    assert f"{repository.registry}/{repository.path}" == canonical
    assert repository.scheme_hint == scheme
    assert str(repository) == repository.text == text


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("https://ghcr.io/org/app", "should not include a URL scheme", "write 'ghcr.io/org/app'"),
        ("oci://ghcr.io/org/app:1", "should not include a URL scheme", "write 'ghcr.io/org/app:1'"),
        ("reg.io/app:tag", "should not include a tag", "remove ':tag' and write 'reg.io/app'"),
        ("alpine:3", "should not include a tag", "remove ':3' and write 'alpine'"),
        ("reg.io:5000/app:1", "should not include a tag", "remove ':1' and write 'reg.io:5000/app'"),
        ("localhost:5000", "should not include a tag", "remove ':5000'"),
        ("reg.io/app@" + DIGEST, "should not include a digest", "write 'reg.io/app'"),
        ("reg.io/app:1@" + DIGEST, "should not include a digest", "write 'reg.io/app'"),
        ("reg.io/App", "invalid repository 'App'", "image names are lower-case, write 'reg.io/app'"),
        ("UPPER/app", "invalid repository 'UPPER/app'", "write 'upper/app'"),
        ("quay.io/Org/app", "invalid repository 'Org/app'", "write 'quay.io/org/app'"),
        ("reg.io/", "invalid repository ''", "2 to 255"),
        ("", "is empty", "write a name"),
        ("my.host/a", "invalid repository 'a'", "2 to 255"),
        ("foo/../bar", "not well formed", "one slash between parts"),
        ("example.com//a", "not well formed", "one slash between parts"),
        ("quay.io/foo..bar", "not well formed", "lower-case letters and digits"),
        ("::1/app", "not a host that can be reached", "IPv6 in brackets"),
        ("example.com:/app", "not a host that can be reached", "a host name or an address"),
        ("example.com:65536/app", "not a host that can be reached", "a host name or an address"),
        (".foo/bar", "not a host that can be reached", "a host name or an address"),
        ("user@example.com/app", "no valid digest", "user name"),
    ],
)
def test_an_image_that_flux_or_a_client_would_misread_is_refused_with_what_to_write(
    text: str, what: str, remedy: str
) -> None:
    with pytest.raises(InvalidReference) as caught:
        parse_repository(text)

    assert what in caught.value.message
    assert remedy in caught.value.remedy


@given(references)
def test_the_path_of_an_image_to_scan_can_not_climb_out_of_a_url(text: str) -> None:
    try:
        path = parse_repository(text).path
    except InvalidReference:
        return

    assert all(part.strip(".") for part in path.split("/"))


@pytest.mark.parametrize(
    ("registry", "scheme"),
    [
        ("localhost:5000", "http"),
        ("localhost", "https"),
        ("LOCALHOST:5000", "https"),
        ("evil.localhost", "http"),
        ("foo.svc.localhost:1234", "http"),
        ("registry.local", "https"),
        ("127.0.0.1", "http"),
        ("127.0.0.1:1234", "http"),
        ("127.0.0.1.evil.com", "https"),
        ("127.0.0.2", "https"),
        ("::1", "http"),
        ("[::1]:5000", "http"),
        ("[::2]:5000", "https"),
        ("10.2.3.4:5000", "http"),
        ("172.16.3.4:3000", "http"),
        ("172.32.3.4:3000", "https"),
        ("192.168.3.4", "http"),
        ("10.256.0.0:5000", "https"),
        ("169.254.1.1", "https"),
        ("ghcr.io", "https"),
    ],
)
def test_plain_http_is_hinted_for_local_and_private_hosts_only(registry: str, scheme: str) -> None:
    assert scheme_hint(registry) == scheme
    assert parse_reference(f"{registry}/foo/bar").scheme_hint == ("https" if registry == "localhost" else scheme)


@pytest.mark.parametrize("text", ["1", "v1.2.3", "_x", "A-b.c_d", "a" * 128])
def test_a_tag_is_taken_as_it_is(text: str) -> None:
    assert is_tag(text)
    assert parse_tag(text) == text


@pytest.mark.parametrize("text", ["", ".x", "-x", "a" * 129, "a b", "a\n", "é", "a:b", "1.0+b", "a/b"])
def test_what_no_registry_serves_as_a_tag_is_none(text: str) -> None:
    assert not is_tag(text)
    with pytest.raises(InvalidReference, match="is not a tag"):
        parse_tag(text)


def test_a_digest_is_taken_as_it_is() -> None:
    assert is_digest(DIGEST)
    assert parse_digest(DIGEST) == DIGEST


@pytest.mark.parametrize("text", ["", "sha256:", DIGEST.upper(), DIGEST[:-1], DIGEST + "0", DIGEST + "\n", DIGEST[7:]])
def test_a_digest_in_any_other_spelling_is_none(text: str) -> None:
    assert not is_digest(text)
    with pytest.raises(InvalidReference, match="is not a digest"):
        parse_digest(text)
