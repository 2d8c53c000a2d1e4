"""Signatures with keys made here, verified by git (spec/flux.md 6.5)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgupdate.config.model import SigningType
from imgupdate.errors import PublishError
from imgupdate.git.signing import Signer
from imgupdate.remote import CommitId, Push, SigningIdentity
from tests.git.support import Hosted, commit_on, git, search_path, ssh_key, ssh_signing

pytestmark = pytest.mark.needs_program("git")

MESSAGE = "Update\n\nwith a body\n"


class Keyring:
    """A home for gpg that makes keys, and whose agent is stopped at the end."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        (folder / "gpg-agent.conf").write_text("s2k-count 65536\n")
        self.folder = folder
        self.environment = {**os.environ, "GNUPGHOME": str(folder)}

    def gpg(self, *arguments: str, given: bytes = b"") -> bytes:
        fixed = ("--batch", "--quiet", "--pinentry-mode", "loopback")
        return subprocess.run(
            ["gpg", *fixed, *arguments], input=given, env=self.environment, check=True, capture_output=True
        ).stdout

    def make(self, name: str, *, passphrase: str = "", kind: str = "ed25519") -> bytes:
        """A private key, armored."""
        address = f"{name}@example.com"
        self.gpg("--passphrase", passphrase, "--quick-gen-key", f"{name} <{address}>", kind, "sign", "never")
        return self.gpg("--passphrase", passphrase, "--armor", "--export-secret-keys", address)

    def stop(self) -> None:
        subprocess.run(["gpgconf", "--kill", "all"], env=self.environment, check=True, capture_output=True)


@pytest.fixture
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyring]:
    found = Keyring(tmp_path_factory.mktemp("g") / "k")
    yield found
    found.stop()


def gpg_signing(key: bytes, passphrase: str = "") -> SigningIdentity:
    return SigningIdentity(type=SigningType.GPG, key=key, passphrase=passphrase.encode())


def signed_commit(hosted: Hosted, signing: SigningIdentity) -> CommitId:
    """A signed commit on `main` of the bare repository."""
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base, message=MESSAGE, signing=signing)
    assert (made.verified, made.reason) == (False, "signed by the automation's key")
    remote.push(Push(branch="main", commit=made.id, expected=base))
    return made.id


