"""The targets under hypothesis: in the tests with a few examples, and at length where atheris does not install."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import FIELDS, SEEDS, TARGETS


def hold(name: str, examples: int, *, at_random: bool = False) -> None:
    """Throw so many inputs at a target, made of its seeds and of anything; `at_random` others each time."""
    pieces = st.sampled_from([*SEEDS[name], *(b"\n" + letter for letter in FIELDS), b"\n\n", b"\0"])

    @settings(max_examples=examples, deadline=None, derandomize=not at_random)
    @given(st.lists(pieces | st.binary(max_size=20), max_size=6).map(b"".join))
    def holds(data: bytes) -> None:
        TARGETS[name](data)

    holds()
