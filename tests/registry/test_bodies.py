"""Bodies within bounds: size, time, and what compression can hide."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import ScanError
from imgupdate.registry.bodies import TooLarge, read_body, read_start
from imgupdate.registry.clock import Deadline, OutOfTime
from tests.registry.support import FakeClock


class Chunks(httpx.SyncByteStream):
    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks


def response(*chunks: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(
        200, headers={name.replace("_", "-"): value for name, value in headers.items()}, stream=Chunks(*chunks)
    )


def deadline(seconds: float = 60) -> Deadline:
    return Deadline(FakeClock(), seconds)


def test_a_body_is_put_together() -> None:
    assert read_body(response(b"ab", b"", b"c"), 3, deadline()) == b"abc"


@given(st.binary(max_size=3000), st.integers(1, 400))
def test_a_compressed_body_is_inflated_however_it_is_cut(data: bytes, size: int) -> None:
    packed = gzip.compress(data)
    chunks = [packed[i : i + size] for i in range(0, len(packed), size)]

    assert read_body(response(*chunks, content_encoding="gzip"), 3000, deadline()) == data


def test_several_compressed_members_are_one_body() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two")

    assert read_body(response(packed, content_encoding=" X-GZIP "), 100, deadline()) == b"one two"


def test_a_body_beyond_the_bound_is_refused() -> None:
    with pytest.raises(TooLarge, match="more than 1 KiB"):
        read_body(response(b"x" * 700, b"x" * 700), 1024, deadline())


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    with pytest.raises(TooLarge):
        read_body(response(content_length="1025"), 1024, deadline())


def test_a_size_that_is_no_number_is_passed_over() -> None:
    assert read_body(response(b"x", content_length="much"), 1024, deadline()) == b"x"


def test_a_small_body_that_inflates_without_end_is_dropped_at_the_bound() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            read_body(response(bomb, content_encoding="gzip"), 1 << 20, deadline())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(bomb) < 100_000
    assert peak < 4 << 20


@pytest.mark.parametrize("data", [b"not gzip", gzip.compress(b"abc" * 100, mtime=0)[:-12], b"\x1f\x8b"])
def test_damaged_compression_is_an_error(data: bytes) -> None:
    with pytest.raises(ScanError, match="do not inflate"):
        read_body(response(data, content_encoding="gzip"), 1024, deadline())


def test_compression_that_was_not_asked_for_is_an_error() -> None:
    with pytest.raises(ScanError, match="not asked for"):
        read_body(response(b"x", content_encoding="br"), 1024, deadline())


def test_a_body_that_does_not_end_in_time_is_an_error() -> None:
    clock = FakeClock(tick=0.5)

    with pytest.raises(OutOfTime, match="within 5 s"):
        read_body(response(*[b"x"] * 100), 1024, Deadline(clock, 5))


def test_the_start_of_a_body_is_cut_at_the_bound() -> None:
    assert read_start(response(b"abc", b"def", b"ghi"), 5, deadline()) == b"abcde"


def test_a_start_that_cannot_be_made_out_is_empty() -> None:
    assert read_start(response(b"abc", content_encoding="br"), 5, deadline()) == b""
    assert read_start(response(b"abc", content_encoding="gzip"), 5, deadline()) == b""
