"""Sprig 3.3.0's functions, those that Flux offers in commit messages and whose result depends on nothing else.

They were written from what Sprig does, and `tests/conformance/sprig.jsonl` holds what it answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from imgupdate.templates.functions import Function
from imgupdate.templates.sprig import (
    crypto,
    dates,
    defaults,
    dicts,
    encoding,
    lists,
    numbers,
    paths,
    regex,
    semver,
    strings,
    urls,
)
from imgupdate.templates.sprig.refused import REFUSED

__all__ = ["FUNCTIONS", "REFUSED"]

_MODULES: Final = (crypto, dates, defaults, dicts, encoding, lists, numbers, paths, regex, semver, strings, urls)

FUNCTIONS: Final[Mapping[str, Function]] = {
    function.name: function for module in _MODULES for function in module.FUNCTIONS
}
"""By name; a name that is neither here nor in REFUSED is unknown to Sprig."""
