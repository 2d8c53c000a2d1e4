"""Results as people and programs read them: rows, diffs, and a JSON document."""

from imgupdate.report.diff import unified_diff
from imgupdate.report.document import SCHEMA, to_json
from imgupdate.report.problems import ranked
from imgupdate.report.rows import Row, rows
from imgupdate.report.text import clean, clean_line, counted, harmless, shorten

__all__ = [
    "SCHEMA",
    "Row",
    "clean",
    "clean_line",
    "counted",
    "harmless",
    "ranked",
    "rows",
    "shorten",
    "to_json",
    "unified_diff",
]
