"""What the tests of the git room share: a remote repository on disk, a person who works on it, keys."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imgupdate.config.model import SigningType
from imgupdate.git.access import Connection
from imgupdate.git.remote import GitRemote
from imgupdate.remote import CommitDraft, CommitId, MadeCommit, Person, SigningIdentity
from imgupdate.results import FileEdit

NOW = 1_800_000_000.5
"""2027-01-15 08:00:00 UTC."""

MARKED = 'image: podinfo:1.0.0 # {"$imagepolicy": "podinfo"}\n'
TOKEN = b"$imagepolicy"
FLUX = Person(name="Flux", email="flux@example.com")
LOCAL = Connection(allow_local=True)


def search_path() -> str:
    return os.environ["PATH"]


def git(where: Path, *arguments: str, given: bytes | None = None, check: bool = True) -> str:
    """What git says, run as a person without settings would."""
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(where), *arguments]
    done = subprocess.run(command, input=given, env=environment, capture_output=True, check=False)
    assert not check or not done.returncode, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="surrogateescape").removesuffix("\n")


@dataclass(frozen=True)
class Hosted:
    """A bare repository, a clone of it that a person works in, and a place for the adapter's files."""

    bare: Path
    clone: Path
    scratch: Path

    def remote(self, connection: Connection = LOCAL, path: str = "") -> GitRemote:
        """A new adapter, which knows nothing yet."""
        return GitRemote(
            str(self.bare),
            scratch=self.scratch,
            search_path=path or search_path(),
            connection=connection,
            clock=lambda: NOW,
        )

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Put files into the clone."""
        for name, content in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def save(self, message: str = "a change", *, branch: str = "main", push: bool = True) -> CommitId:
        """Commit all that is in the clone, and push it to a branch."""
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "--allow-empty", "-m", message)
        if push:
            git(self.clone, "push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
        return CommitId(git(self.clone, "rev-parse", "HEAD"))

    def person_pushes(self, branch: str = "main", message: str = "by a person") -> CommitId:
        """A commit of somebody else on a branch, wherever that is."""
        git(self.clone, "fetch", "--quiet", "origin", branch)
        git(self.clone, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        return self.save(message, branch=branch)

    def at(self, ref: str) -> str:
        """What a ref of the bare repository points to, empty where it is not there."""
        return git(self.bare, "rev-parse", "--verify", "--quiet", ref, check=False)

    def hook(self, name: str, script: str) -> None:
        """Give the bare repository a hook."""
        path = self.bare / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


def make_hosted(folder: Path, *, object_format: str = "sha1") -> Hosted:
    """An empty repository; its first commit is made by `save`."""
    found = Hosted(folder / "fleet.git", folder / "clone", folder / "scratch")
    found.scratch.mkdir()
    kind = f"--object-format={object_format}"
    git(folder, "init", "--quiet", "--bare", "--template=", "-b", "main", kind, str(found.bare))
    git(folder, "init", "--quiet", "--template=", "-b", "main", kind, str(found.clone))
    git(found.clone, "config", "user.name", "A Person")
    git(found.clone, "config", "user.email", "person@example.com")
    git(found.clone, "config", "remote.origin.url", "../fleet.git")
    return found


def settle(folder: Path) -> Hosted:
    """What was copied to a folder."""
    return Hosted(folder / "fleet.git", folder / "clone", folder / "scratch")


def edit(remote: GitRemote, commit: CommitId, path: str, after: str) -> FileEdit:
    """A new content for a file of a commit."""
    return FileEdit(path=path, before=remote.tree(commit).read(path), after=after.encode(), changes=())


def commit_on(
    remote: GitRemote,
    parent: CommitId,
    *,
    path: str = "app.yaml",
    after: str = MARKED.replace("1.0.0", "1.1.0"),
    message: str = "Update",
    author: Person | None = FLUX,
    signing: SigningIdentity | None = None,
) -> MadeCommit:
    """A commit that changes one file."""
    tree = remote.write_tree(remote.tree(parent).id, [edit(remote, parent, path, after)])
    return remote.commit(CommitDraft(tree=tree, parent=parent, message=message, author=author, signing=signing))


def ssh_key(folder: Path, *options: str, passphrase: str = "", name: str = "key") -> tuple[bytes, str]:
    """A private key, and its public one on a line."""
    path = folder / name
    kind = options or ("-t", "ed25519")
    subprocess.run(
        ["ssh-keygen", "-q", *kind, "-N", passphrase, "-C", "a test", "-f", str(path)], check=True, capture_output=True
    )
    return path.read_bytes(), path.with_suffix(".pub").read_text()


def ssh_signing(key: bytes, passphrase: str = "") -> SigningIdentity:
    return SigningIdentity(type=SigningType.SSH, key=key, passphrase=passphrase.encode())
