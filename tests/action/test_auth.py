"""The input `registry-auth`, and what must not be seen."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.action.auth import RegistryAuth, key_secrets, proxy_secrets, read_registry_auth, token_secrets
from imgupdate.errors import UsageError
from imgupdate.registry.credentials.docker_config import DockerCredentials
from imgupdate.registry.credentials.helpers import Helpers
from imgupdate.registry.credentials.model import Credential


def basic(username: str, password: str) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode()


def found(auth: RegistryAuth, host: str, path: str = "org/app") -> Credential | None:
    """The credential that the registry room finds in what was read."""
    credentials = DockerCredentials(auth.config, "registry-auth", Helpers(""))
    assert credentials.warnings == []
    return credentials.find(host, path)


@pytest.mark.parametrize(
    "text",
    [
        "ghcr.io: {username: robot, password: 'a word'}",
        "ghcr.io:\n  username: robot\n  password: a word\n",
        "ghcr.io: 'robot:a word'",
        "ghcr.io: robot:a word",
        "https://ghcr.io/v2/: robot:a word",
        "GHCR.io/org: {username: robot, password: a word}",
        '{"ghcr.io": {"username": "robot", "password": "a word"}}',
        f"ghcr.io: {{auth: {basic('robot', 'a word')}}}",
        '{"auths": {"ghcr.io": {"username": "robot", "password": "a word"}}}',
        f"auths:\n  ghcr.io:\n    auth: {basic('robot', 'a word')}\n",
    ],
)
def test_each_way_to_write_a_user_and_a_password_is_understood_and_masked(text: str) -> None:
    auth = read_registry_auth(text)

    credential = found(auth, "ghcr.io")
    assert credential is not None
    assert (credential.username, credential.password) == ("robot", "a word")
    assert {"a word", basic("robot", "a word")} <= set(auth.secrets)
    assert "robot" not in auth.secrets
    assert "a word" not in repr(auth)


def test_a_password_of_digits_is_kept_as_it_is_written() -> None:
    credential = found(read_registry_auth("ghcr.io: {username: 007, password: 012345}"), "ghcr.io")

    assert credential is not None
    assert (credential.username, credential.password) == ("007", "012345")


def test_several_hosts_each_have_their_own() -> None:
    auth = read_registry_auth("ghcr.io: a:first-word\nquay.io: b:second-word\ndocker.io: c:third-word\n")

    passwords = [
        credential.password for host in ("ghcr.io", "quay.io", "index.docker.io") if (credential := found(auth, host))
    ]
    assert passwords == ["first-word", "second-word", "third-word"]


@pytest.mark.parametrize("key", ["identitytoken", "registrytoken"])
def test_tokens_are_taken_and_masked(key: str) -> None:
    auth = read_registry_auth(f"ghcr.io: {{{key}: a-long-token}}")

    assert json.loads(auth.config) == {"auths": {"ghcr.io": {key: "a-long-token"}}}
    assert auth.secrets == ("a-long-token",)


def test_a_whole_docker_configuration_passes_as_it_is() -> None:
    whole = {
        "auths": {"ghcr.io": {"auth": basic("a", "secret-word")}, "quay.io": {}},
        "credHelpers": {"gcr.io": "gcloud"},
        "HttpHeaders": {"X": "y"},
        "flag": True,
        "list": [1, None],
    }

    auth = read_registry_auth(json.dumps(whole))

    assert json.loads(auth.config) == whole | {"list": ["1", None]}
    assert set(auth.secrets) == {"secret-word", basic("a", "secret-word")}


WHOLE = {"auths": {"ghcr.io": {"auth": basic("a", "secret-word")}}}


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("secret:flux-system/login: 'a:secret-word'", {"username": "a", "password": "secret-word"}),
        (
            "secret:flux-system/login: {username: a, password: secret-word}",
            {"username": "a", "password": "secret-word"},
        ),
        (f"secret:flux-system/login: {{auth: {basic('a', 'secret-word')}}}", {"auth": basic("a", "secret-word")}),
        (f"secret:flux-system/login: {json.dumps(WHOLE)}", WHOLE),
        (f"secret:flux-system/login: {json.dumps(WHOLE, indent=2)}", WHOLE),
        (f"secret:flux-system/login: '{json.dumps(WHOLE)}'", WHOLE),
        (json.dumps({"secret:flux-system/login": json.dumps(WHOLE)}), WHOLE),
    ],
)
def test_what_a_secret_holds_is_given_by_its_name_and_masked(text: str, content: object) -> None:
    auth = read_registry_auth(text)

    assert auth.config == b""
    assert {name: json.loads(given) for name, given in auth.registry_secrets.items()} == {"flux-system/login": content}
    assert basic("a", "secret-word") in auth.secrets
    assert "secret-word" in auth.secrets
    assert basic("a", "secret-word") not in repr(auth)


def test_secrets_stand_beside_hosts_and_beside_a_whole_docker_configuration() -> None:
    hosts = read_registry_auth("ghcr.io: a:first-word\nsecret:login: b:second-word\n")
    whole = read_registry_auth(json.dumps(WHOLE | {"secret:login": "b:second-word"}))

    for auth, password in ((hosts, "first-word"), (whole, "secret-word")):
        credential = found(auth, "ghcr.io")
        assert credential is not None
        assert credential.password == password
        assert json.loads(auth.registry_secrets["login"])["password"] == "second-word"
        assert {password, "second-word"} <= set(auth.secrets)
        assert b"second-word" not in auth.config


def test_no_text_is_no_credentials() -> None:
    assert read_registry_auth(" \n") == RegistryAuth()


SECRET = "hunter2-and-more"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"ghcr.io: [{SECRET}", "is not YAML or JSON, see its line"),
        (f"ghcr.io: {{username: a, password: %{SECRET}}}", "is not YAML or JSON, see its line 1"),
        (SECRET, "is not a map"),
        (f"- {SECRET}", "is not a map"),
        (f"ghcr.io: a:{SECRET}\n---\nquay.io: b:{SECRET}", "is not a map"),
        (f"ghcr.io: a:{SECRET}\nghcr.io: b:{SECRET}", "in line 2 of the input registry-auth a key is there twice"),
        (f"? [{SECRET}]\n: b", "a key is there twice or is no text"),
        (f"ghcr.io: {SECRET}", "the credentials for 'ghcr.io' in the input registry-auth are empty or incomplete"),
        ("ghcr.io: 'a:'", "are empty or incomplete"),
        ("ghcr.io: a:", "is not YAML or JSON, see its line 1"),
        (f"ghcr.io: :{SECRET}", "are empty or incomplete"),
        ("ghcr.io:", "are empty or incomplete"),
        (f"ghcr.io: [a, {SECRET}]", "are a list"),
        (f"ghcr.io: {{user: a, password: {SECRET}}}", "have a key that is not one of username, password"),
        (f"ghcr.io: {{username: [a], password: {SECRET}}}", "have a key that is not one of"),
        (f"ghcr.io: {{password: {SECRET}}}", "lack a username or a password"),
        ("ghcr.io: {username: a, password: }", "lack a username or a password"),
        ("ghcr.io: {}", "lack a username or a password"),
        (f"'a host {SECRET}': a:b", "does not begin with a host"),
        ("".join(f"host-{number}.example: a:{SECRET}\n" for number in range(201)), "names more than 200 hosts"),
        (f"secret:{SECRET.upper()}: a:b", "names no Secret that there can be"),
        (f"secret:a/b/{SECRET}: a:b", "names no Secret that there can be"),
        (f"secret:login: {SECRET}", "the credentials for 'secret:login' in the input registry-auth are empty or"),
        (f"secret:login: '{{{SECRET}'", "is not YAML or JSON"),
        (f"secret:login: {{credHelpers: {SECRET}}}", "have a key that is not one of"),
        (f"a: &a [{SECRET}]\nb: *c", "is not YAML"),
        ("a\udc80: b", "is not YAML"),
    ],
)
def test_what_is_wrong_is_said_without_showing_any_of_it(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_registry_auth(text)

    assert said in caught.value.message
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.remedy


@given(st.text(max_size=60))
def test_no_text_is_the_end_of_it(text: str) -> None:
    try:
        auth = read_registry_auth(text)
    except UsageError:
        return
    assert not auth.config or isinstance(json.loads(auth.config), dict)


@pytest.mark.parametrize("ending", ["", "\0"])
def test_the_password_in_an_auth_is_masked_in_each_spelling_that_is_read(ending: str) -> None:
    packed = base64.urlsafe_b64encode(f"me:a>word?~~ÿ{ending}".encode()).decode().rstrip("=")

    for spelling in (packed, f"{packed[:8]} {packed[8:]}"):
        assert {"a>word?~~ÿ", basic("me", "a>word?~~ÿ")} <= set(
            read_registry_auth(json.dumps({"ghcr.io": {"auth": spelling}})).secrets
        )
    assert set(packed) & set("-_")


def test_an_auth_that_is_no_base64_is_masked_all_the_same() -> None:
    assert read_registry_auth("ghcr.io: {auth: '%%%-not-base64'}").secrets == ("%%%-not-base64",)
    assert read_registry_auth(f"ghcr.io: {{auth: {base64.b64encode(b'no-colon').decode()}}}").secrets == (
        base64.b64encode(b"no-colon").decode(),
    )


@pytest.mark.parametrize("password", ["secret-word", "secret-words", "secret-words."])
def test_an_auth_without_padding_hides_its_password(password: str) -> None:
    auth = read_registry_auth(f"ghcr.io: {{auth: {basic('me', password).rstrip('=')}}}")

    assert {password, basic("me", password)} <= set(auth.secrets)


def test_a_token_is_masked_as_it_is_and_as_git_sends_it() -> None:
    assert token_secrets("ghp_token") == ("ghp_token", basic("x-access-token", "ghp_token"))
    assert token_secrets("") == ()


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("http://me:p%40ss-word@proxy.example:3128", ("p%40ss-word", "p@ss-word", basic("me", "p@ss-word"))),
        ("http://me@proxy.example", ()),
        ("http://proxy.example", ()),
        ("http://[", ()),
        ("", ()),
    ],
)
def test_the_password_of_a_proxy_is_masked_in_each_of_its_forms(url: str, secrets: tuple[str, ...]) -> None:
    assert proxy_secrets(url) == secrets


def test_entries_of_a_docker_configuration_that_are_none_have_no_secrets() -> None:
    auth = read_registry_auth('{"auths": {"a.io": null, "b.io": [1], "c.io": {"auth": {}}}, "credsStore": "x"}')

    assert auth.secrets == ()
    assert read_registry_auth('{"auths": [], "credsStore": "x"}').secrets == ()


def test_of_a_private_key_only_the_lines_that_are_its_own_are_masked() -> None:
    lines = ["-----BEGIN PGP PRIVATE KEY BLOCK-----", "Comment: of a robot", "", "lQOYBGVtYWls", "=abcd", "-----END …"]

    assert key_secrets("\n".join(lines)) == ("lQOYBGVtYWls", "=abcd")
