"""The working tree on real disks: what is found in it, and that it is never left or half written."""

from __future__ import annotations

import errno
import os
import resource
import socket
import sys
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import UnreadableFile, UsageError
from imgupdate.results import FileEdit, Severity
from imgupdate.workspace import Limits, Workspace

TOKEN = b'"$imagepolicy"'
OTHER = b"image.toolkit.fluxcd.io/"
MARKED = b'image: app:1 # {"$imagepolicy": "flux-system:app"}\n'
NEXT = b'image: app:2 # {"$imagepolicy": "flux-system:app"}\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def put(root: Path, path: str, content: bytes = MARKED) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def edit(path: str, before: bytes = MARKED, after: bytes = NEXT) -> FileEdit:
    return FileEdit(path=path, before=before, after=after, changes=())


_on_call: dict[str, Callable[[], None]] = {}


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Act just before Python calls the system; "open a.yaml" is the opening of such a file."""
    if _on_call and (act := _on_call.pop(f"open {arguments[0]}" if event == "open" else event, None)):
        act()


sys.addaudithook(_audit)


@contextmanager
def on_call(call: str, act: Callable[[], None]) -> Iterator[None]:
    """Do something at the next call of a kind, such as another process might, or fail as the system might."""
    _on_call[call] = act
    try:
        yield
    finally:
        assert not _on_call.pop(call, None), f"nothing called {call}"


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def passed_over(workspace: Workspace) -> dict[str, Severity]:
    return {str(problem.location): problem.severity for problem in workspace.passed_over}


def unprivileged(root: Path, work: Callable[[Path], object], *, except_for: Path | None = None) -> str:
    """What a piece of work on the tree returns or raises in a child process that has no rights of root, as a text.

    The child of root sees the tree as its whole file system, since the folders above may be closed to others.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests may leave threads; the child uses none
        child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                for path in {root, *root.rglob("*")} - {except_for}:
                    os.chown(path, 65534, 65534, follow_symlinks=False)
                os.chroot(root)
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                said = str(work(Path("/")))
            else:
                said = str(work(root))
        except BaseException as error:  # noqa: BLE001 - the child tells its parent, whatever it is
            said = f"{type(error).__name__}: {error}"
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


# -- what is listed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("deploy.yaml", True),
        ("deploy.yml", True),
        (".yaml", True),
        ("Kustomization", True),
        ("kustomization", False),
        ("deploy.YAML", False),
        ("deploy.json", False),
        ("deploy.yaml.bak", False),
    ],
)
def test_files_are_listed_by_the_names_that_flux_looks_at(root: Path, name: str, listed: bool) -> None:
    put(root, name)

    assert list(Workspace(root).list("", TOKEN)) == ([name] if listed else [])


def test_only_files_that_hold_the_token_are_listed_and_in_order(root: Path) -> None:
    for path in ("b/z.yaml", "b/a.yaml", "a.yaml", "b.yaml", "b-c/x.yaml"):
        put(root, path)
    put(root, "plain.yaml", b"image: app:1\n")
    put(root, "unquoted.yaml", b"image: app:1 # $imagepolicy\n")

    assert list(Workspace(root).list("", TOKEN)) == ["a.yaml", "b-c/x.yaml", "b.yaml", "b/a.yaml", "b/z.yaml"]


def test_hidden_folders_are_walked_but_git_never(root: Path) -> None:
    put(root, ".github/a.yaml")
    put(root, ".git/config.yaml")
    put(root, "vendor/.git/config.yaml")
    put(root, "vendor/.GIT/config.yaml")
    put(root, "vendor/b.yaml")

    assert list(Workspace(root).list("", TOKEN)) == [".github/a.yaml", "vendor/b.yaml"]
    assert list(Workspace(root).list(".git", TOKEN)) == []


@pytest.mark.parametrize(
    ("under", "listed"),
    [
        ("", ["apps/a.yaml", "apps/inner/b.yaml", "apps2/c.yaml"]),
        ("apps", ["apps/a.yaml", "apps/inner/b.yaml"]),
        ("apps/inner", ["apps/inner/b.yaml"]),
        ("apps/a.yaml", ["apps/a.yaml"]),
        ("empty", []),
    ],
)
def test_a_listing_is_of_one_folder_or_one_file(root: Path, under: str, listed: list[str]) -> None:
    for path in ("apps/a.yaml", "apps/inner/b.yaml", "apps2/c.yaml"):
        put(root, path)
    (root / "empty").mkdir()

    assert list(Workspace(root).list(under, TOKEN)) == listed


