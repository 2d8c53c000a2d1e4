"""The outputs of the step by name. Nothing else is imported for them: they are set before the program is loaded."""

from __future__ import annotations

from collections.abc import Mapping

OUTPUTS = {
    "changed": "true where a marked field changes, or would change, against the files that are checked out.",
    "updates": "What changes: a JSON array, one object for each image and step.",
    "updated-count": "How many objects updates has.",
    "files": "The files that change: a JSON array of paths below the root.",
    "commits": "The commits that were made and pushed: a JSON array.",
    "pull-requests": "The pull requests that the run looked after: a JSON array.",
    "commit-sha": "The commit, where exactly one was made.",
    "commit-verified": "Whether GitHub holds it to be signed well: true or false, where exactly one was made.",
    "pull-request-number": "The number of the pull request, where there is exactly one.",
    "pull-request-url": "Its address.",
    "pull-request-operation": "What was done to it: created, updated, closed or none; none where there is none.",
    "pull-request-head-sha": "The commit at its head.",
    "pull-request-branch": "The branch that it comes from.",
    "pull-request-commits-verified": "Whether GitHub holds the new commits to be signed well: true or false.",
}
"""Every output and what it says; the pages and `action.yml` say the same."""

NOTHING: Mapping[str, str] = {
    **dict.fromkeys(OUTPUTS, ""),
    "changed": "false",
    "updates": "[]",
    "updated-count": "0",
    "files": "[]",
    "commits": "[]",
    "pull-requests": "[]",
    "pull-request-operation": "none",
}
"""The outputs of a run that did nothing, or did not come to its end."""
