"""Over HTTP, against real `git http-backend`: credentials reach the server and nobody else."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgupdate.config.model import ClientTLS, GitRef, Proxy
from imgupdate.errors import BranchMoved, PublishError
from imgupdate.git.access import Connection, GitCredentials
from imgupdate.git.programs import OutOfTime
from imgupdate.git.remote import GitRemote
from imgupdate.remote import CommitId, Push
from tests.git.support import NOW, TOKEN, Hosted, commit_on, git, search_path
from tests.twins.certificates import Authority
from tests.twins.git_http import GitHttpTwin
from tests.twins.http import Fault
from tests.twins.proxy import ProxyTwin

pytestmark = pytest.mark.needs_program("git")

SECRET = "ghs_very-secret-token"  # not one
BASIC = "Basic " + base64.b64encode(f"x-access-token:{SECRET}".encode()).decode()
OURS = GitCredentials.of_token(SECRET)
PLAIN = Connection(allow_http=True)


@pytest.fixture
def server(hosted: Hosted) -> Iterator[GitHttpTwin]:
    git(hosted.bare, "config", "uploadpack.allowFilter", "true")
    with GitHttpTwin(hosted.bare.parent, authorization=BASIC) as twin:
        yield twin


def remote_of(
    hosted: Hosted,
    server: GitHttpTwin,
    *,
    credentials: GitCredentials = OURS,
    connection: Connection = PLAIN,
    path: str = "",
    url: str = "",
) -> GitRemote:
    return GitRemote(
        url or f"{server.url}/fleet.git",
        scratch=hosted.scratch,
        search_path=path or search_path(),
        credentials=credentials,
        connection=connection,
        clock=lambda: NOW,
    )


def everything(remote: GitRemote) -> CommitId:
    """Ask, fetch, make, push, look back, delete: whatever talks to a server."""
    base = remote.resolve(GitRef(branch=remote.default_branch()))
    assert remote.tree(base).list("", TOKEN) == ("app.yaml",)
    made = commit_on(remote, base)
    remote.push(Push(branch="new", commit=made.id, expected=None, refspec="refs/heads/new:refs/heads/too"))
    assert remote.head("new") == made.id
    assert [commit.id for commit in remote.series(base, made.id).commits] == [made.id]
    remote.delete("too", made.id)
    return made.id


def test_the_whole_work_is_done_over_http_with_a_token(hosted: Hosted, server: GitHttpTwin) -> None:
    commit = everything(remote_of(hosted, server))

    assert hosted.at("new") == commit
    assert hosted.at("too") == ""
    assert {request.headers.get("authorization") for request in server.requests} == {BASIC}
    assert remote_of(hosted, server).series(CommitId(hosted.at("main")), commit).commits[0].id == commit


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (GitCredentials(username="somebody", password="pass:wörd"), "Basic c29tZWJvZHk6cGFzczp3w7ZyZA=="),
        (GitCredentials(bearer_token="abc.def"), "Bearer abc.def"),
        (GitCredentials(bearer_token="abc.def", username="u", password="p"), "Bearer abc.def"),
        (GitCredentials(), ""),
    ],
)
def test_credentials_are_sent_as_they_were_given(hosted: Hosted, credentials: GitCredentials, header: str) -> None:
    with GitHttpTwin(hosted.bare.parent, authorization=header) as server:
        remote = remote_of(hosted, server, credentials=credentials)

        assert remote.head("main") == hosted.at("main")
        assert {request.headers.get("authorization", "") for request in server.requests} == {header}


def test_credentials_in_the_address_are_taken_out_of_it(hosted: Hosted, server: GitHttpTwin) -> None:
    url = f"{server.url}/fleet.git".replace("://", f"://x-access-token:{SECRET}@")

    assert remote_of(hosted, server, credentials=GitCredentials(), url=url).head("main") == hosted.at("main")


def recording_git(tmp_path: Path) -> tuple[str, Path]:
    """A search path whose git writes down what it and all its children are called with."""
    tools, log = tmp_path / "tools", tmp_path / "calls"
    tools.mkdir()
    real = next(Path(folder, "git") for folder in search_path().split(":") if Path(folder, "git").exists())
    script = f'#!/bin/sh\nprintf "%s\\n" "$@" >> {log}\nGIT_TRACE={log} GIT_TRACE_REDACT=0 exec {real} "$@"\n'
    (tools / "git").write_text(script)
    (tools / "git").chmod(0o755)
    return f"{tools}:{search_path()}", log


def test_credentials_stand_on_no_command_line_and_in_no_file(
    hosted: Hosted, server: GitHttpTwin, tmp_path: Path
) -> None:
    path, log = recording_git(tmp_path)
    proxy = Proxy(address="http://127.0.0.1:1", username="user", password="proxy-secret")
    secrets = (SECRET, BASIC.partition(" ")[2], "proxy-secret")

    everything(remote_of(hosted, server, path=path))
    with pytest.raises(PublishError) as caught:
        remote_of(hosted, server, path=path, connection=Connection(allow_http=True, proxy=proxy)).head("main")

    calls = log.read_text()
    assert "git-remote-http" in calls
    assert "push" in calls
    for secret in secrets:
        assert secret not in calls
        assert secret not in str(caught.value)
        assert secret not in repr(OURS) + repr(proxy)
    for file in (path for path in hosted.scratch.rglob("*") if path.is_file()):
        assert not any(secret.encode() in file.read_bytes() for secret in secrets), file


def test_nobody_else_may_enter_the_folder(hosted: Hosted, server: GitHttpTwin) -> None:
    everything(remote_of(hosted, server))

    assert [oct(folder.stat().st_mode & 0o777) for folder in hosted.scratch.iterdir()] == ["0o700"]


def test_local_commands_get_no_credentials(hosted: Hosted, server: GitHttpTwin, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    real = next(Path(folder, "git") for folder in search_path().split(":") if Path(folder, "git").exists())
    (tools / "git").write_text(f'#!/bin/sh\nenv > {tmp_path}/env.$1\nexec {real} "$@"\n')
    (tools / "git").chmod(0o755)

    everything(remote_of(hosted, server, path=f"{tools}:{search_path()}"))

    with_credentials = {p.name for p in tmp_path.glob("env.*") if BASIC.partition(" ")[2] in p.read_text()}
    assert with_credentials == {"env.ls-remote", "env.fetch", "env.push"}
    assert {p.name for p in tmp_path.glob("env.*")} > with_credentials


@pytest.mark.parametrize(
    ("status", "meaning", "remedy"),
    [
        (401, "does not accept the credentials", "token"),
        (403, "the credentials do not allow it", "contents: write"),
        (404, "no such repository", "correct the address"),
        (301, "leads elsewhere", "address"),
        (500, "500", "server"),
    ],
)
def test_a_refusal_of_the_server_is_told_with_what_to_do(
    hosted: Hosted, server: GitHttpTwin, status: int, meaning: str, remedy: str
) -> None:
    server.inject(Fault(status=status, times=9, headers={"Location": "/elsewhere/info/refs"} if status == 301 else {}))

    with pytest.raises(PublishError, match=meaning) as caught:
        remote_of(hosted, server).head("main")

    assert remedy in caught.value.remedy
    assert SECRET not in str(caught.value)


def test_a_redirection_is_not_followed_and_carries_no_credentials(hosted: Hosted, server: GitHttpTwin) -> None:
    with GitHttpTwin(hosted.bare.parent) as elsewhere:
        target = f"{elsewhere.url}/fleet.git/info/refs?service=git-upload-pack"
        server.inject(Fault(status=302, times=9, headers={"Location": target}))

        with pytest.raises(PublishError, match="leads elsewhere"):
            remote_of(hosted, server).head("main")

        assert elsewhere.requests == ()


def test_a_wrong_token_is_told_and_nobody_is_asked_for_another(hosted: Hosted, server: GitHttpTwin) -> None:
    with pytest.raises(PublishError, match="does not accept the credentials"):
        remote_of(hosted, server, credentials=GitCredentials.of_token("wrong")).head("main")


def test_a_token_that_may_not_push_is_told(hosted: Hosted, server: GitHttpTwin) -> None:
    remote = remote_of(hosted, server)
    made = commit_on(remote, CommitId(hosted.at("main")))
    server.inject(Fault(status=403, times=9, path="/fleet.git", body=b"Permission to org/fleet.git denied to x."))

    with pytest.raises(PublishError, match="the credentials do not allow it"):
        remote.push(Push(branch="new", commit=made.id, expected=None))


def test_a_branch_that_moved_is_told_over_http_as_well(hosted: Hosted, server: GitHttpTwin) -> None:
    remote, base = remote_of(hosted, server), CommitId(hosted.at("main"))
    made = commit_on(remote, base)
    hosted.person_pushes()

    with pytest.raises(BranchMoved):
        remote.push(Push(branch="main", commit=made.id, expected=base))


def test_a_connection_that_breaks_after_the_push_leaves_one_commit(hosted: Hosted, server: GitHttpTwin) -> None:
    """The next attempt sees a branch that moved, and finds its own commit there."""
    remote, base = remote_of(hosted, server), CommitId(hosted.at("main"))
    made = commit_on(remote, base)
    push = Push(branch="main", commit=made.id, expected=base)
    server.inject(Fault(path="/git-receive-pack", method="POST", cut=0))

    with pytest.raises(PublishError) as caught:
        remote.push(push)

    assert not isinstance(caught.value, BranchMoved)
    assert hosted.at("main") == made.id == remote.head("main")


def test_a_server_that_is_silent_is_left_in_time(hosted: Hosted, server: GitHttpTwin) -> None:
    server.inject(Fault(delay=60))

    with pytest.raises(OutOfTime, match=r"git did not end within 0\.5 s"):
        remote_of(hosted, server, connection=Connection(allow_http=True, timeout=0.5)).head("main")


@pytest.fixture
def old_server(hosted: Hosted) -> Iterator[GitHttpTwin]:
    """One that speaks the first protocol, and hands out only what branches and tags name."""
    with GitHttpTwin(hosted.bare.parent, authorization=BASIC, newest_protocol=False) as twin:
        yield twin


def test_an_old_server_is_served_as_well(hosted: Hosted, old_server: GitHttpTwin) -> None:
    first = CommitId(hosted.at("main"))
    hosted.person_pushes()
    git(hosted.clone, "tag", "-a", "-m", "x", "v1.0.0", first)
    git(hosted.clone, "push", "--quiet", "origin", "v1.0.0")
    remote = remote_of(hosted, old_server)

    everything(remote)

    assert remote_of(hosted, old_server).resolve(GitRef(commit=first)) == first
    assert remote_of(hosted, old_server).resolve(GitRef(tag="v1.0.0")) == first
    assert remote.tree(first).list("", TOKEN) == ("app.yaml",)
    assert remote.changed(CommitId(hosted.at("new"))) is not None


def test_a_commit_that_an_old_server_does_not_have_is_told(hosted: Hosted, old_server: GitHttpTwin) -> None:
    with pytest.raises(PublishError, match="the remote repository has no commit 1111"):
        remote_of(hosted, old_server).tree(CommitId("1" * 40))


def test_a_server_that_fails_at_the_second_attempt_is_told(hosted: Hosted, old_server: GitHttpTwin) -> None:
    remote = remote_of(hosted, old_server)
    remote.tree(CommitId(hosted.at("main")))
    old_server.inject(Fault(times=1, status=0, path="/info/refs"), Fault(status=500, times=9, path="/info/refs"))

    with pytest.raises(PublishError, match=r"fetching .* failed.*500"):
        remote.tree(CommitId("1" * 40))


def test_a_token_with_a_line_break_is_refused_and_not_told(hosted: Hosted, server: GitHttpTwin) -> None:
    with pytest.raises(PublishError, match="the token holds a control character") as caught:
        remote_of(hosted, server, credentials=GitCredentials(bearer_token=f"{SECRET}\r\nX-Evil: 1"))

    assert SECRET not in str(caught.value)


def test_a_server_that_is_not_there_is_told(hosted: Hosted) -> None:
    with GitHttpTwin(hosted.bare.parent) as twin:
        url = f"{twin.url}/fleet.git"

    with pytest.raises(PublishError, match="the server cannot be reached"):
        remote_of(hosted, twin, url=url).head("main")


@pytest.fixture
def safe_server(hosted: Hosted, tmp_path: Path) -> Iterator[tuple[GitHttpTwin, GitCredentials]]:
    """A server over TLS, and the credentials that trust it."""
    authority = Authority()
    with GitHttpTwin(hosted.bare.parent, authorization=BASIC, tls=authority.server_context(tmp_path)) as twin:
        yield twin, GitCredentials(username="x-access-token", password=SECRET, tls=ClientTLS(ca=authority.pem))


def test_a_proxy_with_a_password_takes_the_place_of_the_environments(
    hosted: Hosted, safe_server: tuple[GitHttpTwin, GitCredentials]
) -> None:
    server, credentials = safe_server
    password = "p@ss:wörd/?"
    with ProxyTwin(username="user", password=password) as twin:
        proxy = Proxy(address=twin.url, username="user", password=password)
        connection = Connection(proxy=proxy, proxies={"https_proxy": "http://127.0.0.1:1", "no_proxy": "*"})
        everything(remote_of(hosted, server, credentials=credentials, connection=connection))

        assert set(twin.used) == {f"CONNECT {server.host}"}


def test_proxies_of_the_environment_are_used_but_where_they_are_excluded(
    hosted: Hosted, safe_server: tuple[GitHttpTwin, GitCredentials]
) -> None:
    server, credentials = safe_server
    with ProxyTwin() as twin:
        named = Connection(proxy=Proxy(address=twin.url))
        assert remote_of(hosted, server, credentials=credentials, connection=named).head("main")
        assert twin.used == [f"CONNECT {server.host}"]

        twin.used.clear()
        proxies = {"https_proxy": twin.url, "LD_PRELOAD": "/never"}
        remote_of(hosted, server, credentials=credentials, connection=Connection(proxies=proxies)).head("main")
        assert twin.used == [f"CONNECT {server.host}"]

        twin.used.clear()
        excluded = Connection(proxies={**proxies, "no_proxy": "127.0.0.1"})
        remote_of(hosted, server, credentials=credentials, connection=excluded).head("main")
        assert twin.used == []


def test_a_server_whose_authority_the_secret_names_is_trusted(hosted: Hosted, tmp_path: Path) -> None:
    authority = Authority()
    with GitHttpTwin(hosted.bare.parent, authorization=BASIC, tls=authority.server_context(tmp_path)) as server:
        trusting = GitCredentials(username="x-access-token", password=SECRET, tls=ClientTLS(ca=authority.pem))

        everything(remote_of(hosted, server, credentials=trusting, connection=Connection()))

        with pytest.raises(PublishError, match="no safe connection") as caught:
            remote_of(hosted, server, connection=Connection()).head("main")
        assert "ca.crt" in caught.value.remedy


def test_authorities_may_be_those_of_a_file_with_that_of_the_secret_added(hosted: Hosted, tmp_path: Path) -> None:
    authority, other = Authority(), Authority("another")
    bundle = tmp_path / "bundle.pem"
    for in_file, in_secret in ((authority, other), (other, authority)):
        bundle.write_bytes(in_file.pem)
        with GitHttpTwin(hosted.bare.parent, tls=authority.server_context(tmp_path)) as server:
            credentials = GitCredentials(tls=ClientTLS(ca=in_secret.pem))
            remote = remote_of(hosted, server, credentials=credentials, connection=Connection(ca_file=bundle))

            assert remote.head("main") == hosted.at("main")


def test_a_client_certificate_is_shown(hosted: Hosted, tmp_path: Path) -> None:
    authority = Authority()
    client = authority.client()
    context = authority.server_context(tmp_path, clients=authority)
    with GitHttpTwin(hosted.bare.parent, tls=context) as server:
        tls = ClientTLS(ca=authority.pem, certificate=client.certificate, key=client.key)
        remote = remote_of(hosted, server, credentials=GitCredentials(tls=tls), connection=Connection())

        assert remote.head("main") == hosted.at("main")
        keys = list(hosted.scratch.rglob("client.key"))
        assert [oct(key.stat().st_mode & 0o777) for key in keys] == ["0o600"]

        without = GitCredentials(tls=ClientTLS(ca=authority.pem))
        with pytest.raises(PublishError):
            remote_of(hosted, server, credentials=without, connection=Connection()).head("main")


def test_settings_of_the_user_and_of_the_workspace_have_no_say(
    hosted: Hosted, server: GitHttpTwin, scrubbed_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as the header that actions/checkout leaves in the checkout, of which GitHub would get two."""
    hostile = "[http]\n\textraHeader = X-Evil: 1\n\tproxy = http://127.0.0.1:1\n"
    hostile += f'[url "file:///"]\n\tinsteadOf = {server.url}/\n'
    (scrubbed_environment / ".gitconfig").write_text(hostile)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    git(workspace, "init", "--quiet")
    with (workspace / ".git" / "config").open("a") as config:
        config.write(hostile)
    monkeypatch.chdir(workspace)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_SSH_COMMAND", "GIT_PROXY_COMMAND", "GIT_EXEC_PATH", "http_proxy"):
        monkeypatch.setenv(name, "/nowhere")
    before = sorted((path, path.stat().st_mtime_ns) for path in workspace.rglob("*"))

    assert remote_of(hosted, server).head("main") is not None

    assert {request.headers.get("x-evil") for request in server.requests} == {None}
    assert sorted((path, path.stat().st_mtime_ns) for path in workspace.rglob("*")) == before
    assert [path.name for path in scrubbed_environment.iterdir()] == [".gitconfig"]


def test_nothing_in_the_workspace_is_touched_and_nothing_is_left_at_home(
    hosted: Hosted, server: GitHttpTwin, scrubbed_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = hosted.clone
    if os.geteuid() == 0:
        for path in (workspace, *workspace.rglob("*")):
            os.chown(path, 1001, 1001)
    monkeypatch.chdir(workspace)
    before = sorted((path, path.stat().st_mtime_ns, path.stat().st_uid) for path in workspace.rglob("*"))

    everything(remote_of(hosted, server))

    assert sorted((path, path.stat().st_mtime_ns, path.stat().st_uid) for path in workspace.rglob("*")) == before
    assert list(scrubbed_environment.iterdir()) == []
