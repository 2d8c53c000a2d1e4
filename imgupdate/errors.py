"""Every failure that imgupdate reports, under one root.

    Error                        1  something of ours went wrong
    ├── UsageError               2  the command line or an input is wrong
    ├── ConfigurationError       3  a manifest or the native configuration is wrong
    │   ├── InvalidReference        an image, tag or digest is not well formed
    │   ├── InvalidPattern          a regular expression does not compile
    │   ├── InvalidRange            a version range does not parse
    │   ├── InvalidPolicy           an image policy cannot be applied at all
    │   └── TemplateError           a commit message template is wrong
    │       ├── TemplateParseError      it does not parse
    │       └── TemplateExecutionError  it fails when it is rendered
    │           └── RemovedTemplateField   it uses a field that Flux has removed
    ├── ScanError                4  an image could not be scanned
    │   └── NoTagSelected           a policy found no tag among those scanned
    ├── ManifestError            5  a marker or a marked file could not be served
    │   ├── UnparsableYaml          a file is not YAML, or not within the bounds that we read
    │   └── UnreadableFile          a file cannot be read or written as it stands
    └── PublishError             6  a commit or a pull request could not be made
        ├── BranchMoved             somebody else moved a branch meanwhile
        └── PullRequestExists       a branch has a pull request already

The number is the exit code of the process (design, section 6).
"""

from __future__ import annotations

from typing import ClassVar

SHOWN = 120


def shown(text: str) -> str:
    """A text of the outside world as a message may hold it: quoted, on one line, printable, bounded."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 3] + "...")


class Error(Exception):
    """The root: a message that says what happened and a remedy that says what to do.

    `where` is `file:line:field`, a host or an image; empty when the message already says it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}; {self.remedy}" if self.remedy else text


class UsageError(Error):
    """The command line or an input of the action is wrong."""

    exit_code = 2


class ConfigurationError(Error):
    """A manifest or the native configuration is wrong."""

    exit_code = 3


class InvalidReference(ConfigurationError):
    """An image reference, a tag or a digest is not well formed."""


class InvalidPattern(ConfigurationError):
    """A regular expression is not one that RE2 takes."""


class InvalidRange(ConfigurationError):
    """A version range does not parse."""


class InvalidPolicy(ConfigurationError):
    """An image policy cannot be applied whatever the tags are."""


class TemplateError(ConfigurationError):
    """A template is wrong. The message is Go's with the template's name; line and column count from 1, 0 is unknown."""

    def __init__(self, message: str, *, line: int = 0, column: int = 0, where: str = "", remedy: str = "") -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.line = line
        self.column = column


class TemplateParseError(TemplateError):
    """A template does not parse."""


class TemplateExecutionError(TemplateError):
    """A template fails when it is rendered with its data."""


class RemovedTemplateField(TemplateExecutionError):
    """A template uses a field that Flux had in older versions of its API and has no more."""


class ScanError(Error):
    """An image could not be scanned: its registry refused, failed, or said nothing usable."""

    exit_code = 4


class NoTagSelected(ScanError):
    """A policy chose no tag among those that the registry lists."""


class ManifestError(Error):
    """A marker or a marked file could not be served; the file is as it was."""

    exit_code = 5


class UnparsableYaml(ManifestError):
    """A file is not YAML, or goes beyond the bounds within which we read YAML. `line` counts from 1, 0 is unknown."""

    def __init__(self, message: str, *, where: str = "", line: int = 0, remedy: str = "") -> None:
        super().__init__(message, where=f"{where}:{line}" if line else where, remedy=remedy)
        self.line = line


class UnreadableFile(ManifestError):
    """A file cannot be read or written as it stands (permission, size, link, disk)."""


class PublishError(Error):
    """A commit or a pull request could not be made."""

    exit_code = 6


class BranchMoved(PublishError):
    """A branch is not where it was expected: somebody else moved, made or deleted it meanwhile."""


class PullRequestExists(PublishError):
    """A branch has a pull request into that base already."""
