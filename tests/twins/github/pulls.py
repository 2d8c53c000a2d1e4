"""Pull requests (`/pulls…`)."""

from __future__ import annotations

from collections.abc import Mapping

from tests.twins.github.accounts import WRITE
from tests.twins.github.calls import Call, Refused, Reply, invalid, missing
from tests.twins.github.contract import Json
from tests.twins.github.objects import now
from tests.twins.github.repository import MergeConflict, RefRefused
from tests.twins.github.shapes import Shapes
from tests.twins.github.world import MergeMethod, Pull

TITLE_LIMIT = 256
BODY_LIMIT = 65_536
COMMITS_OF_A_PULL = 250


def pull_of(call: Call) -> Pull:
    """The pull request that the path names."""
    number = int(call.parameters.get("pull_number") or call.parameters["issue_number"])
    if number not in call.world.pulls:
        raise missing()
    return call.world.pulls[number]


def check_text(body: Mapping[str, Json]) -> None:
    """Refuse a title or body that is too long, or an empty title."""
    title, text = body.get("title"), body.get("body")
    if title is not None and not str(title).strip():
        raise invalid("Issue", "title", code="missing_field")
    if title is not None and len(str(title)) > TITLE_LIMIT:
        raise invalid("Issue", "title", message=f"title is too long (maximum is {TITLE_LIMIT} characters)")
    if text is not None and len(text) > BODY_LIMIT:
        raise invalid("Issue", "body", message=f"body is too long (maximum is {BODY_LIMIT} characters)")


def list_pulls(call: Call) -> Reply:
    """Those that fit; `head` counts only with its owner, as on GitHub."""
    state = call.asked("state", "open")
    pulls = [pull for pull in call.world.pulls.values() if state in {"all", pull.state}]
    if ":" in (head := call.asked("head")):
        owner, _, branch = head.partition(":")
        owners = {pull.number: (pull.fork or call.world.owner).login.lower() for pull in pulls}
        pulls = [pull for pull in pulls if pull.head == branch and owners[pull.number] == owner.lower()]
    if base := call.asked("base"):
        pulls = [pull for pull in pulls if pull.base == base]
    sort = call.asked("sort", "created")
    down = call.asked("direction", "desc" if sort == "created" else "asc") == "desc"
    pulls.sort(key=lambda pull: (pull.updated if sort == "updated" else pull.created, pull.number), reverse=down)
    page, headers = call.page(pulls)
    shapes = Shapes(call.world)
    return Reply(body=[shapes.simple_pull(pull) for pull in page], headers=headers)


def create_pull(call: Call) -> Reply:
    """Open a pull request."""
    world, body = call.world, call.body
    if call.token.kind == "workflow" and not world.settings.actions_may_create_pull_requests:
        raise Refused(403, "GitHub Actions is not permitted to create or approve pull requests.")
    if "title" not in body:
        raise invalid("PullRequest", "title", code="missing_field")
    check_text(body)
    owner, colon, branch = body["head"].rpartition(":")
    head, base = world.repository.branch(branch), world.repository.branch(body["base"])
    if head is None or (colon and owner.lower() != world.owner.login.lower()):
        raise invalid("PullRequest", "head", code="invalid")
    if base is None:
        raise invalid("PullRequest", "base", code="invalid")
    if body.get("draft") and not world.settings.drafts:
        raise Refused(422, "Draft pull requests are not supported in this repository.")
    check_new(call, branch, body["base"], head, base)
    pull = Pull(
        id=next(world.ids),
        number=next(world.numbers),
        title=body["title"],
        body=body.get("body"),
        user=call.token.account,
        head=branch,
        base=body["base"],
        head_sha=head,
        base_sha=base,
        created=now(),
        updated=now(),
        draft=body.get("draft", False),
        maintainer_can_modify=body.get("maintainer_can_modify", False),
    )
    world.pulls[pull.number] = pull
    # GitHub finds out in the background whether it can be merged.
    unknown = {"mergeable": None, "mergeable_state": "unknown"}
    return Reply(status=201, body={**Shapes(world).pull(pull), **unknown})


