"""Sprig's functions that a commit message cannot call, and why (spec/flux.md 5.9, design 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_REASONS: Final[tuple[tuple[str, str], ...]] = (
    (
        "now date date_in_zone dateInZone date_modify dateModify htmlDate htmlDateInZone",
        "Flux does not offer it, because it depends on the time or the time zone of the machine",
    ),
    ("ago", "it depends on the time at which the template runs; the commit itself carries its date"),
    (
        "randAlpha randAlphaNum randAscii randBytes randNumeric uuidv4",
        "Flux does not offer it, because it gives something else every time",
    ),
    ("randInt shuffle", "it gives something else every time, so the same update would get another message"),
    ("env expandenv", "Flux does not offer it, because it reads the environment, where secrets are"),
    ("getHostByName", "Flux does not offer it, because it asks the network"),
    (
        "bcrypt htpasswd",
        "it salts each hash at random, so the same update would get another message, and a commit is no place for it",
    ),
    (
        "encryptAES",
        "it begins with random bytes, so the same update would get another message, and a commit is no place for it",
    ),
    (
        "genPrivateKey genCA genCAWithKey genSignedCert genSignedCertWithKey",
        "it makes a key or a certificate, another one every time, and a commit message is no place for one",
    ),
    (
        "genSelfSignedCert genSelfSignedCertWithKey",
        "it makes a key or a certificate, another one every time, and a commit message is no place for one",
    ),
)


def _refused() -> Iterator[tuple[str, str]]:
    for names, reason in _REASONS:
        for name in names.split():
            yield name, f"the function {name} cannot be used: {reason}"


REFUSED: Final[Mapping[str, str]] = dict(_refused())
