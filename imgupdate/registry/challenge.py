"""`WWW-Authenticate` in all the shapes that registries give it (RFC 9110 section 11, spec/registry.md 2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LONGEST_HEADER = 16_384

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'({_WORD})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_SCHEME = re.compile(_WORD)
_OPAQUE = re.compile(r"[ \t]+[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))")
_SPACE = re.compile(r"[\s,]*")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One way that a server offers to authenticate; scheme and parameter names in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def realm(self) -> str:
        """Where tokens are had; empty where the challenge does not say."""
        return self.parameters.get("realm", "")

    @property
    def service(self) -> str:
        """The name that the token server knows the registry by."""
        return self.parameters.get("service", "")

    @property
    def scopes(self) -> tuple[str, ...]:
        """What a token has to open."""
        return tuple(self.parameters.get("scope", "").split())


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """The challenges of all `WWW-Authenticate` headers, in order; what cannot be read ends its header."""
    return tuple(challenge for header in headers for challenge in _parse(header[:LONGEST_HEADER]))


def _parse(header: str) -> list[Challenge]:
    found: list[Challenge] = []
    end = 0
    position = _after_space(header, 0)
    while scheme := _SCHEME.match(header, position):
        if found and "," not in header[end:position]:
            break
        parameters: dict[str, str] = {}
        end = scheme.end()
        opaque = _OPAQUE.match(header, end)
        if opaque:
            end = opaque.end()
        position = _after_space(header, end)
        while parameter := _PARAMETER.match(header, position):
            value = _ESCAPE.sub(r"\1", parameter[2]) if parameter[2] is not None else parameter[3]
            parameters.setdefault(parameter[1].lower(), value)
            end = parameter.end()
            position = _after_space(header, end)
        found.append(Challenge(scheme=scheme[0].lower(), parameters=parameters))
    return found


def _after_space(header: str, position: int) -> int:
    match = _SPACE.match(header, position)
    return match.end() if match else position
