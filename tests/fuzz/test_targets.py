"""The targets of `make fuzz`, on their seeds and on some bytes of any kind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import FIELDS, SEEDS, STATUSES, TARGETS, check_words, script_of

settings.register_profile("fuzz", max_examples=20_000, deadline=None)
LONG = settings.get_current_profile_name() == "fuzz"


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_target_holds_on_its_seeds_and_on_nothing(name: str) -> None:
    for seed in (*SEEDS[name], b""):
        TARGETS[name](seed)


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_target_holds_on_any_bytes(name: str) -> None:
    pieces = st.sampled_from([*SEEDS[name], *(b"\n" + letter for letter in FIELDS), b"\n\n", b"\0"])
    data = st.lists(pieces | st.binary(max_size=20), max_size=6).map(b"".join)

    @settings(max_examples=settings().max_examples if LONG else 50)
    @given(data)
    def holds(given_bytes: bytes) -> None:
        TARGETS[name](given_bytes)

    holds()


def test_every_target_has_seeds() -> None:
    assert SEEDS.keys() == TARGETS.keys()


def test_bytes_are_read_as_answers() -> None:
    assert script_of(b"jwBasic realm=x\nzno such letter\n\nbody\0a\0") == [
        (403, [(b"WWW-Authenticate", b"Basic realm=x")], b"body"),
        (STATUSES[0], [], b""),
        (200, [], b""),
    ]


@pytest.mark.parametrize("text", ["two\nlines", "an escape \x1b[2J", "the secret-of-alice"])
def test_words_that_steer_a_terminal_or_tell_a_secret_break_a_law(text: str) -> None:
    with pytest.raises(AssertionError):
        check_words(text)
