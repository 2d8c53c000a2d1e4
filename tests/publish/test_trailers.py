"""The trailer by which our commits are known."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.publish.trailers import blob_id, blobs_of, is_intact, is_sealed, sealed, with_trailers
from imgupdate.remote import BlobId
from imgupdate.results import FileEdit

BLOBS = {"a.yaml": BlobId("1" * 40), "b.yaml": BlobId("2" * 40)}

messages = st.text(min_size=1, max_size=60)
blobs = st.dictionaries(
    st.text(min_size=1, max_size=8), st.from_regex(r"\A[0-9a-f]{40}\Z").map(BlobId), min_size=1, max_size=3
)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Update", "Update\n\nA: b\n"),
        ("Update\n", "Update\n\nA: b\n"),
        ("Update\n\nMore.\n", "Update\n\nMore.\n\nA: b\n"),
        ("Update\n\nSigned-off-by: me", "Update\n\nSigned-off-by: me\nA: b\n"),
        ("Key: value", "Key: value\n\nA: b\n"),
        ("Update\n\nKey: value\nno trailer", "Update\n\nKey: value\nno trailer\n\nA: b\n"),
    ],
)
def test_trailers_stand_in_a_paragraph_of_trailers(message: str, expected: str) -> None:
    assert with_trailers(message, [("A", "b")]) == expected


def test_a_message_without_trailers_stays_to_the_byte() -> None:
    assert with_trailers("Update\n\n\n", []) == "Update\n\n\n"


@pytest.mark.parametrize("message", ["Update", "Update\n\nBody.", "Update\n\nSigned-off-by: me <me@example.org>\n"])
def test_git_reads_the_trailer(message: str) -> None:
    command = ["git", "interpret-trailers", "--parse"]
    told = subprocess.run(command, input=sealed(message, BLOBS), capture_output=True, text=True, check=True).stdout

    assert told.splitlines()[-1].startswith("Imgupdate-Plan: ")


@given(messages, blobs)
def test_a_sealed_message_is_intact(message: str, held: dict[str, BlobId]) -> None:
    text = sealed(message, held)

    assert is_sealed(text)
    assert is_intact(text, held)
    assert is_intact(text.rstrip("\n"), held)


@given(messages, blobs, messages, blobs)
def test_a_seal_holds_for_one_message_and_one_content(
    message: str, held: dict[str, BlobId], other: str, others: dict[str, BlobId]
) -> None:
    text = sealed(message, held)

    assert is_intact(text, others) == (held == others)
    amended = text.replace(message, other, 1)
    assert is_intact(amended, held) == (amended == text)


def test_a_message_that_goes_on_after_the_seal_is_somebody_elses() -> None:
    text = sealed("Update", BLOBS) + "Co-authored-by: a person <a@example.org>\n"

    assert not is_sealed(text)
    assert not is_intact(text, BLOBS)


@pytest.mark.parametrize("content", [b"", b"a: 1\n", b"\xff\r\n" * 1000])
def test_a_blob_has_the_hash_that_git_gives_it(content: bytes) -> None:
    told = subprocess.run(["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True).stdout

    assert blob_id(content) == told.decode().strip()


def test_a_repository_of_longer_hashes_has_longer_blobs() -> None:
    edit = FileEdit(path="a.yaml", before=b"1", after=b"2", changes=())

    assert len(blobs_of([edit], like="0" * 64)["a.yaml"]) == 64
    assert blobs_of([edit], like="0" * 40) == {"a.yaml": blob_id(b"2")}
