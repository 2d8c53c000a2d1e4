"""Addresses that reports link to, those that strangers name above all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.report.links import REVISION, SOURCE, Links, compare_of_labels, compare_url, web_address

LINKS = Links("https://github.com", "acme/fleet", "abc123")
OLD, NEW = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("path", "line", "address"),
    [
        ("apps/a.yaml", 12, "apps/a.yaml#L12"),
        ("apps/a.yaml", 0, "apps/a.yaml"),
        ("a b/ü(1).yaml", 3, "a%20b/%C3%BC%281%29.yaml#L3"),
        ("a?b#c|d%/~x.yaml", 0, "a%3Fb%23c%7Cd%25/~x.yaml"),
        ("\udcff.yaml", 0, "%FF.yaml"),
        ("README.md", 7, "README.md?plain=1#L7"),
    ],
)
def test_a_file_is_linked_at_its_line_with_every_odd_character_encoded(path: str, line: int, address: str) -> None:
    assert LINKS.file(path, line) == f"https://github.com/acme/fleet/blob/abc123/{address}"


def test_a_server_may_have_a_path_and_a_final_slash() -> None:
    assert Links("http://ghe.example:8443/", "o/r", "c").file("a") == "http://ghe.example:8443/o/r/blob/c/a"


def test_branches_are_compared() -> None:
    assert LINKS.compare("main", "imgupdate/main--a b") == (
        "https://github.com/acme/fleet/compare/main...imgupdate/main--a%20b"
    )


def test_a_path_that_is_no_path_of_any_file_is_not_linked() -> None:
    assert LINKS.file("\ud800.yaml", 1) == ""


def test_a_path_that_makes_too_long_an_address_is_not_linked() -> None:
    assert LINKS.file("ü" * 200, 1) == ""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.com/a",
        "javascript:alert(1)",
        "//example.com",
        "https://",
        "https:///a",
        "https://user:secret@example.com/",
        "https://user@example.com/",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://example.com/a b",
        "https://example.com/a)b",
        "https://example.com/<b>",
        "https://example.com/a|b",
        "https://example.com/[x]",
        "https://[::1/a",
        "https://example.com/\n",
    ],
)
def test_what_is_no_plain_web_address_is_none(url: str) -> None:
    assert web_address(url) == ""


@pytest.mark.parametrize("url", ["https://example.com", "http://127.0.0.1:8080/a?b=c#d", "https://[::1]:8443/a"])
def test_a_plain_web_address_stays_as_it_is(url: str) -> None:
    assert web_address(url) == url


@pytest.mark.parametrize(
    ("source", "repository"),
    [
        ("https://github.com/org/app", "https://github.com/org/app"),
        ("https://github.com/org/app/", "https://github.com/org/app"),
        ("https://github.com//org/app", "https://github.com/org/app"),
        ("https://github.com/org/app.git", "https://github.com/org/app"),
        (" https://GitHub.com/org/app\n", "https://github.com/org/app"),
        ("git+https://github.com/org/app.git", "https://github.com/org/app"),
        ("git@github.com:org/app.git", "https://github.com/org/app"),
        ("ssh://git@github.com/org/app.git", "https://github.com/org/app"),
        ("https://github.com/org/app/tree/main/images/web", "https://github.com/org/app"),
        ("https://github.com/docker-library/redis.git#0a1b2c3:alpine", "https://github.com/docker-library/redis"),
        ("https://github.com/org/.github", "https://github.com/org/.github"),
        ("http://ghe.acme.example:8443/team/app", "http://ghe.acme.example:8443/team/app"),
        ("https://codeberg.org/org/app", "https://codeberg.org/org/app"),
    ],
)
def test_the_source_of_an_image_leads_to_a_comparison(source: str, repository: str) -> None:
    assert compare_url(source, OLD, NEW) == f"{repository}/compare/{OLD}...{NEW}"


@pytest.mark.parametrize(
    "source",
    [
        "https://gitlab.com/group/sub/app",
        "https://gitlab.com/group/sub/app.git",
        "https://gitlab.com/group/sub/app.git/images",
        "https://gitlab.com/group/sub/app/-/tree/main/images",
    ],
)
def test_a_project_of_gitlab_may_be_in_groups_of_groups(source: str) -> None:
    assert compare_url(source, "v1.0", "v1.1") == "https://gitlab.com/group/sub/app/-/compare/v1.0...v1.1"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "app",
        "org/app",
        "github.com/org/app",
        "https://github.com",
        "https://github.com/org",
        "https://localhost/org/app",
        "https://user:secret@github.com/org/app",
        "https://token@github.com/org/app",
        "ftp://github.com/org/app",
        "file:///etc/passwd",
        "javascript:alert(1)//github.com/a/b",
        "https://github.com/org/../app",
        "https://github.com/../../app",
        "https://github.com/org/a)[x](https://evil.example",
        "https://github.com/org/<img>",
        "https://github.com/org/a%2e%2e",
        "https://github.com/org/a b",
        "https://git hub.com/org/app",
        "https://[::1]/org/app",
        "https://[::1/org/app",
        "https://-x.example/org/app",
        "https://bitbucket.org/org/app",
        "https://dev.azure.com/org/app",
        "https://gitlab.com/a/b/c/d/e/f/g",
        "https://github.com/org/" + "a" * 101,
    ],
)
def test_a_source_that_is_not_plainly_a_repository_is_not_linked(source: str) -> None:
    assert compare_url(source, OLD, NEW) == ""


@pytest.mark.parametrize(
    ("revision", "shown"),
    [
        ("0a1b2c3", "0a1b2c3"),
        ("c" * 64, "c" * 64),
        ("v1.2.3", "v1.2.3"),
        ("release/1.2", "release/1.2"),
        ("v1.2.3+build.4", "v1.2.3%2Bbuild.4"),
        (f" {'c' * 40}\n", "c" * 40),
    ],
)
def test_a_revision_is_a_commit_or_the_name_of_a_tag(revision: str, shown: str) -> None:
    assert compare_url("https://github.com/o/r", OLD, revision) == f"https://github.com/o/r/compare/{OLD}...{shown}"


@pytest.mark.parametrize(
    "revision",
    ["", "-x", "a..b", "a...b", "a b", "a)b", "<b>", "a/", "/a", "a.lock", "a.", "@{1}", "a@b", "#1", "x" * 101, OLD],
)
def test_a_revision_that_is_neither_or_the_same_makes_no_link(revision: str) -> None:
    assert compare_url("https://github.com/o/r", OLD, revision) == ""
    assert compare_url("https://github.com/o/r", revision, OLD) == ""


def test_an_address_has_at_most_a_thousand_characters() -> None:
    address = "https://github.com/" + "a" * 981
    source = "https://github.com/o/r?" + "a" * 977

    assert (web_address(address), web_address(address + "a")) == (address, "")
    assert compare_url(source, OLD, NEW)
    assert not compare_url(source + "a", OLD, NEW)


def test_two_images_are_compared_if_both_name_one_source() -> None:
    old = {SOURCE: "https://github.com/o/r", REVISION: OLD}
    new = {SOURCE: "https://github.com/o/r.git", REVISION: NEW}

    assert compare_of_labels(old, new) == f"https://github.com/o/r/compare/{OLD}...{NEW}"
    assert compare_of_labels({**old, SOURCE: "https://github.com/o/other"}, new) == ""
    assert compare_of_labels({REVISION: OLD}, new) == ""
    assert compare_of_labels(old, {SOURCE: "https://github.com/o/r"}) == ""
    assert compare_of_labels({}, {}) == ""


@given(source=st.text(), old=st.text(), new=st.text())
def test_whatever_an_image_says_a_link_holds_nothing_that_ends_a_link(source: str, old: str, new: str) -> None:
    for host in ("", "https://", "https://github.com/", "https://gitlab.com/a/", "git@github.com:"):
        for revisions in ((old, new), (OLD, NEW)):
            url = compare_url(host + source, *revisions)
            assert url == "" or re.fullmatch(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._~/%-]+", url)