@pytest.mark.parametrize("under", ["missing", "a.yaml/b", "missing/inner"])
def test_a_path_that_is_not_there_is_said_to_be_missing(root: Path, under: str) -> None:
    put(root, "a.yaml")

    with pytest.raises(UnreadableFile, match="is not in the tree"):
        Workspace(root).list(under, TOKEN)


def test_a_root_that_is_no_directory_is_a_wrong_usage(root: Path) -> None:
    with pytest.raises(UsageError, match="is not a directory"):
        Workspace(put(root, "a.yaml"))


def test_a_root_that_is_gone_later_is_said_to_be(root: Path) -> None:
    workspace = Workspace(root)
    root.rmdir()

    with pytest.raises(UnreadableFile, match="cannot be listed"):
        workspace.list("", TOKEN)


def test_each_token_has_its_own_files(root: Path) -> None:
    put(root, "deploy.yaml")
    put(root, "policy.yaml", b"apiVersion: image.toolkit.fluxcd.io/v1\n")
    put(root, "both.yaml", MARKED + b"---\napiVersion: image.toolkit.fluxcd.io/v1\n")
    workspace = Workspace(root, tokens=(TOKEN, OTHER))

    assert list(workspace.list("", TOKEN)) == ["both.yaml", "deploy.yaml"]
    assert list(workspace.list("", OTHER)) == ["both.yaml", "policy.yaml"]
    assert list(workspace.list("", b"app:1")) == ["both.yaml", "deploy.yaml"]


def test_one_sweep_serves_all_tokens_that_are_known_from_the_start(root: Path) -> None:
    put(root, "a.yaml")
    workspace = Workspace(root, tokens=(TOKEN, OTHER))
    workspace.list("", TOKEN)
    put(root, "late.yaml", MARKED + OTHER)

    assert list(workspace.list("", OTHER)) == []
    assert list(workspace.list("", TOKEN)) == ["a.yaml"]
    assert list(workspace.list("", b"app:1")) == ["a.yaml", "late.yaml"]
    assert list(workspace.list("", OTHER)) == []


@pytest.mark.parametrize("size", [1, 1 << 16, (1 << 16) - 7, (1 << 17) - 1, 3 << 16])
def test_a_token_is_found_wherever_it_lies_in_a_file(root: Path, size: int) -> None:
    put(root, "padded.yaml", b"#" * size + TOKEN)
    put(root, "alone.yaml", TOKEN)
    put(root, "cut.yaml", b"#" * size + TOKEN[:-1])

    assert list(Workspace(root, tokens=(b"#", OTHER)).list("", TOKEN)) == ["alone.yaml", "padded.yaml"]


@given(content=st.binary(max_size=200), where=st.integers(0, 1 << 17))
def test_a_file_is_listed_exactly_if_its_bytes_hold_the_token(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, where: int
) -> None:
    root = tmp_path_factory.mktemp("any")
    whole = b" " * where + content
    put(root, "a.yaml", whole)
    token = content[3:9] or b"absent"

    assert list(Workspace(root).list("", token)) == (["a.yaml"] if token in whole else [])


def test_a_folder_of_unbounded_depth_is_left_with_a_warning(root: Path) -> None:
    put(root, "a/b/c.yaml")
    put(root, "a/b/c/d.yaml")
    workspace = Workspace(root, limits=Limits(depth=2))

    assert list(workspace.list("", TOKEN)) == ["a/b/c.yaml"]
    assert passed_over(workspace) == {"a/b/c": Severity.WARNING}


# -- links -------------------------------------------------------------------------------------------------------------


def test_a_link_to_a_file_of_the_tree_stands_for_its_target(root: Path) -> None:
    put(root, "shared/app.yaml")
    put(root, "shared/app.txt")
    (root / "apps").mkdir()
    (root / "apps/app.yaml").symlink_to("../shared/app.yaml")
    (root / "apps/text.yaml").symlink_to("../shared/app.txt")
    (root / "apps/twice.yaml").symlink_to("app.yaml")
    (root / "apps/unmarked.txt").symlink_to("../shared/app.txt")
    workspace = Workspace(root)

    assert list(workspace.list("", TOKEN)) == ["shared/app.txt", "shared/app.yaml"]
    assert list(workspace.list("apps", TOKEN)) == ["shared/app.txt", "shared/app.yaml"]
    assert list(workspace.list("apps/app.yaml", TOKEN)) == ["shared/app.yaml"]
    assert list(workspace.list("apps/text.yaml", TOKEN)) == ["shared/app.txt"]
    assert workspace.passed_over == ()


