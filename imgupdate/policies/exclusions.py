"""The exclusion list of an image, and the order in which policies see its tags (spec/flux.md 4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from imgupdate.patterns import Pattern

DEFAULT_EXCLUSION: Final = r"^.*\.sig$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """Patterns of tags that no policy sees. Made by `compile_exclusions`; equal if written alike."""

    patterns: tuple[str, ...]
    _signatures: bool = field(compare=False, repr=False)
    _others: tuple[Pattern, ...] = field(compare=False, repr=False)

    def excludes(self, tag: str) -> bool:
        """Whether any pattern matches anywhere in a tag."""
        return not self.without([tag])

    def without(self, tags: list[str]) -> list[str]:
        """The tags that no pattern matches, in the order given."""
        kept = tags
        if self._signatures:
            # What the default pattern matches; its dot does not match a line break.
            kept = [tag for tag in kept if not tag.endswith(".sig") or "\n" in tag]
        for pattern in self._others:
            matches = pattern.search
            kept = [tag for tag in kept if not matches(tag)]
        return kept


def compile_exclusions(patterns: Sequence[str]) -> Exclusions:
    """Compile an exclusion list; an empty one stands for cosign's signatures, as in Flux (spec/flux.md 4.3).

    Raises:
        InvalidPattern: one of them does not compile.

    """
    texts = tuple(patterns) or (DEFAULT_EXCLUSION,)
    others = tuple(Pattern(text) for text in texts if text != DEFAULT_EXCLUSION)
    return Exclusions(patterns=texts, _signatures=DEFAULT_EXCLUSION in texts, _others=others)


def stored_order(tags: Iterable[str], exclusions: Exclusions) -> list[str]:
    """The tags that policies see: each once, without the excluded, in descending order of bytes (spec/flux.md 4.3)."""
    return sorted(dict.fromkeys(exclusions.without(list(tags))), reverse=True)
