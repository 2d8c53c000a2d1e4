"""What GitHub's GraphQL has here, and what it can do: the values, queries and mutations that our clients need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tests.twins.github.accounts import WRITE, Token
from tests.twins.github.calls import Refused
from tests.twins.github.contract import Json
from tests.twins.github.objects import ZERO, now
from tests.twins.github.repository import RefMove, RefRefused, valid_ref
from tests.twins.github.rules import guard
from tests.twins.github.shapes import time
from tests.twins.github.world import AutoMerge, MergeMethod, Pull, World

METHODS: Mapping[str, MergeMethod] = {"MERGE": "merge", "SQUASH": "squash", "REBASE": "rebase"}

_OF_A_PULL = {"pullRequestId": "ID!", "clientMutationId": "String"}
INPUTS: Mapping[str, Mapping[str, str]] = {
    "UpdateRefsInput": {"repositoryId": "ID!", "refUpdates": "[RefUpdate!]!", "clientMutationId": "String"},
    "RefUpdate": {"name": "String!", "afterOid": "Oid!", "beforeOid": "Oid", "force": "Boolean"},
    "EnablePullRequestAutoMergeInput": {
        **_OF_A_PULL,
        "authorEmail": "String",
        "commitBody": "String",
        "commitHeadline": "String",
        "expectedHeadOid": "Oid",
        "mergeMethod": "Method",
    },
    "DisablePullRequestAutoMergeInput": _OF_A_PULL,
    "ConvertPullRequestToDraftInput": _OF_A_PULL,
    "MarkPullRequestReadyForReviewInput": _OF_A_PULL,
}


class Failed(Exception):
    """An entry of `errors`."""

    def __init__(self, message: str, kind: str = "UNPROCESSABLE") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks, of what."""

    world: World
    token: Token

    def need(self, permission: str) -> None:
        """Refuse where the token may not write."""
        if not self.token.may(permission, WRITE):
            raise Failed(self.token.denial, "FORBIDDEN")


# -- what there is ----------------------------------------------------------------------------------------------------


def _pull(asked: Asked, pull: Pull) -> Json:
    world = asked.world
    wish = pull.auto_merge
    return {
        "__typename": "PullRequest",
        "id": pull.node_id,
        "fullDatabaseId": str(pull.id),
        "number": pull.number,
        "title": pull.title,
        "body": pull.body or "",
        "url": f"{world.web}/{world.full_name}/pull/{pull.number}",
        "state": "MERGED" if pull.merged else pull.state.upper(),
        "isDraft": pull.draft,
        "merged": pull.merged,
        "headRefName": pull.head,
        "headRefOid": pull.head_sha,
        "baseRefName": pull.base,
        "baseRefOid": pull.base_sha,
        "mergeStateStatus": world.mergeable_state(pull).upper() if pull.state == "open" else "UNKNOWN",
        "autoMergeRequest": None
        if wish is None
        else {
            "__typename": "AutoMergeRequest",
            "mergeMethod": wish.method.upper(),
            "commitHeadline": wish.title or None,
            "commitBody": wish.message or None,
            "enabledBy": {"__typename": "User", "login": wish.by.login},
        },
        "latestReviews": {
            "__typename": "PullRequestReviewConnection",
            "nodes": [
                {"__typename": "PullRequestReview", "author": {"__typename": account.type, "login": account.login}}
                for account in pull.reviewed_by
            ],
        },
        "createdAt": time(pull.created),
        "updatedAt": time(pull.updated),
    }


def _repository(asked: Asked) -> Json:
    world = asked.world
    head = world.repository.branch(world.settings.default_branch)
    return {
        "__typename": "Repository",
        "id": world.node_id,
        "name": world.name,
        "nameWithOwner": world.full_name,
        "url": f"{world.web}/{world.full_name}",
        "autoMergeAllowed": world.settings.allow_auto_merge,
        "defaultBranchRef": None
        if head is None
        else {
            "__typename": "Ref",
            "name": world.settings.default_branch,
            "target": {"__typename": "Commit", "oid": head},
        },
    }


def _query_repository(asked: Asked, arguments: Mapping[str, Json]) -> Json:
    name = f"{arguments.get('owner')}/{arguments.get('name')}"
    if name.lower() != asked.world.full_name.lower() or not asked.token.access:
        raise Failed(f"Could not resolve to a Repository with the name '{name}'.", "NOT_FOUND")
    return _repository(asked)


def _query_node(asked: Asked, arguments: Mapping[str, Json]) -> Json:
    if arguments.get("id") == asked.world.node_id:
        return _repository(asked)
    return _pull(asked, _pull_of(asked, arguments.get("id")))


def _query_viewer(asked: Asked, _: Mapping[str, Json]) -> Json:
    return {"__typename": "User", "login": asked.token.account.login}