def test_a_link_to_a_folder_is_followed_only_where_the_configuration_names_it(root: Path) -> None:
    put(root, "real/app.yaml")
    (root / "link").symlink_to("real")
    (root / "folder.yaml").symlink_to("real")
    workspace = Workspace(root)

    assert list(workspace.list("", TOKEN)) == ["real/app.yaml"]
    assert list(workspace.list("link", TOKEN)) == ["real/app.yaml"]
    assert list(workspace.list("link/app.yaml", TOKEN)) == ["real/app.yaml"]
    assert workspace.passed_over == ()


def test_a_link_to_the_root_names_the_whole_tree(root: Path) -> None:
    put(root, "app.yaml")
    (root / "self").symlink_to(".")

    assert list(Workspace(root).list("self", TOKEN)) == ["app.yaml"]


def test_links_out_of_the_tree_or_to_nowhere_are_passed_over_and_told(root: Path, tmp_path: Path) -> None:
    put(tmp_path, "outside/secret.yaml")
    put(tmp_path, "tree-beside/secret.yaml")
    put(root, ".git/hidden.yaml")
    (root / "away.yaml").symlink_to(tmp_path / "outside/secret.yaml")
    (root / "beside.yaml").symlink_to("../tree-beside/secret.yaml")
    (root / "dangling.yaml").symlink_to("nowhere")
    (root / "git.yaml").symlink_to(".git/hidden.yaml")
    (root / "loop.yaml").symlink_to("loop.yaml")
    (root / "away.txt").symlink_to(tmp_path / "outside/secret.yaml")
    workspace = Workspace(root)

    assert list(workspace.list("", TOKEN)) == []
    assert passed_over(workspace) == dict.fromkeys(
        ["away.yaml", "beside.yaml", "dangling.yaml", "git.yaml", "loop.yaml"], Severity.NOTICE
    )


@pytest.mark.parametrize("target", ["..", "../outside", "/", "loop"])
def test_a_path_that_leads_out_of_the_tree_through_a_link_is_refused(root: Path, tmp_path: Path, target: str) -> None:
    put(tmp_path, "outside/secret.yaml")
    (root / "loop").symlink_to("loop")
    (root / "link").symlink_to(target)

    with pytest.raises(UnreadableFile, match=r"leads out of the tree|is not in the tree"):
        Workspace(root).list("link", TOKEN)


# -- things that are not plain files -----------------------------------------------------------------------------------


def test_pipes_and_sockets_are_never_opened(root: Path) -> None:
    os.mkfifo(root / "pipe.yaml")
    (root / "linked.yaml").symlink_to("pipe.yaml")
    put(root, "a.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(root, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/socket.yaml" if sys.platform == "linux" else str(root / "socket.yaml"))
        os.close(here)
        workspace = Workspace(root)

        assert list(workspace.list("", TOKEN)) == ["a.yaml"]
        with pytest.raises(UnreadableFile, match="is not a regular file"):
            workspace.read("pipe.yaml")
        with pytest.raises(UnreadableFile, match="is not a regular file"):
            workspace.write(edit("socket.yaml"))
    assert passed_over(workspace) == {"linked.yaml": Severity.ERROR}


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(root: Path) -> None:
    put(root, "a.yaml")
    put(root, "locked.yaml").chmod(0)
    put(root, "closed/b.yaml").parent.chmod(0)

    def work(tree: Path) -> object:
        workspace = Workspace(tree)
        return list(workspace.list("", TOKEN)), [
            (p.message, p.severity.value, p.exit_code) for p in workspace.passed_over
        ]

    said = unprivileged(root, work)
    (root / "closed").chmod(0o755)

    assert said == str(
        (
            ["a.yaml"],
            [
                ("is not looked into: permission denied", "warning", 0),
                ("cannot be read, so that its markers are not seen: permission denied", "error", 5),
            ],
        )
    )


def test_a_file_that_may_not_be_read_says_what_to_do(root: Path) -> None:
    put(root, "a.yaml").chmod(0)

    said = unprivileged(root, lambda tree: Workspace(tree).read("a.yaml"))

    assert said.startswith("UnreadableFile: a.yaml: cannot be read: permission denied; give the user")


