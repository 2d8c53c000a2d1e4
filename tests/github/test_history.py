"""What commits there are between two, and what a commit did."""

from __future__ import annotations

import pytest

from imgupdate.errors import PublishError
from imgupdate.remote import CommitId, Series
from tests.github.support import Hub, operations
from tests.twins.github import GitHubTwin, faults

PODINFO = "apps/podinfo.yaml"


def head_of(twin: GitHubTwin, branch: str = "main") -> CommitId:
    head = twin.head(branch)
    assert head is not None
    return CommitId(head)


class TestSeries:
    def test_the_commits_of_a_branch_are_told_oldest_first(self, twin: GitHubTwin, hub: Hub) -> None:
        base = head_of(twin)
        made = [
            twin.push("side", {"x": str(index)}, start="main", message=f"Step {index}\n\nBody") for index in range(3)
        ]

        series = hub.remote.series(base, CommitId(made[-1]))

        assert [commit.id for commit in series.commits] == made
        assert [commit.message for commit in series.commits] == [f"Step {index}\n\nBody" for index in range(3)]
        assert [commit.parents for commit in series.commits] == [(base,), (made[0],), (made[1],)]
        assert [commit.tree for commit in series.commits] == [twin.world.repository.tree_of(sha) for sha in made]
        assert series.complete
        assert operations(twin) == ["repos/compare-commits-with-basehead"]

    def test_what_the_base_has_got_meanwhile_does_not_count(self, twin: GitHubTwin, hub: Hub) -> None:
        ours = twin.push("side", {"x": "1"}, start="main")
        base = CommitId(twin.push("main", {"y": "2"}))

        assert [commit.id for commit in hub.remote.series(base, CommitId(ours)).commits] == [ours]

    def test_between_a_commit_and_itself_there_is_nothing_to_ask_for(self, twin: GitHubTwin, hub: Hub) -> None:
        assert hub.remote.series(head_of(twin), head_of(twin)) == Series(commits=())
        assert operations(twin) == []

    def test_an_ancestor_has_nothing_that_its_descendant_has_not(self, twin: GitHubTwin, hub: Hub) -> None:
        old = head_of(twin)
        new = CommitId(twin.push("main", {"x": "1"}))

        assert hub.remote.series(new, old) == Series(commits=())

    @pytest.mark.parametrize(("count", "known", "pages"), [(100, 100, 1), (101, 101, 2), (250, 250, 3), (251, 250, 3)])
    def test_at_most_250_commits_are_told_and_that_there_are_more(
        self, twin: GitHubTwin, hub: Hub, count: int, known: int, pages: int
    ) -> None:
        base = head_of(twin)
        lines = []
        for index in range(count):
            lines.append(f"commit refs/heads/side\ncommitter a <a@b> {index + 1} +0000\ndata 1\nx")
            lines.append(f"from {base}\n" if index == 0 else "")
        twin.world.repository.git("fast-import", "--quiet", given="\n".join(lines).encode())

        series = hub.remote.series(base, head_of(twin, "side"))

        assert len(series.commits) == known
        assert series.complete is (known == count)
        assert len(twin.calls) == pages

    def test_a_page_that_is_short_ends_the_series_as_incomplete(self, twin: GitHubTwin, hub: Hub) -> None:
        ours = CommitId(twin.push("side", {"x": "1"}, start="main"))
        twin.fail(
            faults.Failure(status=200, body={"commits": [], "total_commits": 5}),
            on="repos/compare-commits-with-basehead",
        )

        assert hub.remote.series(head_of(twin), ours) == Series(commits=(), complete=False)

    def test_a_commit_that_is_not_there_is_an_error(self, twin: GitHubTwin, hub: Hub) -> None:
        with pytest.raises(PublishError, match="compare two commits"):
            hub.remote.series(head_of(twin), CommitId("1" * 40))


class TestChanged:
    def test_modified_files_are_told_with_what_they_hold(self, twin: GitHubTwin, hub: Hub) -> None:
        made = twin.push("main", {PODINFO: "new", "run.sh": "#!x"})
        objects = twin.world.objects
        tree = twin.world.repository.tree_of(made)

        found = {path: entry.sha for path in (PODINFO, "run.sh") if (entry := objects.find(tree, path))}
        assert hub.remote.changed(CommitId(made)) == found

    def test_a_commit_that_changed_nothing_modified_nothing(self, twin: GitHubTwin, hub: Hub) -> None:
        assert hub.remote.changed(CommitId(twin.push("main", {}))) == {}

    @pytest.mark.parametrize(
        ("files", "modes"),
        [
            ({"added.yaml": "x"}, {}),
            ({PODINFO: None}, {}),
            ({PODINFO: None, "apps/renamed.yaml": "tag: 1.0.0\n"}, {}),
            ({PODINFO: "tag: 1.0.0\n"}, {PODINFO: "100755"}),
            ({PODINFO: "other"}, {PODINFO: "100755"}),
            ({PODINFO: "redis.yaml"}, {PODINFO: "120000"}),
            ({PODINFO: "1" * 40}, {PODINFO: "160000"}),
            ({"link": "apps"}, {}),
            ({"mod": "2" * 40}, {}),
            ({"run.sh": None, "run.sh/x": "y"}, {}),
        ],
        ids=[
            "added",
            "removed",
            "renamed",
            "mode",
            "mode-too",
            "link",
            "submodule",
            "relinked",
            "submodule-too",
            "folder",
        ],
    )
    def test_a_commit_that_did_something_else_as_well_is_not_told(
        self, twin: GitHubTwin, hub: Hub, files: dict[str, str | None], modes: dict[str, str]
    ) -> None:
        twin.push("main", {"link": "run.sh", "mod": "1" * 40}, modes={"link": "120000", "mod": "160000"})

        assert hub.remote.changed(CommitId(twin.push("main", files, modes=modes))) is None

    def test_a_merge_is_not_told(self, twin: GitHubTwin, hub: Hub) -> None:
        hub.branch_off("side", {PODINFO: (b"tag: 1.0.0\n", b"x")})
        twin.push("main", {"run.sh": "y"})
        merged = twin.world.repository.git(
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit-tree",
            "-p",
            "main",
            "-p",
            "side",
            "-m",
            "m",
            "side^{tree}",
        )

        assert hub.remote.changed(CommitId(merged.strip())) is None

    def test_the_first_commit_is_not_told(self, twin: GitHubTwin, hub: Hub) -> None:
        assert hub.remote.changed(head_of(twin)) is None

    def test_what_is_known_from_before_is_not_asked_for_again(self, twin: GitHubTwin, hub: Hub) -> None:
        base = head_of(twin)
        ours = CommitId(twin.push("side", {PODINFO: "x"}, start="main"))
        hub.remote.tree(base)
        hub.remote.series(base, ours)
        twin.forget_calls()

        assert hub.remote.changed(ours)
        assert hub.remote.changed(ours)
        assert operations(twin) == ["git/get-tree"]
