"""The plain patterns that Python's `re` matches exactly as RE2 does, in linear time too and at a third of the cost.

Such a pattern is anchored, has no alternatives, and never leaves a choice: whatever may be repeated or left out shares
no character with what may follow it. Then there is at most one way to match, so the engines cannot differ in which they
take, and a failure is found without trying others. `tests/patterns/test_direct.py` compares the two.
"""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(
    r"""
      (?P<open>\((?:\?P?<\w+>|(?!\?)))
    | (?P<close>\))
    | (?P<atom>
          (?P<literal>[A-Za-z0-9_/:,=@~#%&!"'<>;` -])
        | \\(?P<escaped>[.+_/:-])
        | (?P<digit>\\d)
        | \[(?P<members>(?:[A-Za-z0-9_.](?:-[A-Za-z0-9])?)+)\]
      )
      (?P<repeat>[*+?]|\{(?P<least>0|[1-9][0-9]{0,2})(?P<upward>,(?:0|[1-9][0-9]{0,2})?)?\})?
      (?![*+?{])
    """,
    re.ASCII | re.VERBOSE,
)
_MEMBER: Final = re.compile(r"(.)(?:-(.))?")
_DIGITS: Final = frozenset("0123456789")


def direct(pattern: str) -> re.Pattern[str] | None:
    """The same pattern for Python's `re`, to be matched at the start; None if it is not one of the plain ones.

    Groups have the same numbers and no names. The pattern must be one that RE2 takes.
    """
    if not pattern.startswith("^"):
        return None
    ends = pattern.endswith("$") and not pattern.endswith("\\$")
    end = len(pattern) - ends
    written = []
    # What may be repeated or left out just before the current place, and so must not begin what comes here.
    open_ended: frozenset[str] = frozenset()
    position = 1
    while position < end:
        found = _TOKEN.match(pattern, position, end)
        if found is None:
            return None
        position = found.end()
        if found["open"] or found["close"]:
            written.append("(" if found["open"] else ")")
            continue
        characters = _characters(found)
        if characters & open_ended:
            return None
        variable = found["upward"] or found["repeat"] in ("*", "+", "?")
        optional = found["repeat"] in ("*", "?") or found["least"] == "0"
        open_ended = (characters if variable else frozenset()) | (open_ended if optional else frozenset())
        written.append(found[0])
    return re.compile("".join(written) + (r"\Z" if ends else ""), re.ASCII)


def _characters(found: re.Match[str]) -> frozenset[str]:
    """The characters that an atom stands for."""
    if found["digit"]:
        return _DIGITS
    if found["members"] is None:
        return frozenset(found["literal"] or found["escaped"])
    return frozenset(
        chr(code)
        for first, last in _MEMBER.findall(found["members"])
        for code in range(ord(first), ord(last or first) + 1)
    )
