"""Users' regular expressions, in Go's dialect: RE2's search and Go's `Regexp.Expand`.

The only room that imports re2.
"""

from __future__ import annotations

from imgupdate.patterns.pattern import Pattern

__all__ = ["Pattern"]
