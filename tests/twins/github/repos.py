"""The repository, its branches, commits and files, and who asks (`/repos/…`, `/user`, `/rate_limit`)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.twins.github.calls import Call, Refused, Reply, missing
from tests.twins.github.contract import Json
from tests.twins.github.objects import Entry, now
from tests.twins.github.shapes import Shapes, lines_of_base64
from tests.twins.github.world import Status, World

COMMITS_OF_A_COMPARISON = 250
FILES_OF_A_COMPARISON = 300
FILES_OF_A_PAGE = 300
FILES_OF_A_COMMIT = 3000
INLINE_LIMIT = 1024 * 1024


def get_repository(call: Call) -> Reply:
    """The repository."""
    return Reply(body=Shapes(call.world).repository(call.token))


def resolve(world: World, name: str) -> str | None:
    """The commit that a branch, a tag, a ref without `refs/`, or a hash (or its beginning) names."""
    owner, colon, rest = name.partition(":")
    if colon and owner.lower() == world.owner.login.lower():
        name = rest
    for form in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}"):
        if (sha := world.repository.ref(form)) is not None:
            return world.repository.git("rev-parse", f"{sha}^{{commit}}").strip()
    if name == "HEAD":
        return world.repository.branch(world.settings.default_branch)
    if re.fullmatch("[0-9a-f]{40}", name) and world.objects.kind(name) == "commit":
        return name
    if re.fullmatch("[0-9a-f]{7,39}", name):
        told = world.repository.git("rev-parse", f"--disambiguate={name}").split()
        return next((sha for sha in told if world.objects.kind(sha) == "commit"), None)
    return None


def get_commit(call: Call) -> Reply:
    """A commit and the files that it changes against its first parent."""
    if call.world.repository.empty:
        raise Refused(409, "Git Repository is empty.")
    sha = resolve(call.world, call.parameters["ref"])
    if sha is None:
        raise Refused(422, f"No commit found for SHA: {call.parameters['ref']}")
    shapes = Shapes(call.world)
    changes = shapes.changes_of(sha)
    page, headers = call.page(changes[:FILES_OF_A_COMMIT], most=FILES_OF_A_PAGE, size=FILES_OF_A_PAGE)
    additions, deletions = (sum(getattr(one, name) for one in changes) for name in ("additions", "deletions"))
    body = {
        **shapes.commit(sha),
        "stats": {"additions": additions, "deletions": deletions, "total": additions + deletions},
        "files": [shapes.file(change, sha) for change in page],
    }
    return Reply(body=body, headers=headers)


def list_commits(call: Call) -> Reply:
    """The commits of a branch, the newest first."""
    world = call.world
    if world.repository.empty:
        raise Refused(409, "Git Repository is empty.")
    sha = resolve(world, call.asked("sha", world.settings.default_branch))
    if sha is None:
        raise missing()
    page, headers = call.page(world.repository.history(sha, call.asked("path")))
    return Reply(body=[Shapes(world).commit(each) for each in page], headers=headers)


def compare(call: Call) -> Reply:
    """What `head` has beyond `base`: its commits, oldest first, and the files that they change."""
    world, shapes = call.world, Shapes(call.world)
    names = call.parameters["basehead"].split("...")
    found = [resolve(world, name) for name in names]
    if len(found) != 2 or found[0] is None or found[1] is None:
        raise missing()
    base, head = found[0], found[1]
    fork = world.repository.merge_base(base, head)
    if fork is None:
        raise Refused(404, f"No common ancestor between {names[0]} and {names[1]}.")
    ahead, behind = world.repository.between(base, head), world.repository.between(head, base)
    page, headers = ahead[-COMMITS_OF_A_COMPARISON:], dict[str, str]()
    if {"page", "per_page"} & call.query.keys():
        some, links = call.page(ahead)
        page, headers = list(some), dict(links)
    first = call.number("page", 1) == 1
    changes = world.repository.changes(fork, head)[:FILES_OF_A_COMPARISON] if first else ()
    states = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind", (False, False): "identical"}
    address = f"{shapes.web}/compare/{call.parameters['basehead']}"
    body = {
        "url": f"{shapes.api}/compare/{call.parameters['basehead']}",
        "html_url": address,
        "permalink_url": f"{shapes.web}/compare/{base[:7]}...{head[:7]}",
        "diff_url": f"{address}.diff",
        "patch_url": f"{address}.patch",
        "base_commit": shapes.commit(base),
        "merge_base_commit": shapes.commit(fork),
        "status": states[bool(ahead), bool(behind)],
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [shapes.commit(sha) for sha in page],
        "files": [shapes.file(change, head) for change in changes],
    }
    return Reply(body=body, headers=headers)


def get_content(call: Call) -> Reply:
    """A file, or what a directory holds."""
    world = call.world
    sha = resolve(world, call.asked("ref", world.settings.default_branch))
    path = call.parameters["path"].strip("/")
    entry = world.objects.find(world.repository.tree_of(sha), path) if sha else None
    if entry is None:
        raise missing()
    if entry.kind == "tree":
        listed = world.objects.tree(entry.sha).items()
        return Reply(body=[_content(call, f"{path}/{name}", each, listed=True) for name, each in listed])
    return Reply(body=_content(call, path, entry, listed=False))


def _content(call: Call, path: str, entry: Entry, *, listed: bool) -> Json:
    shapes = Shapes(call.world)
    data = call.world.objects.blob(entry.sha) if entry.kind == "blob" else b""
    address = f"{shapes.api}/contents/{path}"
    git = f"{shapes.api}/git/{entry.kind}s/{entry.sha}"
    html = f"{shapes.web}/{'tree' if entry.kind == 'tree' else 'blob'}/{path}"
    shape = {
        "type": {"tree": "dir", "commit": "submodule"}.get(entry.kind, "file"),
        "size": len(data),
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": entry.sha,
        "url": address,
        "git_url": git,
        "html_url": html,
        "download_url": f"{shapes.web}/raw/{path}" if entry.kind == "blob" else None,
        "_links": {"self": address, "git": git, "html": html},
    }
    if listed:
        return shape
    if entry.kind == "commit":
        return {**shape, "submodule_git_url": f"{shapes.web}/{path}.git"}
    if entry.mode == "120000":
        return {**shape, "type": "symlink", "target": data.decode("utf-8", "replace")}
    if len(data) > INLINE_LIMIT:
        return {**shape, "content": "", "encoding": "none"}
    return {**shape, "content": lines_of_base64(data), "encoding": "base64"}


def get_branch(call: Call) -> Reply:
    """A branch."""
    world, shapes = call.world, Shapes(call.world)
    name = call.parameters["branch"]
    sha = world.repository.branch(name)
    if sha is None:
        raise Refused(404, "Branch not found")
    address = f"{shapes.api}/branches/{name}"
    body = {
        "name": name,
        "commit": shapes.commit(sha),
        "_links": {"self": address, "html": f"{shapes.web}/tree/{name}"},
        "protected": name in world.rules,
        "protection": {"enabled": name in world.rules},
        "protection_url": f"{address}/protection",
    }
    return Reply(body=body)


def list_branches(call: Call) -> Reply:
    """The branches."""
    world, shapes = call.world, Shapes(call.world)
    heads = {
        name.removeprefix("refs/heads/"): sha
        for name, sha in world.repository.refs().items()
        if name.startswith("refs/heads/")
    }
    page, headers = call.page(list(heads.items()))
    body = [
        {
            "name": name,
            "commit": {"sha": sha, "url": f"{shapes.api}/commits/{sha}"},
            "protected": name in world.rules,
        }
        for name, sha in page
    ]
    return Reply(body=body, headers=headers)


def create_status(call: Call) -> Reply:
    """A status for a commit."""
    world, sha = call.world, call.parameters["sha"]
    if world.objects.kind(sha) != "commit":
        raise missing()
    status = Status(
        id=next(world.ids),
        sha=sha,
        state=call.body["state"],
        context=call.body.get("context", "default"),
        description=call.body.get("description"),
        target_url=call.body.get("target_url"),
        creator=call.token.account,
        created=now(),
    )
    world.statuses.append(status)
    return Reply(status=201, body=Shapes(world).status(status))


def list_statuses(call: Call) -> Reply:
    """The statuses of a commit, the newest first."""
    world, sha = call.world, resolve(call.world, call.parameters["ref"])
    if sha is None:
        raise missing()
    page, headers = call.page([status for status in reversed(world.statuses) if status.sha == sha])
    return Reply(body=[Shapes(world).status(status) for status in page], headers=headers)


def list_check_runs(call: Call) -> Reply:
    """No check ever ran here; statuses stand for them."""
    if resolve(call.world, call.parameters["ref"]) is None:
        raise missing()
    return Reply(body={"total_count": 0, "check_runs": []})


def dispatch(call: Call) -> Reply:
    """Write a dispatch down."""
    payload = call.body.get("client_payload", {})
    if len(payload) > 10:
        raise Refused(422, "No more than 10 properties are allowed; 11 were supplied.")
    call.world.dispatches.append(call.body)
    return Reply(status=204)


def dispatch_workflow(call: Call) -> Reply:
    """Write the dispatch of a workflow down."""
    call.world.dispatches.append({"workflow": call.parameters["workflow_id"], **call.body})
    return Reply(status=204)


def get_user(call: Call) -> Reply:
    """Who the token speaks for: a person. A bot's may not ask."""
    if call.token.account.type == "Bot":
        raise Refused(403, call.token.denial)
    return Reply(body=_public(call, call.token.account.login))


