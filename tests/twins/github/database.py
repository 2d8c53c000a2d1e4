"""The git database: refs, trees, blobs and commits (`/git/…`)."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime

from tests.twins.github.accounts import WRITE
from tests.twins.github.calls import Call, Refused, Reply, invalid, missing
from tests.twins.github.contract import Json
from tests.twins.github.objects import EMPTY_TREE, ZERO, Commit, Entry, Person, now
from tests.twins.github.repository import RefMove, RefRefused, valid_ref
from tests.twins.github.rules import guard
from tests.twins.github.shapes import Shapes

BLOB_LIMIT = 100 * 1024 * 1024


def get_ref(call: Call) -> Reply:
    """One ref, by its exact name."""
    _not_empty(call)
    name = f"refs/{call.parameters['ref']}"
    sha = call.world.repository.ref(name)
    if sha is None:
        raise missing()
    return Reply(body=Shapes(call.world).ref(name, sha))


def list_matching_refs(call: Call) -> Reply:
    """Every ref whose name begins so."""
    _not_empty(call)
    start = f"refs/{call.parameters['ref']}"
    shapes = Shapes(call.world)
    found = call.world.repository.refs().items()
    return Reply(body=[shapes.ref(name, sha) for name, sha in found if name.startswith(start)])


def create_ref(call: Call) -> Reply:
    """Make a ref."""
    _not_empty(call)
    name, sha = call.body["ref"], call.body["sha"]
    if not valid_ref(name):
        raise Refused(422, f"{name} is not a valid ref name.")
    if call.world.repository.ref(name) is not None:
        raise Refused(422, "Reference already exists")
    _commit_there(call, name, sha)
    guard(call.world, call.token, name, ZERO, sha, force=False)
    _move(call, name, ZERO, sha)
    return Reply(status=201, body=Shapes(call.world).ref(name, sha))


def update_ref(call: Call) -> Reply:
    """Move a ref: forward, or with `force` anywhere."""
    _not_empty(call)
    name, sha = f"refs/{call.parameters['ref']}", call.body["sha"]
    force = call.body.get("force", False)
    old = call.world.repository.ref(name)
    if old is None:
        raise Refused(422, "Reference does not exist")
    _commit_there(call, name, sha)
    if not force and not call.world.repository.contains(sha, old):
        raise Refused(422, "Update is not a fast forward")
    guard(call.world, call.token, name, old, sha, force=force)
    _move(call, name, old, sha)
    return Reply(body=Shapes(call.world).ref(name, sha))


def delete_ref(call: Call) -> Reply:
    """Delete a ref."""
    _not_empty(call)
    name = f"refs/{call.parameters['ref']}"
    old = call.world.repository.ref(name)
    if old is None:
        raise Refused(422, "Reference does not exist")
    guard(call.world, call.token, name, old, ZERO, force=False)
    _move(call, name, old, ZERO)
    return Reply(status=204)


def _move(call: Call, name: str, old: str, new: str) -> None:
    try:
        call.world.repository.move(RefMove(name=name, old=old, new=new))
    except RefRefused as error:
        raise Refused(422, "Reference update failed" if old == ZERO else "Reference cannot be updated") from error


def _commit_there(call: Call, name: str, sha: str) -> None:
    kind = call.world.objects.kind(sha)
    if kind is None:
        raise Refused(422, "Object does not exist")
    if name.startswith("refs/heads/") and kind != "commit":
        raise Refused(422, "Reference update failed")


def _not_empty(call: Call) -> None:
    if call.world.repository.empty:
        raise Refused(409, "Git Repository is empty.")


def create_blob(call: Call) -> Reply:
    """Store a blob."""
    _not_empty(call)
    content = call.body["content"]
    data = content.encode()
    if call.body.get("encoding", "utf-8") == "base64":
        try:
            data = base64.b64decode(re.sub(r"\s", "", content), validate=True)
        except binascii.Error as error:
            raise Refused(422, "content is not valid Base64") from error
    sha = call.world.objects.write("blob", data)
    return Reply(status=201, body={"sha": sha, "url": f"{Shapes(call.world).api}/git/blobs/{sha}"})


def get_blob(call: Call) -> Reply:
    """A blob."""
    _not_empty(call)
    sha = call.parameters["file_sha"]
    if not re.fullmatch("[0-9a-f]{40}", sha):
        raise Refused(422, "The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
    if call.world.objects.kind(sha) != "blob":
        raise missing()
    return Reply(body=Shapes(call.world).blob(sha))


def get_tree(call: Call) -> Reply:
    """A tree: of that hash, of a commit, or of a branch."""
    _not_empty(call)
    sha = call.parameters["tree_sha"]
    world = call.world
    sha = world.repository.branch(sha) or world.repository.ref(f"refs/tags/{sha}") or sha
    kind = world.objects.kind(sha)
    if sha != EMPTY_TREE and kind not in {"tree", "commit"}:
        raise missing()
    tree = world.repository.tree_of(sha)
    limit = world.settings.tree_limit
    return Reply(body=Shapes(world).tree(tree, recursive="recursive" in call.query, limit=limit))


def create_tree(call: Call) -> Reply:
    """Store a tree: the given entries over those of `base_tree`."""
    _not_empty(call)
    objects = call.world.objects
    base = call.body.get("base_tree", EMPTY_TREE)
    if base != EMPTY_TREE and objects.kind(base) != "tree":
        raise Refused(422, "base_tree is not a valid tree oid")
    if not call.body["tree"]:
        raise Refused(422, "Invalid tree info")
    changes = {entry.get("path", ""): _entry(call, entry) for entry in call.body["tree"]}
    for path, entry in changes.items():
        _check_path(path)
        if entry is None and objects.find(base, path) is None:
            raise Refused(422, "GitRPC::BadObjectState")
        if path.startswith(".github/workflows/") and not call.token.may("workflows", WRITE):
            raise Refused(403, call.token.denial)
    sha = objects.edit(base, changes)
    return Reply(status=201, body=Shapes(call.world).tree(sha, recursive=False, limit=100_000))


def _check_path(path: str) -> None:
    if path.startswith("/"):
        raise Refused(422, "tree.path cannot start with a slash")
    if any(part in {"", ".", "..", ".git"} for part in path.split("/")):
        raise Refused(422, "tree.path contains a malformed path component")


def _entry(call: Call, given: Json) -> Entry | None:
    """An entry as given; None deletes."""
    objects = call.world.objects
    has_sha, has_content = "sha" in given, "content" in given
    if has_sha == has_content:
        raise Refused(422, "Must supply either tree.sha or tree.content. Request will be rejected if both are present.")
    if has_sha and given["sha"] is None:
        return None
    mode = given.get("mode", "")
    wanted = given.get("type", "blob")
    if Entry(mode=mode, sha="").kind != wanted:
        raise Refused(422, "tree.type does not match tree.mode" if mode else "Must supply a valid tree.mode")
    if has_content:
        return Entry(mode=mode, sha=objects.write("blob", given["content"].encode()))
    if wanted != "commit" and given["sha"] != EMPTY_TREE and objects.kind(given["sha"]) != wanted:
        raise Refused(422, f"tree.sha {given['sha']} is not a valid {wanted}")
    return Entry(mode=mode, sha=given["sha"])


def get_commit(call: Call) -> Reply:
    """A commit."""
    _not_empty(call)
    sha = call.parameters["commit_sha"]
    if call.world.objects.kind(sha) != "commit":
        raise missing()
    return Reply(body=Shapes(call.world).git_commit(sha))


def create_commit(call: Call) -> Reply:
    """Store a commit: GitHub signs it for a bot that names no author."""
    _not_empty(call)
    world, body = call.world, call.body
    tree, parents = body["tree"], body.get("parents", [])
    if tree != EMPTY_TREE and world.objects.kind(tree) != "tree":
        raise Refused(422, "Tree SHA does not exist")
    for parent in parents:
        if world.objects.kind(parent) != "commit":
            raise Refused(422, "Parent SHA does not exist or is not a commit object")
    if not body["message"].strip():
        raise invalid("Commit", "message", code="missing_field")
    account = call.token.account
    if account.type == "Bot" and not body.keys() & {"author", "committer", "signature"}:
        sha = world.commit_by_github(account, tree, parents, body["message"])
    else:
        author = _person(call, body.get("author"), world.person(account))
        committer = _person(call, body.get("committer"), author)
        made = Commit(tree=tree, parents=parents, author=author, committer=committer, message=body["message"])
        sha = world.objects.write_commit(made)
    return Reply(status=201, body=Shapes(world).git_commit(sha))


def _person(call: Call, given: Json, default: Person) -> Person:
    if given is None:
        return default
    name, email = given.get("name", default.name), given.get("email", default.email)
    if not name.strip() or re.search(r"[<>\n\0]", name + email):
        raise Refused(422, "Invalid author or committer")
    when = datetime.fromisoformat(given["date"]) if "date" in given else now()
    return Person(name=name.strip(), email=email, when=when)


HANDLERS = {
    "git/get-ref": get_ref,
    "git/list-matching-refs": list_matching_refs,
    "git/create-ref": create_ref,
    "git/update-ref": update_ref,
    "git/delete-ref": delete_ref,
    "git/create-blob": create_blob,
    "git/get-blob": get_blob,
    "git/create-tree": create_tree,
    "git/get-tree": get_tree,
    "git/create-commit": create_commit,
    "git/get-commit": get_commit,
}
