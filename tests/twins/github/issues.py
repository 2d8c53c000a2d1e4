"""Pull requests as issues, and what hangs on them: labels, assignees, milestones, comments (`/issues…`)."""

from __future__ import annotations

from tests.twins.github.calls import Call, Refused, Reply, invalid, missing
from tests.twins.github.contract import Json
from tests.twins.github.objects import now
from tests.twins.github.pulls import check_text, pull_of
from tests.twins.github.shapes import Shapes, time
from tests.twins.github.world import Comment, Label, Milestone, Pull

COMMENT_LIMIT = 65_536
LABEL_LIMIT = 50


def get_issue(call: Call) -> Reply:
    """A pull request as an issue."""
    return Reply(body=Shapes(call.world).issue(pull_of(call)))


def update_issue(call: Call) -> Reply:
    """Another title, body, state, milestone, labels or assignees."""
    pull, body = pull_of(call), call.body or {}
    check_text(body)
    if "milestone" in body:
        pull.milestone = _milestone(call, body["milestone"])
    if "labels" in body:
        pull.labels = _labels(call, body["labels"])
    if "assignees" in body:
        pull.assignees = []
        _assign(call, pull, body["assignees"])
    if body.get("state") == "closed" and pull.state == "open":
        call.world.close(pull)
    for name in ("title", "body"):
        if name in body:
            setattr(pull, name, body[name])
    pull.updated = now()
    return Reply(body=Shapes(call.world).issue(pull))


def _milestone(call: Call, number: Json) -> Milestone | None:
    if number is None:
        return None
    for milestone in call.world.milestones:
        if milestone.number == int(number):
            return milestone
    raise invalid("Issue", "milestone", code="invalid")


# -- labels ---------------------------------------------------------------------------------------------------------


def _labels(call: Call, names: Json) -> list[Label]:
    given = names.get("labels", []) if isinstance(names, dict) else names
    wanted = [name if isinstance(name, str) else name["name"] for name in given or []]
    for name in wanted:
        if not name.strip() or len(name) > LABEL_LIMIT:
            raise invalid("Label", "name", code="invalid")
    unique: list[Label] = []
    for label in map(call.world.label_or_new, wanted):
        if label not in unique:
            unique.append(label)
    return unique


def list_labels(call: Call) -> Reply:
    """The labels of a pull request."""
    page, headers = call.page(pull_of(call).labels)
    return Reply(body=[Shapes(call.world).label(label) for label in page], headers=headers)


def add_labels(call: Call) -> Reply:
    """More labels; those that the repository does not have are made."""
    pull = pull_of(call)
    pull.labels += [label for label in _labels(call, call.body) if label not in pull.labels]
    pull.updated = now()
    return Reply(body=[Shapes(call.world).label(label) for label in pull.labels])


def set_labels(call: Call) -> Reply:
    """Other labels."""
    pull = pull_of(call)
    pull.labels = _labels(call, call.body)
    pull.updated = now()
    return Reply(body=[Shapes(call.world).label(label) for label in pull.labels])


def list_repository_labels(call: Call) -> Reply:
    """The labels of the repository."""
    page, headers = call.page(call.world.labels)
    return Reply(body=[Shapes(call.world).label(label) for label in page], headers=headers)


def create_label(call: Call) -> Reply:
    """A label for the repository."""
    if call.world.label(call.body["name"]) is not None:
        raise invalid("Label", "name", code="already_exists")
    label = call.world.label_or_new(call.body["name"])
    label.color = call.body.get("color", label.color)
    label.description = call.body.get("description", "")
    return Reply(status=201, body=Shapes(call.world).label(label))


def get_label(call: Call) -> Reply:
    """A label of the repository."""
    label = call.world.label(call.parameters["name"])
    if label is None:
        raise missing()
    return Reply(body=Shapes(call.world).label(label))


# -- people and milestones ------------------------------------------------------------------------------------------


def add_assignees(call: Call) -> Reply:
    """More assignees; who cannot be assigned is left out without a word, and nobody is where the token may not."""
    pull = pull_of(call)
    _assign(call, pull, (call.body or {}).get("assignees", []))
    pull.updated = now()
    return Reply(status=201, body=Shapes(call.world).issue(pull))


def _assign(call: Call, pull: Pull, logins: list[str]) -> None:
    collaborators = {login.lower() for login in call.world.collaborators}
    for account in call.world.accounts.values():
        wanted = account.login.lower() in {login.lower() for login in logins}
        if wanted and account.login.lower() in collaborators and account not in pull.assignees:
            pull.assignees.append(account)


def list_milestones(call: Call) -> Reply:
    """The milestones of the repository."""
    state = call.asked("state", "open")
    page, headers = call.page([each for each in call.world.milestones if state in {"all", each.state}])
    return Reply(body=[Shapes(call.world).milestone(milestone) for milestone in page], headers=headers)


# -- comments -------------------------------------------------------------------------------------------------------


def list_comments(call: Call) -> Reply:
    """The comments of a pull request, the oldest first."""
    number, since = pull_of(call).number, call.asked("since")
    found = [comment for comment in call.world.comments.values() if comment.pull == number]
    page, headers = call.page([comment for comment in found if time(comment.updated) >= since])
    return Reply(body=[Shapes(call.world).comment(comment) for comment in page], headers=headers)


def create_comment(call: Call) -> Reply:
    """Comment on a pull request."""
    pull = pull_of(call)
    _check_comment(call.body["body"])
    comment = Comment(
        id=next(call.world.ids),
        pull=pull.number,
        user=call.token.account,
        body=call.body["body"],
        created=now(),
        updated=now(),
    )
    call.world.comments[comment.id] = comment
    pull.updated = now()
    return Reply(status=201, body=Shapes(call.world).comment(comment))


def _check_comment(text: str) -> None:
    if not text.strip():
        raise invalid("IssueComment", "body", code="missing_field")
    if len(text) > COMMENT_LIMIT:
        message = f"body is too long (maximum is {COMMENT_LIMIT} characters)"
        raise invalid("IssueComment", "body", code="unprocessable", message=message)


def _comment(call: Call) -> Comment:
    number = int(call.parameters["comment_id"])
    if number not in call.world.comments:
        raise missing()
    comment = call.world.comments[number]
    if comment.user != call.token.account and call.token.kind != "person":
        raise Refused(403, call.token.denial)
    return comment


def update_comment(call: Call) -> Reply:
    """Another text for one's own comment."""
    comment = _comment(call)
    _check_comment(call.body["body"])
    comment.body, comment.updated = call.body["body"], now()
    return Reply(body=Shapes(call.world).comment(comment))


def delete_comment(call: Call) -> Reply:
    """Delete one's own comment."""
    del call.world.comments[_comment(call).id]
    return Reply(status=204)


HANDLERS = {
    "issues/get": get_issue,
    "issues/update": update_issue,
    "issues/list-labels-on-issue": list_labels,
    "issues/add-labels": add_labels,
    "issues/set-labels": set_labels,
    "issues/list-labels-for-repo": list_repository_labels,
    "issues/create-label": create_label,
    "issues/get-label": get_label,
    "issues/add-assignees": add_assignees,
    "issues/list-milestones": list_milestones,
    "issues/list-comments": list_comments,
    "issues/create-comment": create_comment,
    "issues/update-comment": update_comment,
    "issues/delete-comment": delete_comment,
}
