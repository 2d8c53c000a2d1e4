"""Trees with Flux manifests, and runs of the command on them within this process."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imgupdate.cli.job import Options, perform
from imgupdate.cli.main import main
from imgupdate.cli.settings import RunSettings
from imgupdate.registry import Clock
from tests.registry.support import FakeClock

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "output.schema.json").read_text())


@dataclass(frozen=True)
class Ran:
    """What a run left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON that was printed."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed

    @property
    def problems(self) -> list[str]:
        """`severity path:line:field message; remedy` of each problem in the JSON that was printed."""
        return [
            f"{found['severity']} {found['path']}:{found['line'] or ''}:{found['field'] or ''} "
            f"{found['message']}; {found['remedy']}"
            for found in self.document["problems"]
        ]


def imgupdate(*arguments: str) -> Ran:
    """The command line, from the first word after `imgupdate` on."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return Ran(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def run(root: Path, *arguments: str) -> Ran:
    """`imgupdate run` on a tree, as people call it."""
    return imgupdate("run", "--path", str(root), *arguments)


def run_json(
    root: Path, *, clock: Clock | None = None, environment: Mapping[str, str] | None = None, **given: Any
) -> Ran:
    """`imgupdate run --output json` by a clock that jumps, so that nobody waits for the next attempt."""
    fail_on = given.pop("fail_on", "error")
    settings = RunSettings(**{"root": root, "write": True, "workers": 8, **given})
    options = Options(settings=settings, output="json", fail_on=fail_on, color="never")
    out, err = io.StringIO(), io.StringIO()
    code = perform(options, os.environ if environment is None else environment, out, err, clock=clock or FakeClock())
    return Ran(code, out.getvalue(), err.getvalue())


def repository(image: str, name: str = "podinfo", **spec: str) -> str:
    """An ImageRepository, a document of its own; `spec` holds further fields as YAML."""
    return _object("ImageRepository", name, {"image": image, "interval": "5m", **spec})


def policy(name: str = "podinfo", range_: str = "5.0.x", repository: str = "podinfo", **spec: str) -> str:
    """An ImagePolicy, a document of its own."""
    given = {
        "imageRepositoryRef": f"{{name: {repository}}}",
        "policy": f'{{semver: {{range: "{range_}"}}}}',
        **spec,
    }
    return _object("ImagePolicy", name, given)


def _object(kind: str, name: str, spec: Mapping[str, str]) -> str:
    fields = "".join(f"  {key}: {value}\n" for key, value in spec.items())
    return (
        f"---\napiVersion: image.toolkit.fluxcd.io/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\nspec:\n{fields}"
    )


def deployment(image: str, setter: str = "flux-system:podinfo") -> str:
    """A Deployment with one marked image."""
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: podinfo, namespace: default}\n"
        "spec:\n  template:\n    spec:\n      containers:\n        - name: podinfod\n"
        f'          image: {image} # {{"$imagepolicy": "{setter}"}}\n'
    )


@dataclass
class Tree:
    """Files on disk, and what they were when they were laid out."""

    root: Path
    before: dict[str, bytes] = field(default_factory=dict)

    def lay_out(self, files: Mapping[str, str | bytes]) -> Tree:
        """Write files, and remember the whole tree."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.before = self.now
        return self

    @property
    def now(self) -> dict[str, bytes]:
        """The files of the tree by path, links and all."""
        return {
            path.relative_to(self.root).as_posix(): b"-> " + bytes(path.readlink())
            if path.is_symlink()
            else path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_symlink() or path.is_file()
        }

    @property
    def changed(self) -> set[str]:
        """The paths of files that are no longer as they were laid out, came or went."""
        now = self.now
        return {name for name in now.keys() | self.before.keys() if now.get(name) != self.before.get(name)}


def guide(root: Path, host: str, tag: str = "5.0.0") -> Tree:
    """The smallest repository that there is something to do in: a policy and a Deployment that is behind."""
    return Tree(root).lay_out(
        {
            "flux/podinfo.yaml": repository(f"{host}/podinfo") + policy(),
            "apps/podinfo.yaml": deployment(f"{host}/podinfo:{tag}"),
        }
    )
