"""The bytes of an answer, within bounds of size and time (spec/registry.md 9.4)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import cast

import httpx

from imgupdate.errors import ScanError
from imgupdate.registry.clock import Deadline

_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 1 << 16


class TooLarge(ScanError):
    """An answer has more bytes than we read of its kind."""


def read_body(response: httpx.Response, limit: int, deadline: Deadline) -> bytes:
    """All bytes of a streamed answer, inflated.

    Raises:
        TooLarge: there are more than `limit`, before or after inflating.
        OutOfTime: the deadline passed while they came.
        ScanError: they are compressed in a way that we did not ask for, or badly.
        httpx.TransportError: the connection broke.

    """
    declared = response.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and len(declared) < 20 and int(declared) > limit:
        raise _too_large(limit)
    return b"".join(_bounded(_decoded(response, deadline), limit))


def read_start(response: httpx.Response, limit: int, deadline: Deadline) -> bytes:
    """The first bytes of an answer of which the rest does not matter; nothing where they cannot be made out.

    Raises:
        OutOfTime: the deadline passed while they came.
        httpx.TransportError: the connection broke.

    """
    kept: list[bytes] = []
    room = limit
    try:
        for chunk in _decoded(response, deadline):
            kept.append(chunk[:room])
            room -= len(kept[-1])
            if not room:
                break
    except _Undecodable:
        return b""
    return b"".join(kept)


class _Undecodable(ScanError):
    """The bytes are compressed in a way that we did not ask for, or badly."""


def _bounded(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise _too_large(limit)
        yield chunk


def _decoded(response: httpx.Response, deadline: Deadline) -> Iterator[bytes]:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    match encoding:
        case "" | "identity":
            return _raw(response, deadline)
        case "gzip" | "x-gzip":
            return _inflated(_raw(response, deadline))
        case _:
            raise _Undecodable(
                "the registry compressed its answer in a way that was not asked for",
                remedy="look for a proxy between here and the registry that changes answers",
            )


def _raw(response: httpx.Response, deadline: Deadline) -> Iterator[bytes]:
    for chunk in cast("httpx.SyncByteStream", response.stream):
        deadline.check()
        yield chunk


def _inflated(raw: Iterator[bytes]) -> Iterator[bytes]:
    """Inflate piece by piece, so that a small body which grows without end is dropped at the bound."""
    inflater = zlib.decompressobj(_GZIP)
    begun = False
    try:
        for chunk in raw:
            pending = chunk
            while pending:
                begun = True
                yield inflater.decompress(pending, _PIECE)
                pending = inflater.unconsumed_tail
                if inflater.eof:
                    pending = inflater.unused_data
                    inflater, begun = zlib.decompressobj(_GZIP), False
        yield inflater.flush()
    except zlib.error as error:
        raise _damaged() from error
    if begun:
        raise _damaged()


def _damaged() -> _Undecodable:
    return _Undecodable(
        "the registry sent compressed bytes that do not inflate",
        remedy="try again; if it stays so, tell the registry's operator",
    )


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"the registry sent more than {limit // 1024} KiB where less is enough",
        remedy="check that the image name leads to a container registry",
    )
