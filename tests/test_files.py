"""Paths of a tree: which files are manifests, and how a configured path becomes a normal one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import ConfigurationError
from imgupdate.files import is_manifest, is_under, normal_path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.yaml", True),
        ("a.yml", True),
        (".yaml", True),
        ("Kustomization", True),
        ("kustomization", False),
        ("a.YAML", False),
        ("a.json", False),
        ("a.yaml.bak", False),
        ("MyKustomization", False),
    ],
)
def test_a_manifest_is_told_by_its_name_as_flux_does(name: str, expected: bool) -> None:
    assert is_manifest(name) is expected


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("", ""),
        (".", ""),
        ("./", ""),
        ("/", ""),
        ("./clusters/my-cluster", "clusters/my-cluster"),
        ("clusters//my-cluster/", "clusters/my-cluster"),
        ("/clusters", "clusters"),
        ("clusters/../apps", "apps"),
        ("../../etc", "etc"),
        ("a/..", ""),
        ("...", "..."),
    ],
)
def test_a_configured_path_is_normal_and_stays_in_the_tree(path: str, normal: str) -> None:
    assert normal_path(path) == normal


@pytest.mark.parametrize("path", ["a\0b", "a\nb", "a\rb"])
def test_a_path_with_a_control_character_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match="control character"):
        normal_path(path, where="a.yaml:1")


@given(st.text(alphabet="ab./", max_size=20))
def test_a_normal_path_never_climbs_and_is_its_own_normal_form(path: str) -> None:
    normal = normal_path(path)

    assert not normal.startswith("/")
    assert ".." not in normal.split("/")
    assert normal_path(normal) == normal


@pytest.mark.parametrize(
    ("path", "directory", "expected"),
    [
        ("a/b.yaml", "", True),
        ("a/b.yaml", "a", True),
        ("a/b.yaml", "a/b.yaml", True),
        ("ab/c.yaml", "a", False),
        ("a", "a/b", False),
    ],
)
def test_below_a_directory_means_whole_path_components(path: str, directory: str, expected: bool) -> None:
    assert is_under(path, directory) is expected
