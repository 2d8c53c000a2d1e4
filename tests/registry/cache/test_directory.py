"""The folder of the cache: whole files or none, bounds, and nobody who can make it do harm."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from imgupdate.registry.cache import CacheDirectory, CacheLimits
from imgupdate.registry.cache.directory import Kind, Notices
from tests.registry.support import NOW, FakeClock

KEY = "a" * 64
NAME = f"content-{KEY}"
DAY = 86_400.0


def opened(path: Path, clock: FakeClock | None = None, **limits: float) -> CacheDirectory:
    return CacheDirectory(path, clock=clock or FakeClock(), limits=CacheLimits(**limits))  # type: ignore[arg-type]


def text(payload: bytes) -> str:
    return payload.decode("ascii")


def read(cache: CacheDirectory, key: str = KEY) -> str | None:
    return cache.read(Kind.CONTENT, key, text)


def write(path: Path, payload: bytes = b"payload", key: str = KEY) -> None:
    cache = opened(path)
    cache.write(Kind.CONTENT, key, payload)
    cache.close()


def messages(cache: CacheDirectory) -> list[str]:
    return [message for message, _ in cache.notices.all]


def test_what_one_run_writes_the_next_one_reads(tmp_path: Path) -> None:
    folder = tmp_path / "of" / "the" / "cache"
    write(folder)

    again = opened(folder)

    assert read(again) == "payload"
    assert again.read(Kind.TAGS, KEY, text) is None
    assert read(again, "b" * 64) is None
    assert messages(again) == []


def test_only_the_owner_may_look_into_it(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "cache"
    write(folder)

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, folder / NAME)]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda content: content[:-1],
        lambda content: content[:-1] + b"X",
        lambda content: b"Imgupdate" + content[9:],
        lambda content: content + b"X",
        lambda content: content[:18] + b"\0" * 32 + content[50:],
    ],
    ids=["empty", "cut", "changed", "other form", "longer", "without a checksum"],
)
def test_a_damaged_file_is_left_aside_with_a_notice_and_written_anew(tmp_path: Path, spoil: object) -> None:
    write(tmp_path)
    path = tmp_path / NAME
    assert callable(spoil)
    path.write_bytes(spoil(path.read_bytes()))
    cache = opened(tmp_path)

    assert read(cache) is None
    assert messages(cache) == [f"the file {NAME} of the cache is not what it should be, and is left aside"]

    cache.write(Kind.CONTENT, KEY, b"anew")
    assert read(cache) == "anew"


@pytest.mark.parametrize(
    "error", [ValueError("no"), RecursionError(), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no")]
)
def test_what_cannot_be_parsed_is_left_aside_with_a_notice(tmp_path: Path, error: Exception) -> None:
    write(tmp_path)
    cache = opened(tmp_path)

    def fail(payload: bytes) -> str:
        raise error

    assert cache.read(Kind.CONTENT, KEY, fail) is None
    assert len(messages(cache)) == 1


def test_a_link_in_place_of_a_file_is_not_followed_and_not_written_through(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    write(folder)
    outside = tmp_path / "outside"
    (folder / NAME).rename(outside)
    (folder / NAME).symlink_to(outside)
    before = outside.read_bytes()
    cache = opened(folder)

    assert read(cache) is None
    cache.write(Kind.CONTENT, KEY, b"mine")

    assert outside.read_bytes() == before
    assert not (folder / NAME).is_symlink()
    assert read(cache) == "mine"


def test_what_is_no_file_is_left_aside_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    cache = opened(tmp_path)

    assert read(cache) is None
    assert len(messages(cache)) == 1


def test_a_file_larger_than_we_write_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, b"x" * 1000)

    cache = opened(tmp_path, file_bytes=1000)

    assert read(cache) is None
    assert len(messages(cache)) == 1


def test_what_is_too_large_is_not_kept(tmp_path: Path) -> None:
    cache = opened(tmp_path, file_bytes=100)

    cache.write(Kind.CONTENT, KEY, b"x" * 51)
    assert read(cache) is None

    cache.write(Kind.CONTENT, KEY, b"x" * 50)
    assert read(cache) == "x" * 50
    assert messages(cache) == []


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "cache").symlink_to("real")

    cache = opened(tmp_path / "cache")
    cache.write(Kind.CONTENT, KEY, b"payload")

    assert list((tmp_path / "real").iterdir()) == []
    assert messages(cache) == ["the folder of the cache cannot be used: not a directory"]


@pytest.mark.parametrize("path", ["file", "file/below", "a\0b"])
def test_a_folder_that_cannot_be_made_costs_the_cache_and_not_the_run(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("")

    cache = opened(tmp_path / path)
    cache.write(Kind.CONTENT, KEY, b"payload")

    assert read(cache) is None
    assert len(messages(cache)) == 1
    cache.close()


def test_a_folder_that_went_away_costs_the_cache_and_not_the_run(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    cache = opened(folder)
    folder.rmdir()

    cache.write(Kind.CONTENT, KEY, b"payload")
    cache.write(Kind.CONTENT, "b" * 64, b"payload")

    assert messages(cache) == ["the folder of the cache cannot be used: no such file or directory"]
    cache.close()


def test_nothing_is_kept_after_the_end(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    cache.close()
    cache.write(Kind.CONTENT, KEY, b"payload")
    cache.close()

    assert read(cache) is None
    assert list(tmp_path.iterdir()) == []


def fill(folder: Path, count: int, payload: bytes = b"x" * 50) -> list[Path]:
    """Files, each used a minute after the one before."""
    clock = FakeClock()
    cache = opened(folder, clock)
    paths = []
    for number in range(count):
        key = f"{number:064x}"
        cache.write(Kind.CONTENT, key, payload)
        paths.append(folder / f"content-{key}")
        clock.pass_by(60)
    cache.close()
    return paths


@pytest.mark.parametrize("limits", [{"files": 3}, {"total_bytes": 300}])
def test_what_was_not_used_for_longest_goes_first(tmp_path: Path, limits: dict[str, float]) -> None:
    paths = fill(tmp_path, 4)
    clock = FakeClock()
    clock.pass_by(2 * DAY)
    cache = opened(tmp_path, clock, **limits)

    assert read(cache, f"{0:064x}") == "x" * 50
    cache.write(Kind.TAGS, KEY, b"x" * 50)
    cache.close()

    assert {path.name for path in tmp_path.iterdir()} == {paths[0].name, paths[3].name, f"tags-{KEY}"}


def test_what_was_not_used_for_long_goes(tmp_path: Path) -> None:
    paths = fill(tmp_path, 2)
    clock = FakeClock()
    clock.pass_by(60 * DAY)
    cache = opened(tmp_path, clock)
    read(cache, f"{1:064x}")
    clock.pass_by(31 * DAY)

    cache.write(Kind.TAGS, KEY, b"payload")
    cache.close()

    assert {path.name for path in tmp_path.iterdir()} == {paths[1].name, f"tags-{KEY}"}


def test_a_run_that_wrote_nothing_removes_nothing(tmp_path: Path) -> None:
    paths = fill(tmp_path, 2)

    opened(tmp_path, files=1).close()

    assert sorted(tmp_path.iterdir()) == paths


def test_files_of_others_are_neither_counted_nor_removed(tmp_path: Path) -> None:
    others = [tmp_path / name for name in ("notes.txt", "tags-short", ".new-0", f"content-{'g' * 64}")]
    for path in others:
        path.write_text("mine")
        os.utime(path, (0, 0))
    (tmp_path / f"tags-{'b' * 64}").mkdir()
    cache = opened(tmp_path, files=1)

    cache.write(Kind.CONTENT, KEY, b"payload")
    cache.close()

    assert all(path.exists() for path in others)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in others} | {f"tags-{'b' * 64}", NAME}


@pytest.mark.parametrize(("age", "stays"), [(60.0, True), (4000.0, False)])
def test_the_beginnings_of_a_run_that_died_are_removed_and_those_of_one_that_lives_are_not(
    tmp_path: Path, age: float, stays: bool
) -> None:
    left = tmp_path / f".new-{'0' * 16}"
    left.write_bytes(b"half")
    os.utime(left, (NOW - age, NOW - age))

    write(tmp_path)

    assert left.exists() is stays


def test_many_threads_may_write_one_file_and_each_leaves_it_whole(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    payloads = [bytes([97 + number]) * 10_000 for number in range(8)]
    threads = [threading.Thread(target=cache.write, args=(Kind.CONTENT, KEY, payload)) for payload in payloads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (read(cache) or "").encode() in payloads
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert messages(cache) == []


def test_notices_are_told_once_each_and_not_without_end() -> None:
    notices = Notices()
    for number in range(12):
        notices.say(f"file {number}")
        notices.say("file 0")

    told = [message for message, _ in notices.all]
    assert told == [*(f"file {number}" for number in range(10)), "2 more files of the cache are left aside"]


def test_what_root_makes_belongs_to_the_owner_of_the_folder_around_it(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 1234, 1235)
    around = tmp_path.stat()
    folder = tmp_path / "of" / "cache"

    write(folder)

    owners = [(path.stat().st_uid, path.stat().st_gid) for path in (folder.parent, folder, folder / NAME)]
    assert owners == [(around.st_uid, around.st_gid)] * 3
