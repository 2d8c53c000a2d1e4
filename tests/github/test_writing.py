"""Trees and commits through the API: the bytes arrive, the modes stay, and nothing is sent for nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgupdate.config.model import SigningType
from imgupdate.errors import PublishError
from imgupdate.github import Refused
from imgupdate.github import writing as bounds
from imgupdate.github.api import Api
from imgupdate.github.trees import Trees
from imgupdate.github.writing import Writing
from imgupdate.remote import CommitDraft, CommitId, Person, SigningIdentity, TreeId
from tests.github.support import Hub, api_to, edits_of, operations, root_tree
from tests.github.test_objects import NAMES
from tests.twins.github import GitHubTwin, faults, workflow_token

OLD = b"tag: 1.0.0\n"
PODINFO = "apps/podinfo.yaml"


def head_of(twin: GitHubTwin) -> CommitId:
    head = twin.head("main")
    assert head is not None
    return CommitId(head)


def write(twin: GitHubTwin, edits: Mapping[str, tuple[bytes, bytes]], hub: Hub | None = None) -> TreeId:
    remote = (hub or Hub(twin)).remote
    return remote.write_tree(remote.tree(head_of(twin)).id, edits_of(edits))


def files_of(twin: GitHubTwin, tree: str) -> dict[str, tuple[str, bytes]]:
    found = twin.world.objects.files(tree).items()
    return {path: (entry.mode, twin.world.objects.blob(entry.sha)) for path, entry in found}


def bodies(twin: GitHubTwin, operation: str) -> list[dict[str, object]]:
    return [call.body for call in twin.calls if call.operation == operation]


class TestTrees:
    def test_a_tree_is_its_base_but_for_the_edited_contents(self, twin: GitHubTwin) -> None:
        made = write(twin, {PODINFO: (OLD, b"tag: 1.0.1\n"), "run.sh": (b"#!/bin/sh\n", b"#!/bin/bash\n")})

        assert files_of(twin, made) == {
            PODINFO: ("100644", b"tag: 1.0.1\n"),
            "apps/redis.yaml": ("100644", b"tag: 7.0.0\n"),
            "run.sh": ("100755", b"#!/bin/bash\n"),
        }
        assert operations(twin) == ["git/get-tree", "git/create-tree"]

    @pytest.mark.parametrize(
        "after",
        [
            b"a: b\r\nc: d\r\n",
            b"\xef\xbb\xbfa: b\n",
            b"a: b",
            b"",
            b"\n\n\n",
            "a: \u2028\u2029\u0085\u00a0\ufeff\n".encode(),
            "a: \U0001f600\U0010ffff\n".encode(),
            b"a: \x7f\x1b[0m\t\n",
            b'a: "\\u0041"\n',
            "a: a\u0301 \u00e1\n".encode(),
        ],
    )
    def test_text_arrives_to_the_byte_within_the_tree(self, twin: GitHubTwin, after: bytes) -> None:
        made = write(twin, {PODINFO: (OLD, after)})

        assert files_of(twin, made)[PODINFO] == ("100644", after)
        assert "git/create-blob" not in operations(twin)

    @pytest.mark.parametrize("after", [b"\xff\xfea\0", b"a: \xe4\n", b"a: b\0", b"\xed\xa0\x80", b"x" * 1_000_001])
    def test_what_is_no_text_or_is_large_arrives_to_the_byte_as_a_blob(self, twin: GitHubTwin, after: bytes) -> None:
        made = write(twin, {PODINFO: (OLD, after)})

        assert files_of(twin, made)[PODINFO] == ("100644", after)
        assert operations(twin) == ["git/get-tree", "git/create-blob", "git/create-tree"]

    def test_any_bytes_travel_as_they_are(self, twin: GitHubTwin) -> None:
        hub = Hub(twin)

        @given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
        def holds(after: bytes) -> None:
            made = write(twin, {PODINFO: (OLD, after)}, hub)

            assert files_of(twin, made)[PODINFO] == ("100644", after)

        holds()

    def test_a_mode_of_old_that_github_does_not_write_becomes_the_plain_one(self, twin: GitHubTwin) -> None:
        twin.push("main", {"old.yaml": "old"}, modes={"old.yaml": "100664"})

        made = write(twin, {"old.yaml": (b"old", b"new")})

        assert files_of(twin, made)["old.yaml"] == ("100644", b"new")

    def test_a_file_of_any_name_can_be_edited(self, twin: GitHubTwin) -> None:
        @settings(max_examples=25)
        @given(st.lists(NAMES, min_size=1, max_size=4).map("/".join))
        def holds(path: str) -> None:
            twin.push("main", {path: "old"})
            made = write(twin, {path: (b"old", path.encode())})
            twin.push("main", {path: None})

            assert files_of(twin, made)[path] == ("100644", path.encode())

        holds()

    def test_any_path_of_the_tree_can_be_edited(self, twin: GitHubTwin) -> None:
        paths = ["ä/ö ü.yaml", "a b/#?%.yaml", "-x/--y.yaml", "deep/" * 20 + "z.yaml", 'q"\\.yaml', "\U0001f600.yaml"]
        twin.push("main", dict.fromkeys(paths, "old"))

        made = write(twin, {path: (b"old", path.encode()) for path in paths})

        assert {path: files_of(twin, made)[path][1] for path in paths} == {path: path.encode() for path in paths}

    def test_no_edits_are_the_base_itself_and_cost_nothing(self, twin: GitHubTwin) -> None:
        base = root_tree(twin, "main")

        assert Hub(twin).remote.write_tree(base, ()) == base
        assert Hub(twin).remote.write_tree(base, edits_of({PODINFO: (OLD, OLD)})) == base
        assert operations(twin) == []

    def test_a_base_that_was_not_read_is_read(self, twin: GitHubTwin) -> None:
        made = Hub(twin).remote.write_tree(root_tree(twin, "main"), edits_of({PODINFO: (OLD, b"x")}))

        assert files_of(twin, made)[PODINFO][1] == b"x"

    def test_a_tree_that_github_is_known_to_have_is_not_written(self, twin: GitHubTwin) -> None:
        twin.push("other", {PODINFO: "tag: 2.0.0\n"}, start="main")
        hub = Hub(twin)
        other = hub.remote.head("other")
        assert other is not None
        hub.remote.series(head_of(twin), other)

        assert write(twin, {PODINFO: (OLD, b"tag: 2.0.0\n")}, hub) == root_tree(twin, "other")
        assert "git/create-tree" not in operations(twin)

    def test_the_tree_of_a_commit_of_ours_costs_nothing(self, twin: GitHubTwin) -> None:
        hub = Hub(twin)
        made = hub.change({PODINFO: (OLD, b"tag: 3.0.0 # $x\n")})
        twin.forget_calls()
        tree = hub.remote.tree(CommitId(made))

        assert tree.read(PODINFO) == b"tag: 3.0.0 # $x\n"
        assert tree.list("apps/podinfo.yaml", b"$x") == (PODINFO,)
        assert write(twin, {PODINFO: (OLD, b"tag: 3.0.0 # $x\n")}, hub) == tree.id
        assert hub.remote.changed(CommitId(made)) == {PODINFO: twin.world.objects.find(tree.id, PODINFO).sha}  # type: ignore[union-attr]
        assert operations(twin) == []

    def test_edits_go_on_top_of_a_tree_of_ours(self, twin: GitHubTwin) -> None:
        hub = Hub(twin)
        first = write(twin, {PODINFO: (OLD, b"1")}, hub)
        second = hub.remote.write_tree(
            first, edits_of({PODINFO: (b"1", b"2"), "apps/redis.yaml": (b"tag: 7.0.0\n", b"3")})
        )

        assert {path: content for path, (_, content) in files_of(twin, second).items()} == {
            PODINFO: b"2",
            "apps/redis.yaml": b"3",
            "run.sh": b"#!/bin/sh\n",
        }

    def test_many_files_go_in_chunks_of_one_hundred(self, twin: GitHubTwin) -> None:
        paths = [f"many/{index:03}.yaml" for index in range(201)]
        twin.push("main", dict.fromkeys(paths, "old"))

        made = write(twin, {path: (b"old", path.encode()) for path in paths})

        assert all(files_of(twin, made)[path][1] == path.encode() for path in paths)
        assert [len(body["tree"]) for body in bodies(twin, "git/create-tree")] == [100, 100, 1]  # type: ignore[arg-type]

    def test_much_text_goes_in_chunks_of_some_megabytes(self, twin: GitHubTwin) -> None:
        big = b"\xc3\xa4" * 450_000
        paths = [f"big/{index}.yaml" for index in range(10)]
        twin.push("main", dict.fromkeys(paths, "old"))

        made = write(twin, {path: (b"old", big + path.encode()) for path in paths})

        sent = [len(json.dumps(body)) for body in bodies(twin, "git/create-tree")]
        assert len(sent) == 2
        assert max(sent) < 7 * bounds.MOST_CHARACTERS
        assert files_of(twin, made)["big/7.yaml"][1] == big + b"big/7.yaml"

    @pytest.mark.parametrize("path", ["none.yaml", "apps", "link.yaml", "mod"])
    def test_what_is_no_file_of_the_base_is_not_written(self, twin: GitHubTwin, path: str) -> None:
        twin.push("main", {"link.yaml": "run.sh", "mod": "1" * 40}, modes={"link.yaml": "120000", "mod": "160000"})

        with pytest.raises(PublishError, match="is no file of the tree"):
            write(twin, {path: (b"old", b"new")})
        assert "git/create-tree" not in operations(twin)

    def test_a_file_that_is_not_as_it_was_planned_for_is_not_written(self, twin: GitHubTwin) -> None:
        with pytest.raises(PublishError, match="is not as it was") as caught:
            write(twin, {PODINFO: (b"tag: 0.9.0\n", b"tag: 1.0.1\n")})

        assert caught.value.where == PODINFO
        assert "git/create-tree" not in operations(twin)

    @pytest.mark.parametrize("path", [".git/config", "a/.git/hooks/x", ".GIT/config", "a/.Git"])
    def test_gits_own_files_are_never_written(self, twin: GitHubTwin, path: str) -> None:
        with pytest.raises(PublishError, match="Git's own"):
            write(twin, {path: (b"", b"x")})

    def test_other_bytes_than_were_sent_are_noticed_before_anything_is_committed(self, twin: GitHubTwin) -> None:
        body = {"sha": root_tree(twin, "main"), "url": "https://x/", "tree": [], "truncated": False}
        twin.fail(faults.Failure(status=201, body=body), on="git/create-tree")

        with pytest.raises(PublishError, match="stored other bytes than it was sent"):
            write(twin, {PODINFO: (OLD, b"x")})

    def test_a_tree_whose_hash_cannot_be_foretold_is_written_all_the_same(self, twin: GitHubTwin) -> None:
        head = head_of(twin)
        entry = twin.world.objects.find(root_tree(twin, "main"), "run.sh")
        assert entry is not None
        tree = [{"path": path, "mode": entry.mode, "type": "blob", "sha": entry.sha} for path in ("run.sh", "\ufffd")]
        twin.fail(faults.Failure(status=200, body={"tree": tree, "truncated": False}), on="git/get-tree")
        hub = Hub(twin)

        made = hub.remote.write_tree(hub.remote.tree(head).id, edits_of({"run.sh": (b"#!/bin/sh\n", b"x")}))

        assert files_of(twin, made)["run.sh"] == ("100755", b"x")

    @pytest.mark.parametrize("status", [403, 404])
    def test_a_workflow_that_a_token_may_not_touch_is_named_though_github_does_not(
        self, twin: GitHubTwin, status: int
    ) -> None:
        twin.push("main", {".github/workflows/ci.yaml": "old"})
        twin.fail(faults.refusal(status, "Resource not accessible by integration"), on="git/create-tree")

        with pytest.raises(Refused, match="write the changed files") as caught:
            write(twin, {".github/workflows/ci.yaml": (b"old", b"new"), PODINFO: (OLD, b"new")})
        assert caught.value.remedy.startswith("the change touches .github/workflows/")
        assert caught.value.status == status

    def test_a_token_that_may_not_touch_workflows_is_told_so(self, twin: GitHubTwin) -> None:
        twin.push("main", {".github/workflows/ci.yaml": "old"})
        twin.fail(faults.workflow_refused(), on="git/create-tree")

        with pytest.raises(Refused) as caught:
            write(twin, {".github/workflows/ci.yaml": (b"old", b"new")})

        assert "the permission Workflows" in caught.value.remedy

    def test_a_token_that_may_not_write_is_told_so(self, twin: GitHubTwin) -> None:
        twin.admit(workflow_token(contents="read"))

        with pytest.raises(Refused, match="Resource not accessible") as caught:
            write(twin, {PODINFO: (OLD, b"x")})

        assert "contents: write" in caught.value.remedy


class TestCommits:
    def draft(self, twin: GitHubTwin, **changed: object) -> CommitDraft:
        given = {"tree": root_tree(twin, "main"), "parent": head_of(twin), "message": "Update", **changed}
        return CommitDraft(**given)  # type: ignore[arg-type]

    def test_without_an_author_it_is_githubs_and_verified(self, twin: GitHubTwin) -> None:
        made = Hub(twin).remote.commit(self.draft(twin))

        [logged] = twin.log(made.id, since="main")
        assert (made.verified, made.reason, made.tree) == (True, "valid", root_tree(twin, "main"))
        assert (logged.author, logged.verified, logged.parents) == ("github-actions[bot]", True, (head_of(twin),))
        [body] = bodies(twin, "git/create-commit")
        assert body.keys() == {"message", "tree", "parents"}

    def test_a_persons_token_makes_it_the_persons_and_unsigned(self, twin: GitHubTwin) -> None:
        made = Hub(twin, token=twin.person).remote.commit(self.draft(twin))

        assert (made.verified, made.reason) == (False, "unsigned")

    @pytest.mark.parametrize("message", ["", " \n\t\n"])
    def test_an_empty_message_is_refused_before_anything_is_sent(self, twin: GitHubTwin, message: str) -> None:
        hub = Hub(twin)
        head = head_of(twin)
        twin.forget_calls()

        with pytest.raises(PublishError, match="is empty") as caught:
            hub.remote.commit(CommitDraft(tree=TreeId("1" * 40), parent=head, message=message))
        assert "messageTemplate" in caught.value.remedy
        assert operations(twin) == []

    def test_an_author_is_the_committer_too(self, twin: GitHubTwin) -> None:
        author = Person(name="fluxcdbot", email="fluxcdbot@users.noreply.github.com")
        made = Hub(twin).remote.commit(self.draft(twin, author=author))

        commit = twin.world.objects.commit(made.id)
        assert (commit.author.name, commit.author.email) == (author.name, author.email)
        assert (commit.committer.name, commit.committer.email) == (author.name, author.email)
        assert not made.verified

    @pytest.mark.parametrize("name", ["", "  "])
    def test_an_author_without_a_name_is_called_by_the_address(self, twin: GitHubTwin, name: str) -> None:
        made = Hub(twin).remote.commit(self.draft(twin, author=Person(name=name, email="bot@example.com")))

        assert twin.world.objects.commit(made.id).author.name == "bot@example.com"

    @pytest.mark.parametrize(
        "message",
        ["Update\n\n- a\n- b\n\nImgupdate-Plan: 1\n", "no end", "  x\n\n\n", "ä\U0001f600\r\nb\n", "# not a comment"],
    )
    def test_the_message_is_kept_to_the_byte(self, twin: GitHubTwin, message: str) -> None:
        made = Hub(twin).remote.commit(self.draft(twin, message=message))

        assert twin.world.objects.commit(made.id).message == message

    def test_a_key_is_for_the_git_program(self, twin: GitHubTwin) -> None:
        signing = SigningIdentity(type=SigningType.GPG, key=b"key")

        with pytest.raises(PublishError, match="cannot be signed with a key through the API"):
            Hub(twin).remote.commit(self.draft(twin, signing=signing))
        assert operations(twin) == []

    def test_githubs_word_on_a_signature_is_a_strangers(self, twin: GitHubTwin) -> None:
        body = {
            "sha": "1" * 40,
            "tree": {"sha": "2" * 40},
            "verification": {"verified": "yes", "reason": "a\x1b[2J" + "b" * 500},
        }
        twin.fail(faults.Failure(status=201, body=body), on="git/create-commit")

        made = Hub(twin).remote.commit(self.draft(twin))

        assert not made.verified
        assert made.reason.startswith("a\\x1b[2Jb")
        assert len(made.reason) == 100

    def test_no_word_on_a_signature_is_no_signature(self, twin: GitHubTwin) -> None:
        twin.fail(faults.Failure(status=201, body={"sha": "1" * 40, "tree": {"sha": "2" * 40}}), on="git/create-commit")

        made = Hub(twin).remote.commit(self.draft(twin))

        assert (made.verified, made.reason) == (False, "")


def test_a_blob_is_sent_as_base64(twin: GitHubTwin) -> None:
    api: Api = api_to(twin)
    trees = Trees(api, lambda _: None)

    Writing(api, trees).tree(root_tree(twin, "main"), edits_of({PODINFO: (OLD, b"\xff")}))

    assert bodies(twin, "git/create-blob") == [{"content": base64.b64encode(b"\xff").decode(), "encoding": "base64"}]
