"""Summary and pull request as pages, to look at: pytest's `--basetemp` says where they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgupdate.report.pull_request import State, body, title, updates, versions_hash
from imgupdate.report.summary import job_summary
from imgupdate.results import Change, Plan
from tests.rendering import Element, page, rendered, rendered_by_cmark, tree
from tests.report.harmless import harm, harm_in
from tests.report.results import edit, key, marker, problem, selection, unavailable
from tests.report.scenes import COMPARES, LINKS, dry, rich
from tests.report.test_pull_request import STRANGERS


def written(path: Path, heading: str, markdown: str) -> Element:
    """The page as it is on disk."""
    path.write_text(page(heading, markdown), encoding="utf-8")
    return tree(path.read_text(encoding="utf-8").partition("\n")[2])


def pull_request() -> tuple[str, str]:
    result = rich()
    rows = updates(result.plan, result.outcomes, COMPARES)
    state = State(versions=versions_hash(result.plan))
    return title(rows), body(rows, plan=result.plan, state=state, outcomes=result.outcomes, links=LINKS)


def test_a_pull_request_is_a_page_with_everything_in_its_place(tmp_path: Path) -> None:
    heading, markdown = pull_request()

    root = written(tmp_path / "pull-request.html", heading, markdown)

    (article,) = root.all("article")
    assert [child.tag for child in article.children if isinstance(child, Element)] == [
        *("p", "table", "h3", "ul", "details", "hr", "p")
    ]
    assert root.all("h1")[0].text == "Update 4 images"
    kinds = {line.all("td")[0].text: line.all("td")[3].text for line in root.all("tbody")[0].all("tr")}
    assert kinds == {
        "ghcr.io/stefanprodan/podinfo": "patch",
        "nginx": "digest",
        "quay.io/minio/mc": "—",
        "registry.acme.example:5000/team/api": "major",
    }
    assert sum(link.text == "compare" for link in root.all("a")) == 2
    assert len([span for span in root.all("span") if span.attributes["class"] == "added"]) == 5
    assert harm(markdown) == []


def test_a_summary_is_a_page_with_everything_in_its_place(tmp_path: Path) -> None:
    markdown = job_summary(rich(), LINKS, compares=COMPARES)

    root = written(tmp_path / "summary.html", "Summary", markdown)

    (article,) = root.all("article")
    assert [child.tag for child in article.children if isinstance(child, Element)] == [
        *("h2", "ul", "table", "h3", "table", "h3", "ul", "details", "h3"),
        *["details"] * 5,
    ]
    assert root.all("h2")[0].text == "imgupdate: 4 images updated, 1 held, 1 error, 1 warning"
    assert [heading.text for heading in root.all("h3")] == ["Not updated", "Problems", "Diff"]
    assert harm(markdown) == []


def test_a_dry_run_is_a_page_that_says_so(tmp_path: Path) -> None:
    root = written(tmp_path / "dry-run.html", "Summary", job_summary(dry(), LINKS))

    assert root.all("h2")[0].text == "imgupdate: 4 images to update, 1 held, 1 error, 1 warning"
    assert root.all("p")[0].text == "Dry run: nothing was written, committed or pushed."


@pytest.mark.needs_program("cmark-gfm")
@pytest.mark.parametrize(
    "markdown",
    [
        pytest.param(pull_request()[1], id="pull request"),
        pytest.param(job_summary(rich(), LINKS, compares=COMPARES), id="summary"),
    ],
)
def test_githubs_own_parser_sees_what_ours_sees(markdown: str) -> None:
    ours, githubs = tree(rendered(markdown)), tree(rendered_by_cmark(markdown))

    assert [e.tag for e in githubs.walk() if e.tag != "span"] == [e.tag for e in ours.walk() if e.tag != "span"]
    assert "".join(githubs.text.split()) == "".join(ours.text.split())
    assert list(harm_in(githubs)) == []


@pytest.mark.needs_program("cmark-gfm")
@settings(max_examples=40, deadline=None)
@given(names=st.lists(STRANGERS, min_size=6, max_size=6))
def test_nothing_of_a_stranger_breaks_what_githubs_own_parser_sees(names: list[str]) -> None:
    image, name, old, new, path, line = names
    field = marker(old, policy=key(name), path=path)
    data = f"{line}\n".encode("utf-8", "replace")
    change = Change(marker=field, new=new)
    plan = Plan(edits=(edit(data, data + b"x\n", change, path=path),), problems=(problem(line, path=path, remedy=old),))
    outcomes = (selection(new, policy=key(name), image=image), unavailable(reason=line, policy=key(old), image=path))
    markdown = body(updates(plan, outcomes), plan=plan, state=State(versions="0a"), outcomes=outcomes, links=LINKS)

    root = tree(rendered_by_cmark(markdown))

    assert list(harm_in(root)) == []
    assert [len(row.all("td")) for row in root.all("tbody")[0].all("tr")] == [6]
    assert [len(root.all(tag)) for tag in ("table", "details", "pre", "li", "hr")] == [1, 1, 1, 2, 1]


def test_a_page_can_be_shown_with_its_folds_open_and_needs_nothing_from_elsewhere() -> None:
    shown = page("a <b>", "<details>\n<summary>x</summary>\n\ny\n\n</details>", unfolded=True)

    assert "<details open>" in shown
    assert "<title>a &lt;b&gt;</title>" in shown
    assert "http" not in shown


def test_code_of_other_languages_is_shown_as_it_is() -> None:
    assert tree(rendered("```yaml\n+a: <b>\n```\n")).all("pre")[0].text == "+a: <b>\n"