def check_new(call: Call, branch: str, base_branch: str, head: str, base: str) -> None:
    """Refuse a pull request that there is already, or that would have nothing to merge."""
    world = call.world
    there = {(pull.head, pull.base) for pull in world.open_pulls() if pull.fork is None}
    if (branch, base_branch) in there:
        message = f"A pull request already exists for {world.owner.login}:{branch}."
        raise invalid("PullRequest", message=message)
    if world.repository.contains(base, head):
        raise invalid("PullRequest", message=f"No commits between {base_branch} and {branch}")
    if world.repository.merge_base(base, head) is None:
        message = f"The {branch} branch has no history in common with {base_branch}"
        raise invalid("PullRequest", message=message)


def get_pull(call: Call) -> Reply:
    """A pull request."""
    return Reply(body=Shapes(call.world).pull(pull_of(call)))


def update_pull(call: Call) -> Reply:
    """Another title, body, base or state."""
    pull, body = pull_of(call), call.body or {}
    check_text(body)
    if body.get("state", pull.state) != pull.state:
        if body["state"] == "open":
            _reopen(call, pull)
        else:
            call.world.close(pull)
    if body.get("base", pull.base) != pull.base:
        _rebase(call, pull, body["base"])
    for name in ("title", "body", "maintainer_can_modify"):
        if name in body:
            setattr(pull, name, body[name])
    pull.updated = now()
    return Reply(body=Shapes(call.world).pull(pull))


def _reopen(call: Call, pull: Pull) -> None:
    world = call.world
    head, base = world.repository.ref(pull.head_ref), world.repository.branch(pull.base)

    def refuse(why: str) -> Refused:
        return invalid("PullRequest", "state", code="invalid", message=f"state cannot be changed. {why}")

    if pull.merged:
        raise refuse("The pull request cannot be reopened.")
    if head is None:
        raise refuse(f"The {pull.head} branch has been deleted.")
    if base is None:
        raise refuse(f"The {pull.base} branch has been deleted.")
    if not world.repository.contains(head, pull.head_sha):
        raise refuse(f"The {pull.head} branch was force-pushed or recreated.")
    if world.repository.contains(base, head):
        raise refuse(f"There are no new commits on the {world.owner.login}:{pull.head} branch.")
    check_new(call, pull.head, pull.base, head, base)
    pull.state, pull.closed_at, pull.head_sha, pull.base_sha = "open", None, head, base


def _rebase(call: Call, pull: Pull, branch: str) -> None:
    base = call.world.repository.branch(branch)
    if pull.state == "closed":
        message = "Cannot change the base branch of a closed pull request."
        raise invalid("PullRequest", "base", code="invalid", message=message)
    if base is None:
        message = f"Proposed base branch '{branch}' was not found"
        raise invalid("PullRequest", "base", code="invalid", message=message)
    check_new(call, pull.head, branch, pull.head_sha, base)
    pull.base, pull.base_sha = branch, base


def list_files(call: Call) -> Reply:
    """The files that a pull request changes."""
    pull = pull_of(call)
    shapes = Shapes(call.world)
    page, headers = call.page(shapes.changes_of_pull(pull)[:3000])
    return Reply(body=[shapes.file(change, pull.head_sha) for change in page], headers=headers)


def list_commits(call: Call) -> Reply:
    """The commits of a pull request, the oldest first."""
    pull = pull_of(call)
    page, headers = call.page(call.world.repository.between(pull.base_sha, pull.head_sha)[:COMMITS_OF_A_PULL])
    return Reply(body=[Shapes(call.world).commit(sha) for sha in page], headers=headers)


def check_merged(call: Call) -> Reply:
    """204 for a merged one."""
    if not pull_of(call).merged:
        raise missing()
    return Reply(status=204)


