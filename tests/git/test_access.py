"""How a Git server is reached: addresses, and what the Secret of a GitRepository says (spec/flux.md 6.7)."""

from __future__ import annotations

import pytest

from imgupdate.config.model import ClientTLS, Proxy
from imgupdate.errors import ConfigurationError, PublishError
from imgupdate.git.access import Address, Connection, GitCredentials, SshIdentity, read_address

NOBODY = GitCredentials()
ANY = Connection(allow_http=True, allow_local=True)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://github.com/org/fleet", ("https://github.com/org/fleet", "https", "https://github.com/")),
        (" https://github.com/org/fleet.git\n", ("https://github.com/org/fleet.git", "https", "https://github.com/")),
        ("https://GitHub.com:8443/a//b", ("https://github.com:8443/a//b", "https", "https://github.com:8443/")),
        ("https://[::1]:8443/a", ("https://[::1]:8443/a", "https", "https://[::1]:8443/")),
        ("http://127.0.0.1:80/a", ("http://127.0.0.1:80/a", "http", "http://127.0.0.1:80/")),
        ("ssh://git@github.com/org/fleet", ("ssh://git@github.com/org/fleet", "ssh", "")),
        ("ssh://github.com/org/fleet", ("ssh://git@github.com/org/fleet", "ssh", "")),
        ("ssh://me:pw@github.com:2222/~/x", ("ssh://me@github.com:2222/~/x", "ssh", "")),
        ("ssh://[::1]/x", ("ssh://git@[::1]/x", "ssh", "")),
        ("git@github.com:org/fleet.git", ("git@github.com:org/fleet.git", "ssh", "")),
        ("github.com:org/fleet", ("github.com:org/fleet", "ssh", "")),
        ("git@[::1]:org/fleet", ("git@[::1]:org/fleet", "ssh", "")),
        ("/srv/fleet.git", ("/srv/fleet.git", "file", "")),
        ("file:///srv/fleet.git", ("file:///srv/fleet.git", "file", "")),
    ],
)
def test_an_address_is_taken_apart(url: str, address: tuple[str, str, str]) -> None:
    assert read_address(url, NOBODY, ANY) == (Address(url=address[0], scheme=address[1], origin=address[2]), NOBODY)


@pytest.mark.parametrize(
    "url",
    [
        *("", "-oProxyCommand=x", "fleet", "./fleet", "../fleet", "ext::sh -c x", "ext::sh", "git::https://x/y"),
        *("git://example.com/x", "ftp://example.com/x", "fd::17", "https:///x", "https://-x/y", "ssh://-oProxy/x"),
        *("ssh://-o@example.com/x", "-o@example.com:x", "https://exa mple.com/x", "https://example.com/\x1b[31m"),
        *("https://example.com/x\ny", "https://example.com:99999/x", "https://[::1/x", "https://e.com/x?y", "a:"),
        *("https://e.com/x#y", "https://e.com/" + "x" * 3000, "user@-host:x", "example.com://x", "https://e$(x)/y"),
    ],
)
def test_an_address_that_leads_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(PublishError, match="is not one that we go to") as caught:
        read_address(url, NOBODY, ANY)

    assert str(caught.value).isprintable()


@pytest.mark.parametrize("url", ["http://example.com/x", "file:///srv/x", "/srv/x"])
def test_plain_text_and_this_machine_have_to_be_asked_for(url: str) -> None:
    with pytest.raises(PublishError):
        read_address(url, NOBODY, Connection())


def test_credentials_of_an_address_count_where_there_are_no_others() -> None:
    url = "https://me%40x:p%2Fw@example.com/x"

    address, own = read_address(url, NOBODY, ANY)
    _, others = read_address(url, GitCredentials.of_token("t"), ANY)

    assert address.url == "https://example.com/x"
    assert (own.username, own.password) == ("me@x", "p/w")
    assert others == GitCredentials.of_token("t")


