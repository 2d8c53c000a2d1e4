"""The trees that configuration is read from and plans are made for.

A tree is the workspace on disk or the tree of a commit. Paths are relative to its root, with
forward slashes, in normal form: never absolute, never with `..`; the root itself is the empty string.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from imgupdate.errors import ConfigurationError


class Files(Protocol):
    """A tree of files, read-only."""

    def list(self, under: str, holding: bytes) -> Sequence[str]:
        """The YAML files below a path whose bytes hold the token, sorted, each real file once.

        What counts as a YAML file is `is_manifest`. `under` may itself be a file. A link to a file inside the tree
        stands for its target; other links are passed over.

        Raises:
            UnreadableFile: `under` does not exist in the tree.

        """
        ...

    def read(self, path: str) -> bytes:
        """The content of one file that `list` named.

        Raises:
            UnreadableFile: it is larger than the bound, unreadable, gone, or leads out of the tree.

        """
        ...


def is_manifest(name: str) -> bool:
    """Whether a base name is one that setters look into: `*.yaml`, `*.yml` or `Kustomization`.

    Case counts, as in Flux (spec/flux.md 5.2).
    """
    return name.endswith((".yaml", ".yml")) or name == "Kustomization"


def normal_path(path: str, *, where: str = "") -> str:
    """A path of the configuration, relative to the root of the tree, in normal form.

    As Flux joins paths: a leading slash means the root, and `..` cannot climb above it.

    Raises:
        ConfigurationError: it holds a NUL or a line break, which no path that people mean does.

    """
    if any(character in path for character in "\0\r\n"):
        raise ConfigurationError("a path holds a control character", where=where, remedy="write a plain relative path")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def is_under(path: str, directory: str) -> bool:
    """Whether a normal path is a directory itself or below it."""
    return not directory or path == directory or path.startswith(directory + "/")
