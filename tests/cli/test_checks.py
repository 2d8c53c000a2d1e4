"""Branches and titles as people may give them."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgupdate.cli.checks import branch_name, host_names, title_template
from imgupdate.errors import UsageError


def test_a_branch_may_be_named_in_full() -> None:
    assert branch_name("refs/heads/main", "--base") == "main"
    assert branch_name("feature/über-1.0", "--base") == "feature/über-1.0"


@pytest.mark.parametrize("name", ["HEAD", "refs/heads/HEAD", "@", "a" * 40, "0123456789ABCDEF" * 4])
def test_a_branch_is_not_called_as_commits_are(name: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a branch"):
        branch_name(name, "--branch")


@settings(max_examples=40)
@given(st.text(alphabet=st.sampled_from("ab./-@{~^:?*[\\ \x7f\x01lock"), min_size=1, max_size=8))
def test_git_takes_each_name_that_is_taken(name: str) -> None:
    try:
        taken = branch_name(name, "--branch")
    except UsageError as error:
        text = str(error)
    else:
        text = ""
        done = subprocess.run(
            ["git", "check-ref-format", "--branch", taken],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            check=False,
            cwd="/",
        )
        assert done.returncode == 0, taken
    assert text.isprintable()


@pytest.mark.parametrize("title", ["Update images", "Update {{ len .Changed.Changes }} images", "{{ .Bad }}"])
def test_a_title_is_a_template(title: str) -> None:
    assert title_template(title, "--title") == title


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Update {{ .Bad", "--title 'Update {{ .Bad' is no template: template: title:1: unclosed action"),
        ("a\nb", "--title 'a\\nb' holds a line break"),
        ("t" * 1001, "--title is longer than 1000 characters"),
    ],
)
def test_a_title_that_is_none_is_wrong_usage(title: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        title_template(title, "--title")

    assert caught.value.message.startswith(said)
    assert caught.value.remedy


def test_hosts_are_compared_in_lower_case_and_each_once() -> None:
    assert host_names(["GitLab.example.com", "gitlab.example.com", "10.0.0.1"], "x") == {
        "gitlab.example.com",
        "10.0.0.1",
    }


@pytest.mark.parametrize(
    "host",
    ["", "https://a.example", "a.example:443", "a.example/x", "*.example", "a..example", "a b", "a" * 64, "-a.example"],
)
def test_what_is_no_whole_name_of_a_host_is_wrong_usage(host: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a host") as caught:
        host_names([host], "--token-server")

    assert "without scheme" in caught.value.remedy
