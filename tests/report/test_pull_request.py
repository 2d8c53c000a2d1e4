"""Titles and bodies of pull requests: what they say, what they remember, and that no run makes them too long."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgupdate.report.links import Links
from imgupdate.report.pull_request import State, Update, body, closed_body, parse_state, title, updates
from imgupdate.report.sections import PLACES
from imgupdate.results import Cause, Change, FileEdit, ObjectKey, Outcome, Part, Plan, Severity
from tests.rendering import Element, rendered, tree
from tests.report.harmless import harm
from tests.report.results import edit, key, marker, problem, selection, unavailable, updated

STATE = State(versions="0a" * 32)
LINKS = Links("https://github.com", "acme/fleet", "c" * 40)
IMAGE = "ghcr.io/stefanprodan/podinfo"


def update(image: str = IMAGE, old: str = "5.0.0", new: str = "5.0.3") -> Update:
    return Update(
        image=image,
        policies=(key(),),
        old=old,
        new=new,
        kind="patch",
        changes=(Change(marker=marker(old, Part.TAG), new=new),),
    )


def body_of(plan: Plan, *outcomes: Outcome, links: Links | None = LINKS, state: State = STATE) -> str:
    return body(updates(plan, outcomes), plan=plan, state=state, outcomes=outcomes, links=links)


def cells(root: Element, number: int = 0) -> list[list[str]]:
    """The texts of the cells of a table, without its head."""
    return [[cell.text for cell in line.all("td")] for line in root.all("tbody")[number].all("tr")]


def many(count: int, path: str = "apps/{}.yaml", text: str = "tag: {} # x\n") -> tuple[Plan, list[Outcome]]:
    """A plan that moves so many images in so many files."""
    edits: list[FileEdit] = []
    outcomes: list[Outcome] = []
    for number in range(count):
        policy = key(f"policy-{number}")
        field = marker(f"1.0.{number}", policy=policy, path=path.format(number))
        before, after = (text.format(version).encode() for version in (f"1.0.{number}", f"1.1.{number}"))
        edits.append(edit(before, after, Change(marker=field, new=f"1.1.{number}"), path=path.format(number)))
        outcomes.append(selection(f"1.1.{number}", policy=policy, image=f"example.com/image-{number}"))
    return Plan(edits=tuple(edits)), outcomes


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "Update images"),
        ([update()], f"Update {IMAGE} to 5.0.3"),
        ([update(), update(old="4.0.0")], f"Update {IMAGE} to 5.0.3"),
        ([update(), update(new="6.0.0")], f"Update {IMAGE}"),
        ([update("a", new="1"), update("b", new="2")], "Update a to 1 and b to 2"),
        ([update("a" * 60, new="1"), update("b" * 60, new="2")], "Update 2 images"),
        ([update("a"), update("b"), update("c")], "Update 3 images"),
        ([update("nginx", new=f"1@sha256:{'ab' * 32}")], "Update nginx to 1@sha256:abababababab"),
        ([update("nginx", new="GH-12")], "Update nginx to GH\u201112"),
    ],
)
def test_a_title_names_what_it_can(rows: list[Update], expected: str) -> None:
    assert title(rows) == expected


def test_a_title_says_which_directory_it_is_for() -> None:
    assert title([update("a", new="1")], place="apps/@web") == "Update a to 1 in apps/@\u200bweb"


def test_a_title_is_never_long() -> None:
    shown = title([update("registry.example.com/" + "a" * 150, new="b" * 120)])

    assert len(shown) == 120
    assert shown.startswith("Update registry.example.com/aaa")
    assert shown.endswith("bbb")


def test_a_body_says_which_image_goes_where() -> None:
    plan = updated().plan

    root = tree(rendered(body_of(plan, selection("5.0.3"))))

    assert root.all("p")[0].text == "This updates 1 image in 1 file."
    assert cells(root) == [[IMAGE, "5.0.0", "5.0.3", "patch", "podinfo", "apps/podinfo.yaml:3"]]
    (link,) = root.all("table")[0].all("a")
    assert link.attributes["href"] == f"https://github.com/acme/fleet/blob/{'c' * 40}/apps/podinfo.yaml#L3"
    (fold,) = root.all("details")
    assert fold.all("summary")[0].text == "Diff of 1 file"
    assert "-  tag: 5.0.0 # marker\n+  tag: 5.0.3 # marker\n" in fold.all("pre")[0].text


def test_without_links_a_body_has_none() -> None:
    assert tree(rendered(body_of(updated().plan, selection("5.0.3"), links=None))).all("a") == []


def test_what_changed_in_the_source_is_linked() -> None:
    plan = updated().plan
    rows = updates(plan, [selection("5.0.3")], {(IMAGE, "5.0.0", "5.0.3"): "https://github.com/o/r/compare/a...b"})

    root = tree(rendered(body(rows, plan=plan, state=STATE)))

    (link,) = root.all("a")
    assert (link.text, link.attributes["href"]) == ("compare", "https://github.com/o/r/compare/a...b")


def test_a_major_step_stands_out_and_one_of_no_kind_is_a_dash() -> None:
    rows = [replace(update(), kind="major"), replace(update(), kind="")]

    root = tree(rendered(body(rows, plan=Plan(), state=STATE)))

    assert [line[3] for line in cells(root)] == ["major", "—"]
    assert [element.text for element in root.all("tbody")[0].all("strong")] == ["major"]


def test_policies_of_several_namespaces_and_scopes_are_named_in_full() -> None:
    rows = [replace(update(), policies=(key("a"), key("b", "apps"), ObjectKey("east", "apps", "c")))]

    root = tree(rendered(body(rows, plan=Plan(), state=STATE)))

    assert [code.text for code in root.all("td")[4].all("code")] == ["flux-system/a", "apps/b", "east:apps/c"]


def test_of_many_policies_and_places_the_first_are_named() -> None:
    changes = tuple(Change(marker=marker("1", line=n + 1), new="2") for n in range(PLACES + 2))
    rows = [replace(update(), policies=tuple(key(f"p{n}") for n in range(5)), changes=changes)]

    (line,) = cells(tree(rendered(body(rows, plan=Plan(), state=STATE))))

    assert line[4] == "p0p1p2… and 2 more"
    assert line[5].endswith("apps/podinfo.yaml:5… and 2 more places")


def test_what_is_worth_knowing_is_told_the_worst_first_and_notices_are_not() -> None:
    plan = replace(
        updated().plan,
        problems=(
            problem("by the way", Severity.NOTICE),
            problem("held at '1.0'", Severity.WARNING, path="apps/b.yaml", line=4, remedy="look"),
            problem("broken", path=None, remedy=""),
        ),
    )
    outcomes = (
        selection("5.0.3"),
        unavailable(Cause.SCAN_FAILED, "no answer", key("a"), "ghcr.io/a/b"),
        unavailable(Cause.SCAN_FAILED, "no answer", key("b"), "ghcr.io/a/b"),
        unavailable(Cause.NO_TAG, "none in the range", key("c"), "ghcr.io/c/d"),
        unavailable(Cause.INVALID, "no such repository", key("d"), ""),
        unavailable(Cause.SUSPENDED, "the policy is suspended", key("e")),
        unavailable(Cause.NO_AUTOMATION, "none", key("f")),
        unavailable(Cause.NOT_REQUESTED, "not asked", key("g")),
    )

    root = tree(rendered(body_of(plan, *outcomes)))

    assert [item.text for item in root.all("li")] == [
        "❌ a, b: ghcr.io/a/b could not be scanned: no answer",
        "❌ c: ghcr.io/c/d has no tag to choose: none in the range",
        "❌ d: its configuration cannot be read: no such repository",
        "❌ broken",
        "⚠️ apps/b.yaml:4: held at 1.0→ look",
    ]


def test_of_many_policies_without_a_choice_three_are_named() -> None:
    outcomes = [unavailable(policy=key(f"p{n}"), image="a/b") for n in range(5)]

    (item,) = tree(rendered(body_of(updated().plan, *outcomes))).all("li")

    assert item.text == "❌ p0, p1, p2 and 2 more: a/b could not be scanned: no answer"


def test_of_many_problems_the_first_are_told() -> None:
    problems = tuple(problem(f"problem {n}", line=n + 1) for n in range(30))

    items = tree(rendered(body_of(replace(updated().plan, problems=problems)))).all("li")

    assert len(items) == 13
    assert items[-1].text == "… and 18 more: see the summary of the run"


def test_a_body_says_who_made_it_and_how_to_stop_it() -> None:
    text = tree(rendered(body_of(updated().plan))).text

    assert "Made by imgupdate" in text
    assert "If you close it, it is not opened again for the same versions." in text
    assert "If you push a commit to it, that is not overwritten." in text


def test_equal_arguments_give_equal_bodies() -> None:
    plan, outcomes = many(20)

    assert body_of(plan, *outcomes) == body_of(plan, *outcomes)


@pytest.mark.parametrize(
    ("plan", "rows", "diffs"),
    [
        pytest.param(many(3), 3, 3, id="few"),
        pytest.param(many(3, text="tag: {}\n" + "#" * 30_000 + "\n"), 3, 1, id="long files"),
        pytest.param(many(120), 120, 120, id="some"),
        pytest.param(many(250), 250, 0, id="more"),
        pytest.param(many(3000), 0, 0, id="very many"),
        pytest.param(many(300, path="ü" * 90 + "/{}.yaml"), 0, 0, id="long paths"),
    ],
)
def test_a_body_has_room_on_github_whatever_is_in_it(plan: tuple[Plan, list[Outcome]], rows: int, diffs: int) -> None:
    text = body_of(plan[0], *plan[1])

    assert len(text.encode()) <= 60_000
    root = tree(rendered(text))
    shown = len(cells(root))
    assert shown == rows or (rows == 0 and 20 < shown < len(plan[1]))
    assert all(len(line) == 6 for line in cells(root))
    files = sum(block.text.count("--- a/") for block in root.all("pre"))
    assert files == diffs or (diffs == 0 and files < len(plan[1]))
    if shown < len(plan[1]):
        assert f"… and {len(plan[1]) - shown} more updates." in root.text
    if 0 < files < len(plan[1]):
        assert f"… and {len(plan[1]) - files} more file" in root.text
    assert parse_state(text) == STATE
    assert "Made by imgupdate" in root.text


def test_a_file_whose_diff_has_no_room_does_not_keep_out_smaller_ones() -> None:
    large = "tag: {}\n" + "#" * 70_000 + "\n"
    first, outcomes = many(1, path="a/{}.yaml", text=large)
    second, _ = many(1, path="b/{}.yaml")

    root = tree(rendered(body_of(Plan(edits=(*first.edits, *second.edits)), *outcomes)))

    (block,) = root.all("pre")
    assert block.text.startswith("--- a/b/0.yaml\n")
    assert "… and 1 more file." in root.all("details")[0].text


def test_no_diff_is_shown_where_no_file_has_room() -> None:
    plan, outcomes = many(1, text="tag: {}\n" + "#" * 70_000 + "\n")

    assert tree(rendered(body_of(plan, *outcomes))).all("details") == []


PING = re.compile(r"(?<!\w)@\w|#\w|\b(?i:gh)-\d|://|:[\w+-]+:|\n")
HOSTILE = st.text(st.one_of(st.sampled_from(list("`|<>@#&\\*_[]()!:'\"-. \n")), st.characters()), max_size=30)
PHRASES = st.sampled_from(
    [
        "@octocat",
        "fixes #1",
        "GH-1",
        "</details>",
        "```",
        "<!-- imgupdate {} -->",
        '\n<!-- imgupdate {"versions": "evil"} -->\n',
        "| a | b |",
        "[x](javascript:alert(1))",
        "https://evil.example/",
        ":tada:",
        "\n\n# title\n\n",
    ]
)
STRANGERS = st.one_of(HOSTILE, PHRASES, st.tuples(PHRASES, HOSTILE).map("".join))


@settings(max_examples=25)
@given(image=STRANGERS, name=STRANGERS, old=STRANGERS, new=STRANGERS, path=STRANGERS, line=STRANGERS, reason=STRANGERS)
def test_nothing_of_a_stranger_breaks_a_body_or_pings_anybody(
    image: str, name: str, old: str, new: str, path: str, line: str, reason: str
) -> None:
    policy = key(name, reason)
    field = marker(old, policy=policy, path=path)
    data = f"a\n{line}\nb\n".encode("utf-8", "surrogatepass")
    plan = Plan(
        edits=(edit(data, data + b"```\n", Change(marker=field, new=new), path=path),),
        problems=(problem(f"held at {old}: {reason}", Severity.WARNING, path=path, remedy=new),),
    )
    outcomes = (selection(new, policy=policy, image=image), unavailable(reason=reason, policy=key(old), image=image))

    text = body_of(plan, *outcomes)

    assert harm(text) == []
    root = tree(rendered(text))
    assert [len(row) for row in cells(root)] == [6]
    assert len(root.all("details")) == len(root.all("pre")) == 1
    assert len(root.all("table")) == 1
    assert parse_state(text) == STATE
    assert not PING.search(title(updates(plan, outcomes), place=path))


@pytest.mark.parametrize(
    "state",
    [
        State(versions="ab" * 32),
        State(versions="x", closed=True),
        State(versions="x", own=True),
        State(versions="sha256:1_2.3-4", head="c" * 40),
    ],
)
def test_a_body_remembers_its_state(state: State) -> None:
    text = body_of(updated().plan, state=state)

    assert parse_state(text) == state
    assert parse_state(text.replace("\n", "\r\n")) == state
    assert not any(word in tree(rendered(text)).text for word in ("closed", "head", "{"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a body of somebody",
        '<!-- imgupdate {"versions": "a"} --> and more',
        '+<!-- imgupdate {"versions": "a"} -->',
        '<!-- imgupdate {"versions": "a" -->',
        '<!-- imgupdate {"versions": 1} -->',
        '<!-- imgupdate {"versions": ""} -->',
        '<!-- imgupdate {"versions": "a b"} -->',
        '<!-- imgupdate {"closed": true} -->',
        '<!-- imgupdate {"versions": "a", "closed": "yes"} -->',
        '<!-- imgupdate {"versions": "a", "own": 1} -->',
        '<!-- imgupdate {"versions": "a", "head": 1} -->',
        '<!-- imgupdate {"versions": "a", "head": "main"} -->',
        '<!-- imgupdate {"versions": "a", "x": "' + "y" * 1000 + '"} -->',
        '<!-- imgupdate {"versions": "' + "y" * 129 + '"} -->',
        "<!-- imgupdate {" + "[" * 900 + "} -->",
        '<!-- imgupdate {"versions": "a"} -->\n' + " " * 300_000,
    ],
)
def test_what_is_not_plainly_ours_is_not_a_state(text: str) -> None:
    assert parse_state(text) is None


def test_the_last_state_counts_and_unknown_words_do_not_matter() -> None:
    text = '<!-- imgupdate {"versions": "a"} -->\n<!-- imgupdate {"versions": "b", "later": [1]} -->\n'

    assert parse_state(text) == State(versions="b")


@given(text=st.text())
def test_reading_a_state_never_fails(text: str) -> None:
    for found in (parse_state(text), parse_state(f"<!-- imgupdate {{{json.dumps(text)}: 1}} -->")):
        assert found is None


def test_a_state_cannot_end_its_comment() -> None:
    text = body_of(updated().plan, state=State(versions="--><script>"))

    assert text.splitlines()[-1].count("-->") == 1
    assert "<script" not in text


def test_a_closed_body_remembers_that_we_closed_it_and_is_otherwise_the_same() -> None:
    text = body_of(updated().plan)
    closed = closed_body(text)

    assert parse_state(closed) == replace(STATE, closed=True)
    assert closed.replace("true", "false") == text
    assert closed_body("somebody's") == "somebody's"
