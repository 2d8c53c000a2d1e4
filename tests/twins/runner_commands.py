"""How GitHub's runner reads what a step says: the lines of its log, and the files that it writes.

A model of the runner's own rules (spec/github-actions.md 1.5, 1.6), so that a test sees the commands that the runner
would see, also those that nobody meant to give.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from xml.sax.saxutils import escape

COMMANDS = frozenset(
    [
        "add-mask",
        "add-matcher",
        "add-path",
        "debug",
        "echo",
        "endgroup",
        "error",
        "group",
        "notice",
        "remove-matcher",
        "save-state",
        "set-env",
        "set-output",
        "stop-commands",
        "warning",
    ]
)
LEVELS = ("error", "warning", "notice")
ANNOTATIONS_PER_LEVEL = 10
MESSAGE_LIMIT = 4096
SUMMARY_LIMIT = 1024 * 1024
TOKEN_WORTH_MASKING = 6

# What .NET trims: no information separators (U+001C to U+001F), which Python's own `lstrip` takes as well.
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))

ESCAPED_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
ESCAPED_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
ESCAPED_OLD = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%"))


class FileCommandRefused(Exception):
    """What the step wrote to a command file fails the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A workflow command as the runner understood it. Names of properties are in lower case."""

    name: str
    properties: Mapping[str, str]
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What stands beside a line of a file, or at the top of a run where `file` is empty; no line is 0."""

    level: str
    message: str
    file: str = ""
    line: int = 0
    end_line: int = 0
    column: int = 0
    end_column: int = 0
    title: str = ""


def parse_command(line: str, registered: frozenset[str] = COMMANDS) -> Command | None:
    """The command that a line of the log is, in the grammar of today (`::name key=value::data`) or the old one.

    The old one, `##[name key=value]data`, is seen anywhere in a line.
    """
    return _parse_today(line, registered) or _parse_old(line, registered)


def _parse_today(line: str, registered: frozenset[str]) -> Command | None:
    line = line.lstrip(SPACE)
    if not line.startswith("::") or (end := line.find("::", 2)) < 0:
        return None
    name, space, properties = line[2:end].partition(" ")
    if name.lower() not in registered:
        return None
    pairs = properties.strip(SPACE).split(",") if space else []
    return Command(
        name=name.lower(), properties=_pairs(pairs, ESCAPED_PROPERTY), data=_unescape(line[end + 2 :], ESCAPED_DATA)
    )


def _parse_old(line: str, registered: frozenset[str]) -> Command | None:
    start = line.find("##[")
    if start < 0 or (end := line.find("]", start)) < 0:
        return None
    name, space, properties = line[start + 3 : end].partition(" ")
    if name.lower() not in registered:
        return None
    pairs = properties.split(";") if space else []
    return Command(
        name=name.lower(), properties=_pairs(pairs, ESCAPED_OLD), data=_unescape(line[end + 1 :], ESCAPED_OLD)
    )


