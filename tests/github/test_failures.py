"""Each refusal of GitHub that people meet leads to the setting to change, and shows nothing that it should not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import PublishError
from imgupdate.github import Access
from imgupdate.github.failures import LONGEST_WORDS, Kind, compare_url, failing, limited, refused, said, unreachable

ACCESS = Access(token="ghs_secret0000000001", repository="octo-org/fleet")


def body(message: str, *errors: object) -> object:
    return {"message": message, **({"errors": list(errors)} if errors else {})}


@pytest.mark.parametrize(
    ("status", "message", "kind", "remedy"),
    [
        (
            403,
            "GitHub Actions is not permitted to create or approve pull requests.",
            Kind.NOT_PERMITTED,
            "Settings → Actions → General → Workflow permissions",
        ),
        (403, "Resource not accessible by integration", Kind.NOT_PERMITTED, "`permissions: contents: write`"),
        (403, "Resource not accessible by personal access token", Kind.NOT_PERMITTED, "Contents and Pull requests"),
        (403, "Must have admin rights to Repository.", Kind.NOT_PERMITTED, "`permissions: contents: write`"),
        (404, "Not Found", Kind.NOT_FOUND, "the token may see and write it"),
        (401, "Bad credentials", Kind.OTHER, "has expired or was revoked"),
        (401, "Requires authentication", Kind.OTHER, "check the secret"),
        (422, "Reference already exists", Kind.EXISTS, "`concurrency`"),
        (422, "Reference does not exist", Kind.NO_SUCH_REF, "`concurrency`"),
        (422, "Update is not a fast forward", Kind.NOT_FAST_FORWARD, "`concurrency`"),
        (409, "Git Repository is empty.", Kind.EMPTY, "first commit"),
        (422, "GH006: Protected branch update failed for refs/heads/main.", Kind.OTHER, "`publish: pull-request`"),
        (422, "GH013: Repository rule violations found for refs/heads/main.", Kind.OTHER, "is protected"),
        (
            422,
            "Repository rule violations found\n\nChanges must be made through a pull request.\n\n",
            Kind.OTHER,
            "`publish: pull-request`",
        ),
        (
            422,
            "Repository rule violations found\n\nCommits must have verified signatures.\n\n",
            Kind.OTHER,
            "`sign: github`",
        ),
        (422, 'Required status check "ci" is expected.', Kind.OTHER, "is protected"),
        (
            422,
            "refusing to allow an OAuth App to update workflow `.github/x.yaml` without `workflows` permission",
            Kind.OTHER,
            "the permission Workflows",
        ),
        (422, "Cannot update this protected ref.", Kind.OTHER, "is protected"),
        (422, "Cannot create ref due to creations being restricted.", Kind.OTHER, "is protected"),
        (403, "You're not authorized to push to this branch.", Kind.OTHER, "is protected"),
        (403, "the `acme` organization has an IP allow list enabled", Kind.OTHER, "with such an address"),
        (
            403,
            "Resource protected by organization SAML enforcement. You must grant your OAuth token access to it.",
            Kind.OTHER,
            "Configure SSO",
        ),
        (403, "Repository was archived so is read-only.", Kind.OTHER, "unarchive"),
        (403, "Repository has been locked for migration.", Kind.OTHER, "is locked"),
        (422, "Draft pull requests are not supported in this repository.", Kind.OTHER, "`draft: false`"),
        (422, "Could not resolve to a node with the global id of 'T_kw'.", Kind.NO_NODE, "check the name"),
        (422, "Field 'updateRefs' doesn't exist on type 'Mutation'", Kind.NO_SUCH_FIELD, ""),
        (422, "Pull request Pull request is in clean status", Kind.CLEAN, ""),
        (301, "Moved Permanently", Kind.OTHER, "was renamed or moved"),
        (418, "I'm a teapot", Kind.OTHER, ""),
    ],
)
def test_a_refusal_tells_which_setting_to_change(status: int, message: str, kind: Kind, remedy: str) -> None:
    error = refused("move the branch 'main'", status, body(message), ACCESS)

    assert error.kind is kind
    assert error.message.startswith(f"GitHub does not let us move the branch 'main' ({status}: ")
    assert remedy in error.remedy
    assert bool(remedy) == bool(error.remedy)
    assert error.exit_code == 6


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (
            {"resource": "PullRequest", "code": "custom", "message": "A pull request already exists for o:b."},
            Kind.EXISTS,
        ),
        ({"resource": "PullRequest", "code": "custom", "message": "No commits between main and b"}, Kind.NO_COMMITS),
        ("No commits between main and b", Kind.NO_COMMITS),
        ({"resource": "PullRequest", "field": "head", "code": "invalid"}, Kind.OTHER),
    ],
)
def test_what_a_validation_failed_for_is_read_from_its_errors(error: object, kind: Kind) -> None:
    assert refused("open it", 422, body("Validation Failed", error), ACCESS).kind is kind


def test_a_field_without_words_is_named() -> None:
    words = said(body("Validation Failed", {"resource": "PullRequest", "field": "head", "code": "invalid"}), ACCESS)

    assert words == "Validation Failed; head invalid"


def test_several_words_are_told_once_each() -> None:
    assert said(body("no", {"message": "no"}, {"message": "never"}, {}, 3, None), ACCESS) == "no; never"


@pytest.mark.parametrize("data", [None, "text", 3, [], {}, {"message": None}, {"errors": "x"}, {"errors": {}}])
def test_a_body_without_words_leaves_the_status(data: object) -> None:
    assert refused("do it", 418, data, ACCESS).message == "GitHub does not let us do it (418)"


def test_the_token_and_what_steers_a_terminal_are_not_shown() -> None:
    words = said(body("a\x1b[2Jb\r\n::error::c ghs_secret0000000001 d\u202e"), ACCESS)

    assert words == "a\\x1b[2Jb ::error::c *** d\\u202e"


@given(st.text(max_size=2_000), st.lists(st.text(max_size=400) | st.none(), max_size=30))
def test_words_of_a_stranger_are_one_bounded_printable_line(message: str, errors: list[str | None]) -> None:
    words = said(body(message, *errors, *({"message": each} for each in errors)), ACCESS)

    assert words.isprintable()
    assert len(words) <= LONGEST_WORDS


def test_no_answer_names_the_address_and_the_reason() -> None:
    error = unreachable("read the branch 'main'", "it does not answer in time", ACCESS)

    assert error.message == (
        "GitHub does not let us read the branch 'main': https://api.github.com gives no answer "
        "(it does not answer in time)"
    )
    assert "status page" in error.remedy


def test_a_failure_of_githubs_own_is_told_as_such() -> None:
    assert failing("make a commit", 502, None, ACCESS).message == "GitHub does not let us make a commit: it fails (502)"
    assert "(500: Server Error)" in failing("make a commit", 500, body("Server Error"), ACCESS).message


@pytest.mark.parametrize(
    ("until", "shown"),
    [(1_800_000_000.0, "2027-01-15 08:00:00 UTC"), (-5.0, "1970-01-01 00:00:00 UTC"), (1e300, "9987-04-02")],
)
def test_a_limit_says_until_when(until: float, shown: str) -> None:
    assert shown in limited("do it", until, primary=True).message


def test_the_two_kinds_of_limit_are_told_apart() -> None:
    assert "used up" in limited("do it", 0, primary=True).message
    assert "too many requests at once" in limited("do it", 0, primary=False).message
    assert isinstance(limited("do it", 0, primary=False), PublishError)


def test_the_page_to_open_a_pull_request_by_hand_is_that_of_githubs_site() -> None:
    assert compare_url(ACCESS, "main", "imgupdate/main--a b#1") == (
        "https://github.com/octo-org/fleet/compare/main...imgupdate/main--a%20b%231?expand=1"
    )
