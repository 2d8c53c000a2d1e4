"""The built image, and a container of it as Docker makes one for the runner, by bubblewrap.

`.ci/container` leaves in a folder: `root`, the files of the image; `inspected.json`, what buildah says of it; and
`pulled`, its layers as a registry would have them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.twins.runner import Invocation

# What Docker leaves to root in a container, and no more.
CAPABILITIES = (
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """The compressed sizes of the layers, in bytes: those of the base, and what we lay over it."""

    base: int
    ours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image whose containers have the files of the image read-only, memory at `/tmp`, and this machine's network.

    Read-only is more than Docker asks for: that a step works all the same shows that it writes nowhere else.
    """

    folder: Path
    is_container: bool = True

    @property
    def root(self) -> Path:
        """The files of the image."""
        return (self.folder / "root").resolve()

    @property
    def config(self) -> dict[str, Any]:
        """How containers of it are started, as the OCI's image configuration has it."""
        config: dict[str, Any] = json.loads((self.folder / "inspected.json").read_text())["OCIv1"]["config"]
        return config

    @property
    def entrypoint(self) -> list[str]:
        """The command that is started, before any arguments."""
        return [*self.config["Entrypoint"]]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the image sets."""
        return dict(variable.split("=", 1) for variable in self.config.get("Env", []))

    @property
    def layers(self) -> Layers:
        """How much there is to pull."""
        index = json.loads((self.folder / "pulled/index.json").read_text())
        manifest = json.loads(self._blob(index["manifests"][0]["digest"]).read_text())
        *base, ours = (layer["size"] for layer in manifest["layers"])
        return Layers(base=sum(base), ours=ours)

    def invocation(
        self, arguments: Sequence[str], environment: Mapping[str, str], mounts: Mapping[Path, str], directory: str
    ) -> Invocation:
        """`docker run --rm --workdir DIRECTORY -e … -v … IMAGE`, with the program that is to run."""
        command = [
            shutil.which("bwrap") or "bwrap",
            "--die-with-parent",
            "--unshare-pid",
            "--unshare-ipc",
            "--unshare-uts",
            "--new-session",
        ]
        command += ["--cap-drop", "ALL"]
        for capability in CAPABILITIES:
            command += ["--cap-add", capability]
        # The folders that Docker makes for the mounts are on a file system of their own, since the image's is closed.
        for entry in sorted(self.root.iterdir()):
            if entry.is_symlink():
                command += ["--symlink", str(entry.readlink()), f"/{entry.name}"]
            elif entry.name not in {"dev", "proc", "tmp"}:
                command += ["--ro-bind", str(entry), f"/{entry.name}"]
        command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        for outside, inside in sorted(mounts.items(), key=lambda mount: mount[1]):
            command += ["--bind", str(outside), inside]
        command += ["--chdir", directory, "--remount-ro", "/", "--", *arguments]
        return Invocation(arguments=command, environment=self.environment | dict(environment), directory=self.folder)

    def _blob(self, digest: str) -> Path:
        return self.folder / "pulled/blobs" / digest.replace(":", "/")
