"""`with:` as values: every input is read and checked, and all that is wrong is said at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

from imgupdate.action.auth import RegistryAuth, key_secrets, proxy_secrets, read_registry_auth, token_secrets
from imgupdate.cli.checks import branch_name, host_names, title_template
from imgupdate.cli.inputs import BY_NAME, Kind
from imgupdate.errors import UsageError, shown
from imgupdate.publish.settings import GroupBy, Mode
from imgupdate.remote import Decoration, MergeMethod
from imgupdate.report.text import clean
from imgupdate.results import Problem, Severity

Value = TypeVar("Value")

_PREFIX = "INPUT_"
_PROXIES = tuple(f(f"{kind}_proxy") for kind in ("http", "https", "all") for f in (str.lower, str.upper))
_OF_CLOUDS = (
    *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    *("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "IDENTITY_HEADER"),
    *("GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
)
_OF_THE_RUNNER = frozenset({"entrypoint", "args"})
_TRUE, _FALSE = frozenset({"true", "True", "TRUE"}), frozenset({"false", "False", "FALSE"})
_MOST_ITEMS, _LONGEST_ITEM = 100, 256
_MOST_UNKNOWN = 5


class WrongInputs(UsageError):
    """Inputs that cannot be used, each with its reason."""

    def __init__(self, errors: tuple[UsageError, ...]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the workflow says, by the names of the inputs."""

    token: str = field(default="", repr=False)
    path: str = "."
    config: str = ""
    namespace: str = "flux-system"
    publish: Mode = Mode.AUTO
    base: str = ""
    branch: str = ""
    title: str = ""
    decoration: Decoration = field(default_factory=Decoration)
    draft: bool = False
    auto_merge: MergeMethod | None = None
    group_by: GroupBy = GroupBy.AUTOMATION
    registry_auth: bytes = field(default=b"", repr=False)
    registry_secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    ambient_credentials: bool = True
    token_servers: frozenset[str] = frozenset()
    cache_dir: str = ""
    respect_interval: bool = False
    images: tuple[str, ...] = ()
    sign: str = ""
    signing_key: bytes = field(default=b"", repr=False)
    signing_passphrase: bytes = field(default=b"", repr=False)
    dry_run: bool = False
    fail_on: str = "error"


