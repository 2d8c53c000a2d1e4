"""GitHub in a box, for tests, for the demo and for the container: its API over one real bare repository.

    with GitHubTwin(tmp_path / "fleet.git") as github:
        github.push("main", {"app.yaml": "tag: 1.0.0"})
        ...                      # let the code under test talk to github.api_url with the token github.workflow.value
        assert github.tree("main") == {"app.yaml": b"tag: 1.0.1"}
        assert [pull.title for pull in github.pulls()] == ["Update images"]

**What it is.** Every object has its genuine hash and every ref is git's, so `directory` and `clone_url` serve the git
program too. `enterprise=True` puts the API under `/api/v3`, as GitHub Enterprise Server does.

**Contract.** Each request and each answer is held against GitHub's own description (`openapi.json`); for GraphQL,
names, input types and selections are. The end of the `with` block fails the test where one was broken; `breaches`
lists them.

**Tokens.** `github.workflow` (github-actions[bot]), `github.app`, `github.person`;
`admit(workflow_token(contents="read"))` changes what one may. Commits without an author are GitHub's and verified for
bots; a person's are the person's and unsigned.

**Failures.** `fail(faults.secondary_limit(retry_after=1), on="git/update-ref")`: by operation (`github.calls` shows the
names; `graphql/updateRefs` for GraphQL), by the call's number (`at=3`), several `times`, `after=True` once the call has
had its effect. `faults.dropped()` closes the connection. `inject` of every HTTP twin spoils the wire itself.

**Races and crashes.** `before` and `after` are called around every call with a `SeenCall` that has its number, counted
from 1, while no lock is held: push, merge or kill there. What `before` returns is the failure of that call.

**People.** `push`, `propose` (from a fork), `reset_branch`, `delete_branch`, `tag`, `close_pull`, `merge_pull`,
`approve`, `review`, `comment`, `edit_pull`, `protect`, `add_collaborator`, `add_team`, `add_milestone`;
`world.settings` are the repository's. Looks: `tree`, `modes`, `log`, `head`, `branches`, `pulls`, `comments`,
`push_options`, and `calls`.

By itself: `python -m tests.twins.github --help`.
"""

from __future__ import annotations

from tests.twins.github import faults
from tests.twins.github.accounts import Account, Token, app_token, person_token, workflow_token
from tests.twins.github.people import Logged
from tests.twins.github.server import GitHubTwin, SeenCall
from tests.twins.github.world import Pull, Rules, Settings

__all__ = [
    "Account",
    "GitHubTwin",
    "Logged",
    "Pull",
    "Rules",
    "SeenCall",
    "Settings",
    "Token",
    "app_token",
    "faults",
    "person_token",
    "workflow_token",
]