@pytest.mark.parametrize(("name", "severity"), [("inner", Severity.WARNING), ("a.yaml", Severity.ERROR)])
def test_a_disk_that_fails_is_told_and_the_rest_goes_on(root: Path, name: str, severity: Severity) -> None:
    put(root, "a.yaml")
    put(root, "inner/b.yaml")
    put(root, "c.yaml")
    workspace = Workspace(root)

    def fail() -> None:
        raise OSError(errno.EIO, "Input/output error")

    with on_call(f"open {name}", fail):
        listed = set(workspace.list("", TOKEN))
    assert listed == {"a.yaml", "inner/b.yaml", "c.yaml"} - {name, f"{name}/b.yaml"}
    assert passed_over(workspace) == {name: severity}


def test_a_marked_file_whose_name_is_not_utf8_is_told_and_not_listed(root: Path) -> None:
    put(root, os.fsdecode(b"caf\xe9.yaml"))
    put(root, os.fsdecode(b"plain\xe9.yaml"), b"a: 1\n")
    workspace = Workspace(root)

    assert list(workspace.list("", TOKEN)) == []
    assert [str(problem) for problem in workspace.passed_over] == [
        "caf\\udce9.yaml: is passed over: its name is not UTF-8; rename it"
    ]


def test_control_characters_in_a_name_do_not_reach_a_message(root: Path) -> None:
    (root / "\x1b[31m\n.yaml").symlink_to("nowhere")
    workspace = Workspace(root)
    workspace.list("", TOKEN)

    assert [str(problem) for problem in workspace.passed_over] == [
        "\\x1b[31m\\n.yaml: is passed over: the link leads nowhere"
    ]


# -- reading -----------------------------------------------------------------------------------------------------------


def test_a_file_is_read_whole(root: Path) -> None:
    content = bytes(range(256)) * 1000
    put(root, "apps/a.yaml", content)
    put(root, "apps/empty.yaml", b"")

    assert Workspace(root).read("apps/a.yaml") == content
    assert Workspace(root).read("apps/empty.yaml") == b""


def test_a_file_that_is_too_large_is_listed_and_not_read(root: Path) -> None:
    put(root, "fits.yaml", MARKED.ljust(100))
    put(root, "large.yaml", MARKED.ljust(101))
    workspace = Workspace(root, limits=Limits(file_bytes=100))

    assert list(workspace.list("", TOKEN)) == ["fits.yaml", "large.yaml"]
    assert len(workspace.read("fits.yaml")) == 100
    with pytest.raises(UnreadableFile, match="101 bytes, and at most 100 are read"):
        workspace.read("large.yaml")
    with pytest.raises(UnreadableFile, match="too large"):
        workspace.write(edit("large.yaml", before=MARKED.ljust(101)))


def test_a_file_that_pretends_to_be_empty_is_bounded_all_the_same(root: Path) -> None:
    """Files such as those of /proc have no size until they are read."""
    put(root, "a.yaml", b"x" * 300)
    workspace = Workspace(root, limits=Limits(file_bytes=100))

    with pytest.raises(UnreadableFile, match="300 bytes"):
        workspace.read("a.yaml")


def test_a_file_of_50_megabytes_is_looked_through_in_little_memory(root: Path) -> None:
    with put(root, "huge.yaml", b"").open("wb") as file:
        for _ in range(50):
            file.write(b"# padding\n" * 100_000)
        file.write(MARKED)
    workspace = Workspace(root)
    workspace.list("", b"warm")
    tracemalloc.start()

    assert list(workspace.list("", TOKEN)) == ["huge.yaml"]
    with pytest.raises(UnreadableFile, match="too large"):
        workspace.read("huge.yaml")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_file_too_large_to_be_looked_through_is_an_error(root: Path) -> None:
    put(root, "marked.yaml", MARKED.ljust(1001))
    put(root, "plain.yaml", b" " * 1001)
    workspace = Workspace(root, limits=Limits(screened_bytes=1000))

    assert list(workspace.list("", TOKEN)) == ["marked.yaml"]
    assert [(str(p), p.exit_code) for p in workspace.passed_over] == [
        ("plain.yaml: is too large: at most 1000 bytes are looked through for markers; split the file", 5)
    ]