def merge_pull(call: Call) -> Reply:
    """Merge a pull request."""
    world, pull, body = call.world, pull_of(call), call.body or {}
    method: MergeMethod = body.get("merge_method", "merge")
    state = world.mergeable_state(pull) if pull.state == "open" else "closed"
    if state == "draft":
        raise Refused(405, "Pull Request is still a draft")
    if state in {"closed", "dirty"}:
        raise Refused(405, "Pull Request is not mergeable")
    if body.get("sha", pull.head_sha) != pull.head_sha:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    allowed = {
        "merge": (world.settings.allow_merge_commit, "Merge commits"),
        "squash": (world.settings.allow_squash_merge, "Squash merges"),
        "rebase": (world.settings.allow_rebase_merge, "Rebase merges"),
    }
    permitted, what = allowed[method]
    if not permitted:
        raise Refused(405, f"{what} are not allowed on this repository.")
    if found := world.unmet(pull):
        raise Refused(405, "Repository rule violations found\n\n" + "\n\n".join(found) + "\n\n")
    if any(path.startswith(".github/workflows/") for path in _paths(call, pull)):
        _need_workflows(call)
    title, message = body.get("commit_title", ""), body.get("commit_message", "")
    try:
        sha = world.merge(pull, method, call.token.account, title=title, message=message)
    except MergeConflict as error:
        raise Refused(405, "Pull Request is not mergeable") from error
    except RefRefused as error:
        raise Refused(409, "Base branch was modified. Review and try the merge again.") from error
    return Reply(body={"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def _paths(call: Call, pull: Pull) -> list[str]:
    return [change.path for change in Shapes(call.world).changes_of_pull(pull)]


def _need_workflows(call: Call) -> None:
    if not call.token.may("workflows", WRITE):
        raise Refused(403, call.token.denial)


def list_reviewers(call: Call) -> Reply:
    """Who was asked for a review."""
    pull, shapes = pull_of(call), Shapes(call.world)
    users = [shapes.user(account) for account in pull.reviewers]
    return Reply(body={"users": users, "teams": [shapes.team(slug) for slug in pull.teams]})


def request_reviewers(call: Call) -> Reply:
    """Ask people and teams for a review: all of them, or none."""
    world, pull, body = call.world, pull_of(call), call.body or {}
    users, teams = body.get("reviewers", []), body.get("team_reviewers", [])
    if pull.user.login.lower() in {login.lower() for login in users}:
        raise Refused(422, "Review cannot be requested from pull request author.")
    if teams and not call.token.may("members", "read"):
        raise Refused(422, "Could not resolve to a node with the global id of 'T_kwDOABCDEF4AAAAA'.")
    known = {account.login.lower(): account for account in world.accounts.values()}
    collaborators = {login.lower() for login in world.collaborators}
    for login in users:
        if login.lower() not in known or login.lower() not in collaborators:
            raise _not_collaborator(call, "users or teams")
    if not world.teams.issuperset(teams):
        raise _not_collaborator(call, "teams")
    accounts = [known[login.lower()] for login in users]
    pull.reviewers += [account for account in accounts if account not in pull.reviewers]
    pull.teams += [slug for slug in teams if slug not in pull.teams]
    pull.updated = now()
    return Reply(status=201, body=Shapes(world).simple_pull(pull))


def _not_collaborator(call: Call, what: str) -> Refused:
    where = call.world.full_name
    return Refused(
        422,
        "Reviews may only be requested from collaborators. "
        f"One or more of the {what} you specified is not a collaborator of the {where} repository.",
    )


HANDLERS = {
    "pulls/list": list_pulls,
    "pulls/create": create_pull,
    "pulls/get": get_pull,
    "pulls/update": update_pull,
    "pulls/list-files": list_files,
    "pulls/list-commits": list_commits,
    "pulls/check-if-merged": check_merged,
    "pulls/merge": merge_pull,
    "pulls/list-requested-reviewers": list_reviewers,
    "pulls/request-reviewers": request_reviewers,
}