def verify(hosted: Hosted, commit: str, monkeypatch: pytest.MonkeyPatch, *settings: str) -> str:
    """What git says about a signature that is good."""
    pairs = [argument for setting in settings for argument in ("-c", setting)]
    done = subprocess.run(
        ["git", *pairs, "-C", str(hosted.bare), "verify-commit", "--raw", commit], check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stderr.decode()


def verify_ssh(hosted: Hosted, commit: str, public: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    signers = folder / "allowed_signers"
    signers.write_text(f"flux@example.com {public}")
    return verify(hosted, commit, monkeypatch, "gpg.format=ssh", f"gpg.ssh.allowedSignersFile={signers}")


@pytest.mark.needs_program("gpg")
@pytest.mark.parametrize(
    ("passphrase", "given"),
    [
        ("", ""),
        ("sesame", "sesame"),
        ("sesame", "sesame\n"),
        ("sesame", "sesame\r\n"),
        ("pass wörd $(x) '\"", "pass wörd $(x) '\""),
    ],
)
@pytest.mark.parametrize("kind", ["ed25519", "rsa2048"])
def test_a_commit_is_signed_with_a_gpg_key(
    hosted: Hosted, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, passphrase: str, given: str, kind: str
) -> None:
    key = keyring.make("flux", passphrase=passphrase, kind=kind)
    commit = signed_commit(hosted, gpg_signing(key, given))
    monkeypatch.setenv("GNUPGHOME", str(keyring.folder))

    assert "[GNUPG:] GOODSIG" in verify(hosted, commit, monkeypatch)
    assert git(hosted.bare, "log", "-1", "--format=%B", commit) == MESSAGE


@pytest.mark.needs_program("ssh-keygen")
@pytest.mark.parametrize("passphrase", ["", "pass wörd $(x) '\""])
@pytest.mark.parametrize(
    "kind",
    [
        ("-t", "ed25519"),
        ("-t", "ecdsa", "-b", "521"),
        ("-t", "rsa", "-b", "2048"),
        ("-t", "rsa", "-b", "2048", "-m", "PEM"),
    ],
    ids=" ".join,
)
def test_a_commit_is_signed_with_an_ssh_key(
    hosted: Hosted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: tuple[str, ...], passphrase: str
) -> None:
    key, public = ssh_key(tmp_path, *kind, passphrase=passphrase)
    commit = signed_commit(hosted, ssh_signing(key, passphrase))

    assert 'Good "git" signature for flux@example.com' in verify_ssh(hosted, commit, public, tmp_path, monkeypatch)
    assert git(hosted.bare, "log", "-1", "--format=%B", commit) == MESSAGE


@pytest.mark.needs_program("ssh-keygen")
@pytest.mark.parametrize(
    "change", [lambda key: key.strip(), lambda key: key.replace(b"\n", b"\r\n"), lambda key: b"\n" + key]
)
def test_an_ssh_key_with_other_line_ends_is_read(
    hosted: Hosted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: object
) -> None:
    assert callable(change)
    key, public = ssh_key(tmp_path)
    commit = signed_commit(hosted, ssh_signing(change(key)))

    assert 'Good "git" signature' in verify_ssh(hosted, commit, public, tmp_path, monkeypatch)


@pytest.mark.needs_program("gpg")
def test_a_signature_does_not_fit_another_message(
    hosted: Hosted, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = signed_commit(hosted, gpg_signing(keyring.make("flux")))
    monkeypatch.setenv("GNUPGHOME", str(keyring.folder))
    content = git(hosted.bare, "cat-file", "commit", commit).replace("Update", "Attack")
    forged = git(hosted.bare, "hash-object", "-t", "commit", "-w", "--stdin", given=content.encode())

    with pytest.raises(AssertionError, match="BADSIG"):
        verify(hosted, forged, monkeypatch)


def refused(hosted: Hosted, signing: SigningIdentity) -> PublishError:
    """Why a key does not do; nothing is committed then, and nothing of the key stays."""
    with pytest.raises(PublishError) as caught:
        commit_on(hosted.remote(), CommitId(hosted.at("main")), signing=signing)
    assert not [path for path in hosted.scratch.rglob("*") if path.name.startswith(("gpg-", "ssh-", "identity"))]
    return caught.value


@pytest.mark.needs_program("gpg")
def test_two_gpg_keys_in_one_are_refused_as_in_flux(hosted: Hosted, keyring: Keyring) -> None:
    both = keyring.make("one") + keyring.make("two")

    error = refused(hosted, gpg_signing(both))

    assert "multiple entities read from the signing key, could not determine which signing key to use" in str(error)


@pytest.mark.needs_program("gpg")
def test_a_public_gpg_key_beside_the_private_one_is_a_second_entity(hosted: Hosted, keyring: Keyring) -> None:
    private = keyring.make("one")
    keyring.make("two")
    public = keyring.gpg("--armor", "--export", "two@example.com")

    assert "multiple entities" in str(refused(hosted, gpg_signing(private + public)))


@pytest.mark.needs_program("gpg")
@pytest.mark.parametrize("content", [b"", b"junk", b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n", b"public"])
def test_what_is_no_private_gpg_key_is_refused(hosted: Hosted, keyring: Keyring, content: bytes) -> None:
    if content == b"public":
        keyring.make("flux")
        content = keyring.gpg("--armor", "--export")

    error = refused(hosted, gpg_signing(content))

    assert "is not a private OpenPGP key" in str(error)
    assert "--export-secret-keys" in error.remedy


@pytest.mark.needs_program("ssh-keygen")
@pytest.mark.parametrize("content", [b"", b"junk", b"public", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_private_ssh_key_is_refused(hosted: Hosted, tmp_path: Path, content: bytes) -> None:
    if content == b"public":
        content = ssh_key(tmp_path)[1].encode()

    error = refused(hosted, ssh_signing(content))

    assert "the signing key could not be used" in str(error)
    assert "OpenSSH" in error.remedy
    assert str(hosted.scratch) not in str(error)


@pytest.mark.needs_program("ssh-keygen")
def test_a_short_rsa_key_is_refused(hosted: Hosted, tmp_path: Path) -> None:
    key, _ = ssh_key(tmp_path, "-t", "rsa", "-b", "1024")

    assert "the signing key is RSA of 1024 bits" in str(refused(hosted, ssh_signing(key)))


@pytest.mark.needs_program("gpg")
@pytest.mark.parametrize("kind", list(SigningType))
def test_a_key_that_needs_a_passphrase_and_gets_none_is_refused_as_in_flux(
    hosted: Hosted, keyring: Keyring, tmp_path: Path, kind: SigningType
) -> None:
    key = keyring.make("flux", passphrase="sesame") if kind == "gpg" else ssh_key(tmp_path, passphrase="sesame")[0]
    field = "passphrase" if kind == "gpg" else "password"

    error = refused(hosted, SigningIdentity(type=kind, key=key))

    assert f"can not use passphrase protected signing key without '{field}' field present" in str(error)


@pytest.mark.needs_program("gpg")
@pytest.mark.parametrize("kind", list(SigningType))
def test_a_wrong_passphrase_is_refused_and_not_told(
    hosted: Hosted, keyring: Keyring, tmp_path: Path, kind: SigningType
) -> None:
    key = keyring.make("flux", passphrase="sesame") if kind == "gpg" else ssh_key(tmp_path, passphrase="sesame")[0]

    error = refused(hosted, SigningIdentity(type=kind, key=key, passphrase=b"open-sesame-wrong"))

    assert "the signing key could not be used" in str(error)
    assert "open-sesame-wrong" not in str(error)


@pytest.mark.needs_program("ssh-keygen")
def test_a_passphrase_with_a_nul_is_refused(hosted: Hosted, tmp_path: Path) -> None:
    key, _ = ssh_key(tmp_path, passphrase="sesame")

    assert "holds a NUL" in str(refused(hosted, ssh_signing(key, "a\0b")))


@pytest.mark.needs_program("ssh-keygen")
def test_a_key_that_is_read_and_does_not_sign_is_told(hosted: Hosted, tmp_path: Path) -> None:
    """As one on a token that nobody has plugged in."""
    key, _ = ssh_key(tmp_path)
    tools = tmp_path / "tools"
    tools.mkdir()
    real = next(
        Path(folder, "ssh-keygen") for folder in search_path().split(":") if Path(folder, "ssh-keygen").exists()
    )
    (tools / "ssh-keygen").write_text(
        f'#!/bin/sh\n[ "$1" = -Y ] && echo "device not found" >&2 && exit 1\nexec {real} "$@"\n'
    )
    (tools / "ssh-keygen").chmod(0o755)

    with pytest.raises(PublishError, match="the signing key could not be used: device not found"):
        Signer(tmp_path, search_path=f"{tools}:{search_path()}").sign(b"x", ssh_signing(key))


def processes_of(folder: Path) -> list[str]:
    """Processes that have a folder in their command line or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in told and process.name != str(os.getpid()):
            found.append(told.decode(errors="replace"))
    return found


@pytest.mark.needs_program("gpg")
@pytest.mark.parametrize("deep", [False, True])
def test_no_agent_and_no_key_is_left_behind(keyring: Keyring, tmp_path: Path, deep: bool) -> None:
    """A long path would not do for the agent's socket: then its home is elsewhere."""
    folder = tmp_path / ("deep" * 25 if deep else "d")
    folder.mkdir(mode=0o700)
    before = set(Path("/tmp").glob("gpg-*"))

    signature = Signer(folder, search_path=search_path()).sign(b"payload", gpg_signing(keyring.make("flux")))

    assert signature.startswith(b"-----BEGIN PGP SIGNATURE-----")
    assert list(folder.iterdir()) == []
    assert set(Path("/tmp").glob("gpg-*")) <= before
    assert processes_of(folder) == []


@pytest.mark.needs_program("gpg")
def test_a_signature_does_not_need_the_program_that_stops_the_agent(keyring: Keyring, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("gpg",):
        real = next(Path(p, name) for p in search_path().split(":") if Path(p, name).exists())
        (tools / name).symlink_to(real)

    signature = Signer(tmp_path, search_path=str(tools)).sign(b"payload", gpg_signing(keyring.make("flux")))

    assert signature.startswith(b"-----BEGIN PGP SIGNATURE-----")


@pytest.mark.parametrize(("kind", "program"), [(SigningType.GPG, "gpg"), (SigningType.SSH, "ssh-keygen")])
def test_a_program_that_is_missing_is_named(tmp_path: Path, kind: SigningType, program: str) -> None:
    with pytest.raises(PublishError, match=f"the program {program} is needed"):
        Signer(tmp_path, search_path=str(tmp_path)).sign(b"", SigningIdentity(type=kind, key=b"x"))


def test_a_key_is_not_shown() -> None:
    identity = SigningIdentity(type=SigningType.SSH, key=b"very secret", passphrase=b"sesame")

    assert "secret" not in repr(identity)
    assert "sesame" not in repr(identity)
