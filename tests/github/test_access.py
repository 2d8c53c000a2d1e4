"""What is taken for a repository, a token and an address."""

from __future__ import annotations

import pytest

from imgupdate.errors import UsageError
from imgupdate.github import Access


def access(**changed: str) -> Access:
    return Access(**{"token": "ghs_secret", "repository": "octo-org/fleet", **changed})


@pytest.mark.parametrize(
    ("api", "graphql", "server"),
    [
        ("https://api.github.com", "https://api.github.com/graphql", "https://github.com"),
        ("https://api.github.com/", "https://api.github.com/graphql", "https://github.com"),
        ("https://ghe.example.com/api/v3", "https://ghe.example.com/api/graphql", "https://ghe.example.com"),
        (
            "https://ghe.example.com:8443/api/v3",
            "https://ghe.example.com:8443/api/graphql",
            "https://ghe.example.com:8443",
        ),
        ("https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql", "https://acme.ghe.com"),
    ],
)
def test_the_other_addresses_follow_from_that_of_the_api(api: str, graphql: str, server: str) -> None:
    derived = access(api_url=api)

    assert (derived.graphql, derived.server) == (graphql, server)


def test_addresses_that_are_given_are_taken() -> None:
    given = access(
        api_url="https://ghe.example.com/api/v3",
        graphql_url="https://ghe.example.com/api/graphql",
        server_url="https://code.example.com/",
    )

    assert (given.graphql, given.server) == ("https://ghe.example.com/api/graphql", "https://code.example.com")


@pytest.mark.parametrize(
    "graphql",
    [
        "https://evil.example.com/graphql",
        "http://api.github.com/graphql",
        "https://api.github.com:8443/graphql",
        "https://api.github.com.evil.example.com/graphql",
    ],
)
def test_a_graphql_api_in_another_place_is_refused_since_the_token_would_go_there(graphql: str) -> None:
    with pytest.raises(UsageError, match="not in one place"):
        access(graphql_url=graphql)


def test_a_graphql_api_at_an_address_that_pygithub_would_stumble_over_is_refused() -> None:
    with pytest.raises(UsageError, match="not in one place"):
        access(api_url="https://ghe.example.com/api/v3", graphql_url="https://ghe.example.com/graphql")


@pytest.mark.parametrize("name", ["api_url", "graphql_url", "server_url"])
@pytest.mark.parametrize(
    "address",
    [
        "api.github.com",
        "ftp://api.github.com",
        "https://",
        "https://user:password@api.github.com",
        "https://api.github.com?x=1",
        "https://api.github.com#x",
        "https://api.github.com:port",
        "https://api.github.com:99999",
        "https://api.github.com:0",
        "https://[::1",
        "https://api.github.com/a b",
        "https://api.github.com/\r\nX: y",
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(name: str, address: str) -> None:
    with pytest.raises(UsageError, match="is not a URL"):
        access(**{name: address})


@pytest.mark.parametrize(
    "repository",
    ["", "fleet", "octo-org/", "/fleet", "a/b/c", "octo-org/..", "octo-org/.", "a/b c", "a/b\n", "../../user"],
)
def test_a_repository_that_is_none_is_refused(repository: str) -> None:
    with pytest.raises(UsageError, match="is not a repository"):
        access(repository=repository)


@pytest.mark.parametrize("repository", ["octo-org/fleet", "a/.github", "a/x..y", "Some_Enterprise-User_corp/f.l-e_et"])
def test_a_repository_as_github_has_them_is_taken(repository: str) -> None:
    assert access(repository=repository).owner == repository.partition("/")[0]


def test_no_token_is_an_error_that_says_where_to_set_it() -> None:
    with pytest.raises(UsageError, match="`token`"):
        access(token="")


@pytest.mark.parametrize("token", ["a b", "a\nb", "a\r\nX-Header: y", "ä", "a\0"])
def test_a_token_that_could_not_be_a_header_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(UsageError) as caught:
        access(token=f"secret-{token}")

    assert "secret" not in str(caught.value).replace("in the secret", "")


def test_the_token_and_the_proxys_password_are_in_no_text_of_the_value() -> None:
    text = repr(access(proxy="http://user:password@proxy:3128"))

    assert "ghs_secret" not in text
    assert "password" not in text
