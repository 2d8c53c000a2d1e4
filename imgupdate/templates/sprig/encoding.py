"""Sprig's encodings, checksums and JSON."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Callable
from typing import Final

from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.sprig.declare import Table, costly, named, plain
from imgupdate.templates.sprig.json_reading import Unreadable, from_json
from imgupdate.templates.sprig.json_writing import Unwritable, to_json
from imgupdate.templates.values import ANY, STRING, from_bytes, to_bytes

_ALPHABET64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ALPHABET32: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LINE_ENDS: Final = b"\r\n"


class Corrupt(FunctionFailed):
    """A text is not in the encoding that it is decoded from."""

    def __init__(self, encoding: str, position: int) -> None:
        super().__init__(f"illegal {encoding} data at input byte {position}")


def decode_base64(data: bytes) -> bytes:
    """The bytes of base64 with padding; line ends are passed over. Raises Corrupt with the place."""
    kept = bytearray()
    places: list[int] = []
    for position, byte in enumerate(data):
        if byte in _LINE_ENDS:
            continue
        if byte not in _ALPHABET64:
            return _padded64(bytes(kept), data, position)
        kept.append(byte)
        places.append(position)
    if len(kept) % 4:
        raise Corrupt("base64", len(data) - len(kept) % 4)
    return base64.b64decode(bytes(kept))


def _padded64(kept: bytes, data: bytes, position: int) -> bytes:
    """The bytes where a character at a position is not of the alphabet: it may only be the padding at the end."""
    used = len(kept) % 4
    if data[position] != ord("=") or used < 2:
        raise Corrupt("base64", position)
    following = _after_line_ends(data, position + 1)
    if used == 2:
        if following == len(data):
            raise Corrupt("base64", following)
        if data[following] != ord("="):
            raise Corrupt("base64", following - 1)
        following = _after_line_ends(data, following + 1)
    if following < len(data):
        raise Corrupt("base64", following)
    return base64.b64decode(kept + b"=" * (4 - used))


def _after_line_ends(data: bytes, position: int) -> int:
    while position < len(data) and data[position] in _LINE_ENDS:
        position += 1
    return position


def decode_base32(data: bytes) -> bytes:
    """The bytes of base32 with padding; line ends are passed over. Raises Corrupt with the place among the others."""
    data = re.sub(rb"[\r\n]", b"", data)
    end = next((index for index, byte in enumerate(data) if byte not in _ALPHABET32), len(data))
    used = end % 8
    if end == len(data):
        if used:
            raise Corrupt("base32", len(data) - used)
        return base64.b32decode(data)
    rest = len(data) - end - 1
    if data[end] != ord("=") or used < 2 or rest >= 8:
        raise Corrupt("base32", end)
    if rest + used < 7:
        raise Corrupt("base32", len(data))
    for index in range(min(7 - used, rest)):
        if data[end + 1 + index] != ord("="):
            raise Corrupt("base32", end + index)
    if used in (3, 6):
        raise Corrupt("base32", end)
    return base64.b32decode(data[:end] + b"=" * (8 - used))


def _lenient(decode: Callable[[bytes], bytes]) -> Callable[[str], str]:
    """A function that gives what is wrong as its result, as Sprig's do."""

    def decoded(text: str) -> str:
        try:
            return from_bytes(decode(to_bytes(text)))
        except Corrupt as error:
            return str(error)

    return decoded


def _to_json(budget: Budget, value: object) -> str:
    return _or_empty(budget, value, None)


def _to_pretty_json(budget: Budget, value: object) -> str:
    return _or_empty(budget, value, "  ")


def _or_empty(budget: Budget, value: object, indent: str | None) -> str:
    try:
        return to_json(budget, value, indent=indent)
    except Unwritable:
        return ""


def _to_raw_json(budget: Budget, value: object) -> str:
    return to_json(budget, value, html=False)


def _from_json(budget: Budget, text: str) -> object:
    try:
        return from_json(budget, text)[0]
    except Unreadable:
        return None


def _must_from_json(budget: Budget, text: str) -> object:
    value, problem = from_json(budget, text)
    if problem:
        raise problem
    return value


FUNCTIONS: Final[Table] = (
    plain("b64enc", STRING, call=lambda text: base64.b64encode(to_bytes(text)).decode()),
    plain("b64dec", STRING, call=_lenient(decode_base64)),
    plain("b32enc", STRING, call=lambda text: base64.b32encode(to_bytes(text)).decode()),
    plain("b32dec", STRING, call=_lenient(decode_base32)),
    plain("sha1sum", STRING, call=lambda text: hashlib.sha1(to_bytes(text), usedforsecurity=False).hexdigest()),
    plain("sha256sum", STRING, call=lambda text: hashlib.sha256(to_bytes(text)).hexdigest()),
    plain("sha512sum", STRING, call=lambda text: hashlib.sha512(to_bytes(text)).hexdigest()),
    plain("adler32sum", STRING, call=lambda text: str(zlib.adler32(to_bytes(text)))),
    costly("toJson", ANY, call=_to_json),
    costly("mustToJson", ANY, call=to_json),
    costly("toPrettyJson", ANY, call=_to_pretty_json),
    costly("mustToPrettyJson", ANY, call=lambda budget, value: to_json(budget, value, indent="  ")),
    *named(("toRawJson", "mustToRawJson"), costly, ANY, call=_to_raw_json),
    costly("fromJson", STRING, call=_from_json),
    costly("mustFromJson", STRING, call=_must_from_json),
)