@pytest.mark.parametrize("url", ["ftp://me:geheim@example.com/x", "https://me:geheim@exa mple.com/x"])
def test_an_error_about_an_address_does_not_tell_its_password(url: str) -> None:
    with pytest.raises(PublishError) as caught:
        read_address(url, NOBODY, Connection())

    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "credentials"),
    [
        ({"username": b"u", "password": b"p\n"}, GitCredentials(username="u", password="p")),
        ({"password": b"p"}, GitCredentials(password="p")),
        ({"bearerToken": b"abc\r\n"}, GitCredentials(bearer_token="abc")),
        (
            {"identity": b"key", "known_hosts": b"host", "password": b"words"},
            GitCredentials(ssh=SshIdentity(key=b"key", known_hosts=b"host", passphrase=b"words")),
        ),
        (
            {"identity": b"key", "identity.pub": b"public", "known_hosts": b"host"},
            GitCredentials(ssh=SshIdentity(key=b"key", known_hosts=b"host")),
        ),
        ({"ca.crt": b"ca"}, GitCredentials(tls=ClientTLS(ca=b"ca"))),
        ({"caFile": b"ca"}, GitCredentials(tls=ClientTLS(ca=b"ca"))),
        ({"ca.crt": b"new", "caFile": b"old"}, GitCredentials(tls=ClientTLS(ca=b"new"))),
        (
            {"username": b"u", "password": b"p", "tls.crt": b"c", "tls.key": b"k"},
            GitCredentials(username="u", password="p", tls=ClientTLS(certificate=b"c", key=b"k")),
        ),
    ],
)
def test_a_secret_gives_credentials(data: dict[str, bytes], credentials: GitCredentials) -> None:
    assert GitCredentials.of_secret(data) == credentials


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "holds no credentials"),
        ({"token": b"t"}, "holds no credentials"),
        ({"githubAppID": b"1"}, "holds no credentials"),
        ({"identity": b"key"}, "no `known_hosts`"),
        ({"identity": b"key", "known_hosts": b""}, "no `known_hosts`"),
        ({"tls.crt": b"c"}, "one of `tls.crt` and `tls.key`"),
        ({"username": b"u", "password": b"geheim\xff"}, "`password` of the Secret is not a text"),
        ({"username": b"u", "password": b"geheim\nX-Evil: 1"}, "`password` of the Secret holds a line break"),
        ({"bearerToken": b"geheim\r\nX-Evil: 1"}, "`bearerToken` of the Secret holds a line break"),
    ],
)
def test_a_secret_that_does_not_do_is_an_error_that_tells_no_value(data: dict[str, bytes], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        GitCredentials.of_secret(data)

    assert "geheim" not in str(caught.value)
    assert caught.value.remedy


def test_no_credential_is_shown() -> None:
    ssh = SshIdentity(key=b"geheim", known_hosts=b"host", passphrase=b"geheim")
    credentials = GitCredentials(username="geheim", password="geheim", bearer_token="geheim", ssh=ssh)
    proxy = Proxy(address="http://proxy", username="geheim", password="geheim")
    connection = Connection(proxy=proxy, proxies={"https_proxy": "http://u:geheim@proxy"})

    assert "geheim" not in repr(credentials) + repr(connection)


def test_every_spelling_of_a_secret_is_known() -> None:
    ssh = SshIdentity(key=b"", known_hosts=b"", passphrase=b"ssh-pass\n")
    credentials = GitCredentials(username="u", password="p/w", ssh=ssh)
    proxies = {"https_proxy": "http://u:env%2Fpass@proxy:1", "http_proxy": "http://proxy"}
    connection = Connection(proxy=Proxy(address="http://p", username="u", password="x y"), proxies=proxies)

    assert {"p/w", "p%2Fw", "dTpwL3c=", "ssh-pass"} <= set(credentials.secrets)
    assert {"x y", "x%20y", "env%2Fpass", "env/pass"} <= set(connection.secrets)
    assert set(NOBODY.secrets) == {""}