@pytest.mark.parametrize(
    "path", ["../outside.yaml", "/etc/hostname", "a/../b.yaml", "a/./b.yaml", "", ".", "..", ".git/config", "a/.git"]
)
def test_a_path_that_is_not_of_the_tree_is_neither_read_nor_written(root: Path, tmp_path: Path, path: str) -> None:
    outside = put(tmp_path, "outside.yaml")
    put(root, "b.yaml")
    put(root, "a/b.yaml")
    put(root, ".git/config")
    workspace = Workspace(root)

    with pytest.raises(UnreadableFile):
        workspace.read(path)
    with pytest.raises(UnreadableFile):
        workspace.write(edit(path))
    assert outside.read_bytes() == MARKED


def test_a_file_that_is_gone_is_said_to_be(root: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^apps/a.yaml: cannot be read: no such file"):
        Workspace(root).read("apps/a.yaml")


# -- confinement -------------------------------------------------------------------------------------------------------


def test_a_folder_swapped_for_a_link_after_the_listing_leads_nowhere(root: Path, tmp_path: Path) -> None:
    put(root, "apps/a.yaml")
    outside = put(tmp_path, "outside/a.yaml")
    workspace = Workspace(root)
    assert list(workspace.list("", TOKEN)) == ["apps/a.yaml"]
    (root / "apps").rename(root / "moved")
    (root / "apps").symlink_to(outside.parent)

    with pytest.raises(UnreadableFile, match="replace the link"):
        workspace.read("apps/a.yaml")
    with pytest.raises(UnreadableFile, match="replace the link"):
        workspace.write(edit("apps/a.yaml"))
    assert outside.read_bytes() == MARKED
    assert names(outside.parent) == ["a.yaml"]


def test_a_file_swapped_for_a_link_after_the_listing_is_left_alone(root: Path, tmp_path: Path) -> None:
    outside = put(tmp_path, "outside/a.yaml")
    workspace = Workspace(root)
    (root / "a.yaml").symlink_to(outside)

    with pytest.raises(UnreadableFile, match="has become a link"):
        workspace.read("a.yaml")
    with pytest.raises(UnreadableFile, match="has become a link"):
        workspace.write(edit("a.yaml"))
    assert outside.read_bytes() == MARKED
    assert (root / "a.yaml").is_symlink()


def test_a_pipe_in_the_place_of_a_file_does_not_make_us_wait(root: Path) -> None:
    file = put(root, "a.yaml")
    workspace = Workspace(root)

    def swap() -> None:
        file.unlink()
        os.mkfifo(file)

    with on_call("open a.yaml", swap), pytest.raises(UnreadableFile, match="is not a regular file"):
        workspace.read("a.yaml")


# -- writing -----------------------------------------------------------------------------------------------------------


def test_a_file_gets_its_new_content_and_keeps_mode_and_owner(root: Path) -> None:
    file = put(root, "apps/a.yaml")
    file.chmod(0o6751)
    if os.geteuid() == 0:
        os.chown(file, 1234, 4321)
        file.chmod(0o6751)
    before = file.stat()
    Workspace(root).write(edit("apps/a.yaml"))

    after = file.stat()
    assert file.read_bytes() == NEXT
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert names(file.parent) == ["a.yaml"]


def test_the_target_of_a_link_is_written_and_the_link_stays(root: Path) -> None:
    put(root, "shared/a.yaml")
    (root / "a.yaml").symlink_to("shared/a.yaml")
    workspace = Workspace(root)
    (path,) = workspace.list("a.yaml", TOKEN)
    workspace.write(edit(path))

    assert (root / "a.yaml").is_symlink()
    assert (root / "shared/a.yaml").read_bytes() == NEXT


def test_extended_attributes_stay_where_the_file_system_has_them(root: Path) -> None:
    file = put(root, "a.yaml")
    with suppress(OSError):
        os.setxattr(file, "user.note", b"mine")
    before = {name: os.getxattr(file, name) for name in os.listxattr(file)}
    Workspace(root).write(edit("a.yaml"))

    assert file.read_bytes() == NEXT
    assert {name: os.getxattr(file, name) for name in os.listxattr(file)} == before


def test_another_hard_link_keeps_the_old_content_as_when_git_checks_out(root: Path) -> None:
    file = put(root, "a.yaml")
    (root / "other.txt").hardlink_to(file)
    Workspace(root).write(edit("a.yaml"))

    assert file.read_bytes() == NEXT
    assert (root / "other.txt").read_bytes() == MARKED


def test_a_file_that_changed_since_it_was_read_is_left_alone(root: Path) -> None:
    file = put(root, "a.yaml", b"someone was here\n")

    with pytest.raises(UnreadableFile, match="has changed since it was read; run again"):
        Workspace(root).write(edit("a.yaml"))
    assert file.read_bytes() == b"someone was here\n"
    assert names(root) == ["a.yaml"]


def test_a_file_without_permission_to_write_is_refused_even_for_root(root: Path) -> None:
    file = put(root, "a.yaml")
    file.chmod(0o444)

    with pytest.raises(UnreadableFile, match="is write-protected; give its owner the permission"):
        Workspace(root).write(edit("a.yaml"))
    assert file.read_bytes() == MARKED
    assert names(root) == ["a.yaml"]


def test_a_folder_that_may_not_be_written_is_told(root: Path) -> None:
    put(root, "apps/a.yaml").parent.chmod(0o555)

    said = unprivileged(root, lambda tree: Workspace(tree).write(edit("apps/a.yaml")))

    (root / "apps").chmod(0o755)
    assert said.startswith("UnreadableFile: apps/a.yaml: cannot be written: permission denied; ")
    assert (root / "apps/a.yaml").read_bytes() == MARKED


def test_a_file_of_another_owner_is_refused_in_a_folder_of_ours(root: Path) -> None:
    """The system would let us replace it, and make it ours; where the tests do not run as root, it is ours before."""
    file = put(root, "a.yaml")

    said = unprivileged(root, lambda tree: Workspace(tree).write(edit("a.yaml")), except_for=file)

    ours = os.geteuid() != 0
    refused = "UnreadableFile: a.yaml: cannot be written: operation not permitted; run as the owner of the file"
    assert said == ("None" if ours else refused)
    assert file.read_bytes() == (NEXT if ours else MARKED)
    assert names(root) == ["a.yaml"]


def test_a_disk_that_is_full_half_way_leaves_the_file_as_it_was(root: Path) -> None:
    """A limit on the size of files takes the first kilobyte and no more, as a disk does that fills up."""
    file = put(root, "a.yaml")
    before = file.stat()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        with pytest.raises(UnreadableFile, match=r"^a\.yaml: cannot be written: file too large; ") as caught:
            Workspace(root).write(edit("a.yaml", after=NEXT * 100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert isinstance(caught.value.__cause__, OSError)
    assert file.read_bytes() == MARKED
    assert (file.stat().st_ino, file.stat().st_mode) == (before.st_ino, before.st_mode)
    assert names(root) == ["a.yaml"]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (OSError(errno.EIO, "Input/output error"), UnreadableFile),
        (OSError(errno.ENOSPC, "No space left on device"), UnreadableFile),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
@pytest.mark.parametrize("call", ["os.chmod", "os.rename"])
def test_whatever_stops_a_writing_leaves_the_file_as_it_was(
    root: Path, call: str, failure: BaseException, told: type[BaseException]
) -> None:
    file = put(root, "a.yaml")

    def fail() -> None:
        raise failure

    with on_call(call, fail), pytest.raises(told):
        Workspace(root).write(edit("a.yaml"))
    assert file.read_bytes() == MARKED
    assert names(root) == ["a.yaml"]


def test_a_file_that_changes_while_its_replacement_is_written_is_left_alone(root: Path) -> None:
    file = put(root, "a.yaml")

    def change() -> None:
        file.write_bytes(b"someone was here\n")

    with on_call("os.chmod", change), pytest.raises(UnreadableFile, match="has changed since it was read"):
        Workspace(root).write(edit("a.yaml"))
    assert file.read_bytes() == b"someone was here\n"
    assert names(root) == ["a.yaml"]


def test_all_that_can_be_written_is_written_and_the_rest_is_told_in_order(root: Path) -> None:
    paths = [f"apps-{number % 3}/{number:02}.yaml" for number in range(30)]
    for path in paths:
        put(root, path)
    (root / paths[20]).write_bytes(b"changed\n")
    (root / paths[5]).unlink()

    problems = Workspace(root).write_all([edit(path) for path in (*paths, "../outside.yaml")])

    assert [(str(p.location), p.severity, p.exit_code) for p in problems] == [
        (path, Severity.ERROR, 5) for path in (paths[5], paths[20], "../outside.yaml")
    ]
    left = [path for path in paths if path not in (paths[5], paths[20])]
    assert {(root / path).read_bytes() for path in left} == {NEXT}
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*.yaml")) == sorted((*left, paths[20]))
    assert not list(root.rglob(".imgupdate-*"))


def test_nothing_to_write_is_no_problem(root: Path) -> None:
    assert Workspace(root).write_all([]) == ()
