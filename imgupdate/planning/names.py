"""Which policy and which part of its image a marker names, and whom a marker in a given file is served by."""

from __future__ import annotations

import difflib
from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from imgupdate.config.model import ActiveAutomation, Scope
from imgupdate.errors import shown
from imgupdate.results import ObjectKey, Part

_SUFFIXES = tuple(part for part in Part if part is not Part.REFERENCE)
_GUESSES = 50
"""How many unknown names get a suggestion: comparing them with all known ones is slow, and a few make the point."""

_SPELLING = "write namespace:policy as the ImagePolicy has them, or only the name for native configuration"

Cover = tuple[int, ...]
"""The automations that cover a file, as places in the sequence of all that run."""


class Standing(Enum):
    """What becomes of a marker in a file."""

    SERVED = auto()
    UNUSABLE = auto()
    NOT_TAKEN = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Named:
    """What a marker names. `policies` are those that serve it, one a scope; or the one that it names and nobody takes.

    `automations` are those through which it is served. `message` and `remedy` say what is wrong with an unknown name.
    """

    standing: Standing
    policies: tuple[ObjectKey, ...] = ()
    part: Part = Part.REFERENCE
    automations: frozenset[ObjectKey] = frozenset()
    message: str = ""
    remedy: str = ""


class Names:
    """The setters of all scopes, as markers spell them (spec/flux.md 5.1; without namespace if native).

    Where several scopes serve a marker, policies that have `chosen` something come first.
    """

    def __init__(
        self, scopes: Sequence[Scope], automations: Sequence[ActiveAutomation], chosen: Container[ObjectKey]
    ) -> None:
        self._setters: dict[str, dict[str, tuple[ObjectKey, Part]]] = {scope.name: _setters(scope) for scope in scopes}
        self._unusable = {key for scope in scopes for key in scope.unusable}
        self._automations = automations
        self._chosen = chosen
        self._found: dict[tuple[str, Cover], Named] = {}
        self._guesses = _GUESSES

    def find(self, setter: str, cover: Cover) -> Named:
        """What a setter means in a file that these automations cover."""
        if (named := self._found.get((setter, cover))) is None:
            named = self._found[setter, cover] = self._find(setter, [self._automations[number] for number in cover])
        return named

    def _find(self, setter: str, automations: Sequence[ActiveAutomation]) -> Named:
        served: dict[ObjectKey, Part] = {}
        serving: set[ObjectKey] = set()
        for automation in automations:
            known = self._setters.get(automation.key.scope, {}).get(setter)
            if known and known[0] in automation.policies:
                served[known[0]] = known[1]
                serving.add(automation.key)
        if served:
            policies = sorted(served, key=lambda policy: policy not in self._chosen)
            return Named(Standing.SERVED, tuple(policies), served[policies[0]], frozenset(serving))
        covering = dict.fromkeys(automation.key.scope for automation in automations)
        for scope in (*covering, *self._setters):
            known = self._setters.get(scope, {}).get(setter)
            if known:
                standing = Standing.UNUSABLE if known[0] in self._unusable else Standing.NOT_TAKEN
                return Named(standing, known[:1], known[1])
        return self._unknown(setter, tuple(covering))

    def _unknown(self, setter: str, scopes: tuple[str, ...]) -> Named:
        setters = {known: part for scope in scopes for known, (_, part) in self._setters.get(scope, {}).items()}
        base, _, suffix = setter.rpartition(":")
        if setters.get(base) is Part.REFERENCE:
            message = f"the marker {shown(setter)} asks for {shown(suffix)}, which no policy has"
            remedy = "an image has the parts name, tag and digest"
            return Named(Standing.UNKNOWN, message=message, remedy=remedy)
        return Named(
            Standing.UNKNOWN,
            message=f"the marker {shown(setter)} names no policy that is configured",
            remedy=self._guess(setter, sorted(setters)),
        )

    def _guess(self, setter: str, known: Sequence[str]) -> str:
        if not known:
            return "no policy is configured here"
        self._guesses -= 1
        if self._guesses < 0:
            return _SPELLING
        close = [other for other in known if other.partition(":")[2] == setter or other == setter.partition(":")[2]]
        close = close or difflib.get_close_matches(setter, known, n=1)
        return f"did you mean {shown(close[0])}?" if close else _SPELLING


def _setters(scope: Scope) -> dict[str, tuple[ObjectKey, Part]]:
    bases = {_base(key): key for key in sorted((*scope.policies, *scope.unusable))}
    suffixed = {f"{base}:{part}": (key, part) for base, key in bases.items() for part in _SUFFIXES}
    return suffixed | {base: (key, Part.REFERENCE) for base, key in bases.items()}


def _base(key: ObjectKey) -> str:
    return f"{key.namespace}:{key.name}" if key.namespace else key.name
