"""`python -m benchmarks.plan_tree ROOT`: plan a tree of `corpus` and print how many fields would change."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.corpus import scope_and_outcomes
from imgupdate.planning import plan
from imgupdate.results import Plan
from imgupdate.workspace import Workspace


def plan_tree(root: Path) -> Plan:
    """What has to change in the tree; nothing is written."""
    scope, automation, outcomes = scope_and_outcomes()
    return plan(Workspace(root), [scope], [automation], outcomes)


if __name__ == "__main__":
    print(len(plan_tree(Path(sys.argv[1])).changes))
