"""The rooms of the house and who may import whom (design, section 2)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "imgupdate"

PURE = (
    "errors",
    "files",
    "images",
    "results",
    "patterns",
    "documents",
    "versions",
    "policies",
    "setters",
    "templates",
    "config",
    "planning",
    "remote",
    "report",
)
USE_CASES = ("update", "publish")
ADAPTERS = ("registry", "workspace", "github", "git", "kustomize")
EDGES = ("cli", "action", "__init__", "__main__")

OUTSIDE_WORLD = frozenset(
    [
        "asyncio",
        "datetime",
        "getpass",
        "glob",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "platform",
        "random",
        "secrets",
        "select",
        "shutil",
        "signal",
        "socket",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib.request",
        "uuid",
    ]
)
PROCESS = frozenset({"os.environ", "os.getenv", "sys.argv", "sys.exit", "sys.stdin", "sys.stdout", "sys.stderr"})


@dataclass(frozen=True)
class Import:
    importer: Path
    line: int
    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.importer.relative_to(PACKAGE)}:{self.line} imports {self.module}.{self.name}".rstrip(".")


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[Import]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(path, node.lineno, alias.name, "")
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(path, node.lineno, node.module or "", alias.name)


def own_room(found: Import) -> str | None:
    """The room of ours that an import reaches, None for other packages."""
    parts = found.module.split(".")
    if parts[0] != "imgupdate":
        return None
    if len(parts) > 1:
        return parts[1]
    return "__init__" if found.name.startswith("__") else found.name


def allowed(room: str) -> frozenset[str]:
    if room in PURE:
        return frozenset(PURE[: PURE.index(room)]) | {room}
    if room in USE_CASES:
        return frozenset(PURE) | frozenset(USE_CASES[: USE_CASES.index(room)]) | {room}
    if room in ADAPTERS:
        return frozenset(PURE) | {room, "__init__"}
    return frozenset((*PURE, *USE_CASES, *ADAPTERS, *EDGES))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_room_imports_only_rooms_above_it(path: Path) -> None:
    room = room_of(path)
    assert room in (*PURE, *USE_CASES, *ADAPTERS, *EDGES), f"{room} has no place in the house: give it one in this test"

    wrong = [str(found) for found in imports(path) if (own := own_room(found)) and own not in allowed(room)]

    assert wrong == []


@pytest.mark.parametrize("path", [p for p in modules() if room_of(p) in PURE], ids=lambda p: p.name)
def test_a_pure_room_does_not_touch_the_outside_world(path: Path) -> None:
    wrong = [
        str(found)
        for found in imports(path)
        if found.module in OUTSIDE_WORLD or found.module.split(".")[0] in OUTSIDE_WORLD
    ]

    assert wrong == []


@pytest.mark.parametrize("path", [p for p in modules() if room_of(p) not in EDGES], ids=lambda p: p.name)
def test_only_the_edges_read_the_environment_print_or_exit(path: Path) -> None:
    tree = ast.parse(path.read_text())
    touched = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & PROCESS
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}

    assert touched == set()
    assert called & {"print", "input", "exit", "open_code"} == set()


def test_each_third_party_package_is_imported_in_one_room_the_edges_apart() -> None:
    rooms: dict[str, set[str]] = {}
    for path in modules():
        for found in imports(path):
            package = found.module.split(".")[0]
            if package not in sys.stdlib_module_names | {"imgupdate"} and room_of(path) not in EDGES:
                rooms.setdefault(package.removeprefix("_"), set()).add(room_of(path))

    assert {package: found for package, found in rooms.items() if len(found) > 1} == {}


def test_no_module_has_grown_past_the_size_that_asks_for_a_second_look() -> None:
    long = {
        path.relative_to(PACKAGE).as_posix(): lines
        for path in modules()
        if (lines := path.read_text().count("\n")) > 400
    }

    assert long == {}