def get_user_by_name(call: Call) -> Reply:
    """An account."""
    return Reply(body=_public(call, call.parameters["username"]))


def _public(call: Call, login: str) -> Json:
    for account in call.world.accounts.values():
        if account.login.lower() == login.lower():
            known = {**Shapes(call.world).user(account), "name": account.git_name}
            return call.world.contract.complete("public-user", known)
    raise missing()


def get_releases(call: Call) -> Reply:
    """The releases, the newest first."""
    page, headers = call.page(call.world.releases)
    return Reply(body=list(page), headers=headers)


def get_latest_release(call: Call) -> Reply:
    """The newest release."""
    return Reply(body=_release(call, {}))


def get_release_by_tag(call: Call) -> Reply:
    """The release of a tag."""
    return Reply(body=_release(call, {"tag_name": call.parameters["tag"]}))


def _release(call: Call, wanted: Mapping[str, str]) -> Json:
    for release in call.world.releases:
        if all(release[name] == value for name, value in wanted.items()):
            return release
    raise missing()


HANDLERS = {
    "repos/get": get_repository,
    "repos/get-commit": get_commit,
    "repos/list-commits": list_commits,
    "repos/compare-commits-with-basehead": compare,
    "repos/get-content": get_content,
    "repos/get-branch": get_branch,
    "repos/list-branches": list_branches,
    "repos/create-commit-status": create_status,
    "repos/list-commit-statuses-for-ref": list_statuses,
    "checks/list-for-ref": list_check_runs,
    "repos/create-dispatch-event": dispatch,
    "actions/create-workflow-dispatch": dispatch_workflow,
    "users/get-authenticated": get_user,
    "users/get-by-username": get_user_by_name,
    "repos/list-releases": get_releases,
    "repos/get-latest-release": get_latest_release,
    "repos/get-release-by-tag": get_release_by_tag,
}