def secrets_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Everything that must be masked before anything else is said, whether or not the inputs can be used."""
    found = [*token_secrets(_given(environment, "token")), *key_secrets(_given(environment, "signing-key"))]
    found.append(_given(environment, "signing-passphrase"))
    for text in (_given(environment, "registry-auth"), environment.get("DOCKER_AUTH_CONFIG", "")):
        with suppress(UsageError):
            found += read_registry_auth(text).secrets
    found += [secret for name in _PROXIES for secret in proxy_secrets(environment.get(name, ""))]
    found += [environment.get(name, "").strip() for name in _OF_CLOUDS]
    return tuple(secret for secret in dict.fromkeys(found) if secret)


def read_inputs(environment: Mapping[str, str]) -> Inputs:
    """The inputs of the step.

    Raises:
        WrongInputs: some are wrong; each is named.

    """
    reader = _Reader(environment)
    auth = reader.read("registry-auth", read_registry_auth) or RegistryAuth()
    auto_merge = reader.choice("auto-merge")
    inputs = Inputs(
        token=reader.read("token", _one_word) or "",
        path=reader.text("path") or ".",
        config=reader.text("config"),
        namespace=reader.text("namespace") or BY_NAME["namespace"].default,
        publish=Mode(reader.choice("publish")),
        base=reader.branch("base"),
        branch=reader.branch("branch"),
        title=reader.read("title", lambda text: title_template(text, "the text")) or "",
        decoration=Decoration(
            labels=reader.items("labels"),
            assignees=tuple(item.removeprefix("@") for item in reader.items("assignees")),
            reviewers=tuple(item.removeprefix("@") for item in reader.items("reviewers")),
            team_reviewers=tuple(item.rpartition("/")[2] for item in reader.items("team-reviewers")),
            milestone=reader.text("milestone"),
        ),
        draft=reader.flag("draft"),
        auto_merge=MergeMethod(auto_merge) if auto_merge else None,
        group_by=GroupBy(reader.choice("group-by")),
        registry_auth=auth.config,
        registry_secrets=auth.registry_secrets,
        ambient_credentials=reader.choice("ambient-credentials") == "use",
        token_servers=reader.read("token-servers", lambda text: host_names(_items(text), "the text")) or frozenset(),
        cache_dir=reader.text("cache-dir"),
        respect_interval=reader.flag("respect-interval"),
        images=reader.items("images"),
        sign=reader.choice("sign"),
        signing_key=_key(reader.text("signing-key")),
        signing_passphrase=reader.text("signing-passphrase").encode(errors="surrogateescape"),
        dry_run=reader.flag("dry-run"),
        fail_on=reader.choice("fail-on"),
    )
    if reader.errors:
        raise WrongInputs(tuple(reader.errors))
    return inputs


def unknown_inputs(environment: Mapping[str, str]) -> Iterator[Problem]:
    """A warning for each input that there is not, with the one that may be meant."""
    names = sorted(name.removeprefix(_PREFIX).lower() for name in environment if name.startswith(_PREFIX))
    unknown = [name for name in names if name not in BY_NAME and name not in _OF_THE_RUNNER]
    for name in unknown[:_MOST_UNKNOWN]:
        close = get_close_matches(name.replace("_", "-"), BY_NAME, n=1)
        remedy = f"did you mean {close[0]}?" if close else "the inputs are listed in docs/action.md"
        yield Problem(
            severity=Severity.WARNING, message=f"there is no input {clean(shown(name))}, it does nothing", remedy=remedy
        )


def _given(environment: Mapping[str, str], name: str) -> str:
    """The text of an input, without the space around it; the runner sets those that a workflow leaves out to none."""
    return environment.get(f"{_PREFIX}{name.upper()}", "").strip()


class _Reader:
    """Reads input after input, and collects what is wrong."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.errors: list[UsageError] = []

    def read(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        """What an input means, None where it is empty or wrong."""
        text = _given(self._environment, name)
        if not text:
            return None
        try:
            return parse(text)
        except UsageError as error:
            known = BY_NAME[name]
            what = error.message if f"input {name}" in error.message else f"the input {name}: {error.message}"
            self.errors.append(UsageError(what, remedy=error.remedy or known.description))
            return None

    def text(self, name: str) -> str:
        """A text as it is."""
        return self.read(name, _text if BY_NAME[name].kind is Kind.TEXT else str) or ""

    def branch(self, name: str) -> str:
        """The name of a branch."""
        return self.read(name, lambda text: branch_name(text, "the text")) or ""

    def choice(self, name: str) -> str:
        """One of the words that the input knows, its default where it is empty or wrong."""
        known = BY_NAME[name]

        def parse(text: str) -> str:
            if text in known.choices:
                return text
            close = get_close_matches(text.lower(), known.choices, n=1)
            meant = f"did you mean {close[0]}? " if close else ""
            empty = "" if known.default else ", or nothing"
            raise UsageError(
                f"{shown(text)} is none of its values", remedy=f"{meant}write one of {', '.join(known.choices)}{empty}"
            )

        return self.read(name, parse) or known.default

    def flag(self, name: str) -> bool:
        """True or false, in one of the spellings that actions take."""

        def parse(text: str) -> bool:
            if text not in _TRUE | _FALSE:
                raise UsageError(f"{shown(text)} is neither true nor false", remedy="write true or false")
            return text in _TRUE

        found = self.read(name, parse)
        return BY_NAME[name].default == "true" if found is None else found

    def items(self, name: str) -> tuple[str, ...]:
        """What stands between commas and line breaks, each once."""
        return self.read(name, _items) or ()


def _text(text: str) -> str:
    if not text.isprintable():
        raise UsageError(f"{shown(text)} holds a line break or a control character", remedy="write it on one line")
    return text


def _one_word(text: str) -> str:
    """A token. What is wrong with it is not shown."""
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise UsageError("it holds a space or a character that no token has", remedy="set the secret anew")
    return text


def _items(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(item for part in re.split(r"[,\r\n]", text) if (item := part.strip())))
    if len(found) > _MOST_ITEMS:
        raise UsageError(f"it lists more than {_MOST_ITEMS} items", remedy="list fewer")
    wrong = next((item for item in found if len(item) > _LONGEST_ITEM or not item.isprintable()), None)
    if wrong is not None:
        raise UsageError(
            f"its item {shown(wrong)} is too long or holds a control character",
            remedy="separate items by commas or line breaks",
        )
    return found


def _key(text: str) -> bytes:
    """A private key as programs read it: with a line break at its end, and none of Windows'."""
    return (text.replace("\r\n", "\n") + "\n").encode(errors="surrogateescape") if text else b""