def _pairs(pairs: list[str], escaped: tuple[tuple[str, str], ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, _, value = pair.lstrip("=").partition("=")
        if name and (value := value.lstrip("=")):
            found[name.lower()] = _unescape(value, escaped)
    return found


def _unescape(text: str, escaped: tuple[tuple[str, str], ...]) -> str:
    for code, character in escaped:
        text = text.replace(code, character)
    return text


def parse_pairs(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of a command file: `NAME=VALUE`, or `NAME<<DELIMITER` with the value's lines and the delimiter's.

    Raises:
        FileCommandRefused: a line is neither, or a delimiter is missing. What came before it holds.

    """
    lines = iter(re.findall(r"[^\n]*\n|[^\n]+", text))
    for whole in lines:
        line = whole.removesuffix("\n")
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, _, value = line.partition("=")
            yield name, value
        elif heredoc >= 0:
            name, _, delimiter = line.partition("<<")
            if not name or not delimiter:
                raise FileCommandRefused(f"Invalid format {line!r}: neither name nor delimiter may be empty")
            yield name, _heredoc(lines, delimiter)
        else:
            raise FileCommandRefused(f"Invalid format {line!r}")


def _heredoc(lines: Iterator[str], delimiter: str) -> str:
    value: list[str] = []
    for line in lines:
        if line.removesuffix("\n") == delimiter:
            return "".join(value).removesuffix("\n")
        if not line.endswith("\n"):
            raise FileCommandRefused("Invalid value: the delimiter is missing a line of its own")
        value.append(line)
    raise FileCommandRefused(f"Invalid value: no matching delimiter {delimiter!r}")


@dataclass(slots=True, kw_only=True)
class Log:
    """Takes the lines of both streams in the order in which they come, and does what the runner does at each.

    Attributes:
        commands: Those that were carried out, in order.
        annotations: Those that are shown: at most ten of a level.
        lost: Those beyond that, which only the log shows.
        lines: The log as people see it, with secrets as `***`.
        failures: Why the runner fails the step whatever its exit code.

    """

    workspace: str
    secrets: set[str] = field(default_factory=set)
    debug: bool = False
    commands: list[Command] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    lost: list[Annotation] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    _stopped_until: str = ""

    def take(self, line: str) -> None:
        """Read one line, without its end."""
        registered = COMMANDS | {self._stopped_until} if self._stopped_until else COMMANDS
        command = parse_command(line, registered)
        if command is None or (self._stopped_until and command.name != self._stopped_until):
            self.show(line)
        elif self._stopped_until:
            self._stopped_until = ""
        else:
            self.commands.append(command)
            self._carry_out(command)

    def show(self, line: str) -> None:
        """Put a line into the log as it is."""
        self.lines.append(self.masked(line))

    def mask(self, secret: str) -> None:
        """Hide a value from here on, and each of its lines, also in the encodings that the runner knows."""
        for value in (secret, *re.split(r"[\r\n]+", secret)):
            if value.strip():
                self.secrets.add(value)

    def masked(self, text: str) -> str:
        """A text in which secrets are `***`."""
        forms = {form for secret in self.secrets for form in _forms(secret)}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, "***")
        return text

    def issue(self, annotation: Annotation) -> None:
        """Count and keep an annotation."""
        same = sum(shown.level == annotation.level for shown in self.annotations)
        (self.annotations if same < ANNOTATIONS_PER_LEVEL else self.lost).append(annotation)
        self.show(f"##[{annotation.level}]{annotation.message}")

    def _carry_out(self, command: Command) -> None:
        match command.name:
            case "stop-commands":
                self._stop(command.data)
            case "add-mask":
                self.mask(command.data)
            case "error" | "warning" | "notice":
                self.issue(self._annotation(command))
            case "group":
                self.show(f"##[group]{command.data}")
            case "endgroup":
                self.show("##[endgroup]")
            case "debug":
                if self.debug:
                    self.show(f"##[debug]{command.data}")
            case "set-output":
                self.outputs[command.properties.get("name", "")] = command.data
            case "set-env" | "add-path":
                self.failures.append(f"The command {command.name!r} is disabled")

    def _stop(self, token: str) -> None:
        if not token or token.lower() in COMMANDS or token.lower() == "pause-logging":
            self.failures.append(f"Invalid stop token {token!r}")
            return
        self._stopped_until = token.lower()
        if len(token) > TOKEN_WORTH_MASKING:
            self.mask(token)

    def _annotation(self, command: Command) -> Annotation:
        line, end_line, column, end_column = (
            _number(command.properties.get(name, "")) for name in ("line", "endline", "col", "endcolumn")
        )
        line = line or end_line
        column = column or end_column
        if not line or (end_line and end_line != line):
            column = end_column = 0
        if end_line and end_line < line:
            line = end_line = 0
        if end_column and end_column < column:
            column = end_column = 0
        return Annotation(
            level=command.name,
            message=self.masked(command.data)[:MESSAGE_LIMIT],
            file=command.properties.get("file", "").removeprefix(self.workspace + "/"),
            line=line,
            end_line=end_line,
            column=column,
            end_column=end_column,
            title=self.masked(command.properties.get("title", "")),
        )


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", text) else 0


def _forms(secret: str) -> set[str]:
    """A secret as it is, and as it looks in base64 (at each of the three shifts), JSON, a URI and XML."""
    raw = secret.encode()
    forms = {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), escape(secret, {'"': "&quot;", "'": "&apos;"})}
    for shift in range(3):
        encoded = base64.b64encode(raw[shift:]).decode().rstrip("=")
        forms.add(encoded[: len(encoded) // 4 * 4] or encoded)
    return {form for form in forms if form}