def _pull_of(asked: Asked, node: Json) -> Pull:
    for pull in asked.world.pulls.values():
        if pull.node_id == node and asked.token.access:
            return pull
    raise Failed(f"Could not resolve to a node with the global id of '{node}'", "NOT_FOUND")


# -- what can be done -------------------------------------------------------------------------------------------------


def _update_refs(asked: Asked, given: Mapping[str, Json]) -> Json:
    """Move several refs, all or none; each only from where it is said to be."""
    world = asked.world
    if given["repositoryId"] != world.node_id or not asked.token.access:
        raise Failed(f"Could not resolve to a node with the global id of '{given['repositoryId']}'", "NOT_FOUND")
    asked.need("contents")
    moves = [_ref_move(asked, update) for update in given["refUpdates"]]
    try:
        world.repository.move(*(move for move in moves if move.old != move.new))
    except RefRefused as error:
        raise Failed(f"Reference update failed: {error}") from error
    return {}


def _ref_move(asked: Asked, update: Mapping[str, Json]) -> RefMove:
    world = asked.world
    name, after, before = update["name"], update["afterOid"], update.get("beforeOid")
    force = update.get("force", False)
    if not valid_ref(name):
        raise Failed(f"{name} is not a valid ref name.")
    there = world.repository.ref(name) or ZERO
    if before is not None and before != there:
        raise Failed(f'Reference cannot be updated: "{name}" is at {there} but expected {before}', "STALE_DATA")
    if after != ZERO and world.objects.kind(after) is None:
        raise Failed(f"Object does not exist: {after}")
    if after == ZERO and there == ZERO:
        raise Failed(f"Reference does not exist: {name}")
    if ZERO not in {after, there} and not force and not world.repository.contains(after, there):
        raise Failed(f"Reference update failed: {name} is not a fast forward")
    try:
        guard(world, asked.token, name, there, after, force=force)
    except Refused as refused:
        raise Failed(refused.message) from refused
    return RefMove(name=name, old=there, new=after)


def _enable_auto_merge(asked: Asked, given: Mapping[str, Json]) -> Json:
    """Have a pull request merged once it can be; not where it can be now."""
    asked.need("pull_requests")
    world, pull = asked.world, _pull_of(asked, given["pullRequestId"])
    if not world.settings.allow_auto_merge:
        raise Failed("Auto merge is not allowed for this repository")
    if pull.state != "open":
        raise Failed("Can't enable auto-merge for this pull request.")
    if given.get("expectedHeadOid") not in {None, pull.head_sha}:
        raise Failed(f"Expected head oid to be {given['expectedHeadOid']} but it was {pull.head_sha}")
    state = world.mergeable_state(pull)
    if state in {"clean", "unstable"}:
        raise Failed(f"Pull request Pull request is in {state} status")
    if pull.base not in world.rules:
        raise Failed("Pull request Protected branch rules not configured for this branch")
    method = given.get("mergeMethod") or "MERGE"
    allowed = {
        "MERGE": world.settings.allow_merge_commit,
        "SQUASH": world.settings.allow_squash_merge,
        "REBASE": world.settings.allow_rebase_merge,
    }
    if not allowed[method]:
        raise Failed(f"Merge method {method.lower()} merging is not allowed on this repository")
    pull.auto_merge = AutoMerge(
        method=METHODS[method],
        by=asked.token.account,
        title=given.get("commitHeadline") or "",
        message=given.get("commitBody") or "",
    )
    return _touched(asked, pull)


def _disable_auto_merge(asked: Asked, given: Mapping[str, Json]) -> Json:
    asked.need("pull_requests")
    pull = _pull_of(asked, given["pullRequestId"])
    if pull.auto_merge is None:
        raise Failed("Can't disable auto-merge for this pull request.")
    pull.auto_merge = None
    return _touched(asked, pull)


def _set_draft(asked: Asked, given: Mapping[str, Json], *, draft: bool) -> Json:
    asked.need("pull_requests")
    pull = _pull_of(asked, given["pullRequestId"])
    if draft and not asked.world.settings.drafts:
        raise Failed("Draft pull requests are not supported in this repository.")
    if pull.state != "open":
        raise Failed("Pull request is closed")
    pull.draft = draft
    return _touched(asked, pull)


def _touched(asked: Asked, pull: Pull) -> Json:
    pull.updated = now()
    return {"actor": _query_viewer(asked, {}), "pullRequest": _pull(asked, pull)}


QUERIES: Mapping[str, Callable[[Asked, Mapping[str, Json]], Json]] = {
    "repository": _query_repository,
    "node": _query_node,
    "viewer": _query_viewer,
}
MUTATIONS: Mapping[str, Callable[[Asked, Mapping[str, Json]], Json]] = {
    "updateRefs": _update_refs,
    "enablePullRequestAutoMerge": _enable_auto_merge,
    "disablePullRequestAutoMerge": _disable_auto_merge,
    "convertPullRequestToDraft": partial(_set_draft, draft=True),
    "markPullRequestReadyForReview": partial(_set_draft, draft=False),
}
