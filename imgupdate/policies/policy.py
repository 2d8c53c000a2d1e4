"""A policy, compiled: filter, keys, choice, and the reasons when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from imgupdate.errors import InvalidPolicy, NoTagSelected, shown
from imgupdate.patterns import Pattern
from imgupdate.policies.choices import Choice, TagFilter
from imgupdate.policies.exclusions import Exclusions
from imgupdate.policies.rules import Rule, compile_rule
from imgupdate.results import Explanation, TagOrder, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The tag that a policy chose, as published, and the key that it won by."""

    tag: str
    key: str
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPolicy:
    """A policy and the filter before it, compiled. Made by `compile_policy`; equal if written alike."""

    choice: Choice
    filter: TagFilter | None
    _rule: Rule = field(compare=False, repr=False)
    _pattern: Pattern | None = field(compare=False, repr=False)
    _extract: Callable[[str], str | None] | None = field(compare=False, repr=False)

    def choose(self, tags: Iterable[str], *, explain: bool = False) -> Chosen:
        """The tag to deploy; the same for any order of the tags.

        Raises:
            NoTagSelected: there are no tags, the filter passes none, none is in the range, or one is not a number.

        """
        ascending = sorted(tags)
        keys = self._keys(ascending)
        best = self._best(keys)
        explanation = self.explain(ascending) if explain else None
        return Chosen(tag=ascending[keys.index(best)], key=best, explanation=explanation)

    def explain(self, tags: Iterable[str]) -> Explanation:
        """A verdict for each tag, in descending order, also where nothing can be chosen. Never raises."""
        ascending = sorted(tags)
        keys = self._keys(ascending)
        tag_of = dict(zip(reversed(keys), reversed(ascending), strict=True))
        best: str | None
        try:
            best, reason = self._best(keys), self._rule.choosing
        except NoTagSelected as error:
            best, reason = None, error.message
        return Explanation(
            verdicts=tuple(
                self._verdict(tag, key, tag_of[key], best)
                for key, tag in zip(reversed(keys), reversed(ascending), strict=True)
            ),
            chosen="" if best is None else tag_of[best],
            key=best or "",
            reason=reason,
        )

    @property
    def unknown_groups(self) -> tuple[str, ...]:
        """What `extract` refers to and the pattern does not have: always empty in Flux, and rarely meant."""
        return self._pattern.unknown(self.filter.extract) if self._pattern and self.filter else ()

    def admits(self, tag: str) -> bool:
        """Whether the policy could choose the tag if it were the only one."""
        key = self._key(tag)
        return key is not None and not self._rule.refusal(key)

    def outranks(self, tag: str, other: str) -> bool:
        """Whether the policy ranks the first of two admitted tags strictly above the second, by their keys."""
        key, rival = self._key(tag), self._key(other)
        return key is not None and rival is not None and self._rule.outranks(key, rival)

    def _key(self, tag: str) -> str | None:
        """What a tag is compared by, None if the filter drops it."""
        if self._extract:
            return self._extract(tag)
        return tag if self._pattern is None or self._pattern.search(tag) else None

    def _keys(self, tags: list[str]) -> Sequence[str | None]:
        """What each of the tags is compared by, None for those that the filter drops."""
        return tags if self._pattern is None else list(map(self._extract or self._key, tags))

    def _best(self, keys: Sequence[str | None]) -> str:
        """The key to choose, of keys in ascending order of their tags.

        Of several tags with one key, the byte-wise smallest counts (spec/flux.md 3.3), and that is the first.
        """
        each_once = keys if self._extract is None else dict.fromkeys(keys)
        candidates = [key for key in each_once if key is not None]
        if candidates:
            return self._rule.best(candidates)
        if self.filter is None or not keys:
            raise NoTagSelected("there is no tag to choose from", remedy="publish one, or look at the exclusion list")
        raise NoTagSelected(
            f"the filter {shown(self.filter.pattern)} matches none of {len(keys)} tags",
            remedy="correct filterTags.pattern",
        )

    def _verdict(self, tag: str, key: str | None, namesake: str, best: str | None) -> Verdict:
        """What the policy made of a tag: of its key, which the smallest tag of that key stands for, beside the best."""
        if key is None:
            return Verdict(tag, kept=False, key="", reason="the filter does not match")
        if namesake != tag:
            return Verdict(tag, kept=False, key=key, reason=f"{shown(namesake)} has the same key and comes first")
        if refusal := self._rule.refusal(key):
            return Verdict(tag, kept=False, key=key, reason=refusal)
        if best is None:
            reason = "nothing is chosen"
        elif key == best:
            reason = "chosen"
        elif self._rule.outranks(best, key):
            reason = f"ranks below {shown(best)}"
        else:
            reason = f"ranks with {shown(best)}, and the tie is decided by the tags"
        return Verdict(tag, kept=True, key=key, reason=reason)


def compile_policy(choice: Choice | None, tag_filter: TagFilter | None) -> TagPolicy:
    """Check and compile a policy and its filter.

    Raises:
        InvalidPolicy: there is no choice.
        InvalidRange: the range does not parse.
        InvalidPattern: the filter's pattern does not compile.

    """
    if choice is None:
        raise InvalidPolicy("the policy is empty", remedy="give it one of semver, alphabetical or numerical")
    rule = compile_rule(choice)
    pattern = Pattern(tag_filter.pattern) if tag_filter else None
    extract = pattern.expander(tag_filter.extract) if pattern and tag_filter and tag_filter.extract else None
    return TagPolicy(choice=choice, filter=tag_filter, _rule=rule, _pattern=pattern, _extract=extract)


@dataclass(frozen=True, slots=True)
class ScanOrder(TagOrder):
    """How a policy judges tags of an image that excludes some of them before."""

    exclusions: Exclusions
    policy: TagPolicy

    def admits(self, tag: str) -> bool:
        """Whether the tag is not excluded, and the policy could choose it if it were the only one."""
        return not self.exclusions.excludes(tag) and self.policy.admits(tag)

    def outranks(self, tag: str, other: str) -> bool:
        """Whether the policy ranks the first of two admitted tags strictly above the second."""
        return self.policy.outranks(tag, other)
