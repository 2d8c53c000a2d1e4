"""OpenSSH's real server on a free port of the loopback interface, with keys and settings of a test's own."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

SETTINGS = """\
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
SetEnv PATH={path}
"""


class SshTwin:
    """Serves the user that runs the test, who is known by these public keys; each connection has its own `sshd -i`."""

    def __init__(self, folder: Path, *public_keys: str) -> None:
        folder.mkdir(mode=0o700)
        self._folder = folder
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host")], check=True, capture_output=True
        )
        (folder / "authorized").write_text("\n".join(public_keys))
        (folder / "settings").write_text(SETTINGS.format(folder=folder, path=os.environ["PATH"]))
        self._served: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """The root, without a final slash."""
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def known_hosts(self) -> bytes:
        """The line that says who the server is."""
        kind, key = (self._folder / "host.pub").read_text().split()[:2]
        return f"[127.0.0.1]:{self._socket.getsockname()[1]} {kind} {key}\n".encode()

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            # The service makes this directory when it starts, and sshd does not run as root without it.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="ssh-twin")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join()
        self._socket.close()
        for process in self._served:
            process.terminate()
            process.wait()

    def _accept(self) -> None:
        program = shutil.which("sshd")
        assert program
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            connection.setblocking(True)
            with connection:
                command = [program, "-i", "-f", str(self._folder / "settings"), "-E", str(self._folder / "log")]
                number = connection.fileno()
                self._served.append(subprocess.Popen(command, stdin=number, stdout=number, stderr=subprocess.DEVNULL))
