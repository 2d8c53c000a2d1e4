"""The repository for the git program, over HTTP: `git http-backend` behind a check of the token.

A hook of the repository refuses what GitHub would: pushes to protected branches, and workflows from a token that must
not change them. It acts on pushes over HTTP only; a test that pushes to the directory is whoever it wants to be.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.twins.github.accounts import WRITE, Token
from tests.twins.github.objects import environment
from tests.twins.github.world import World
from tests.twins.http import Answer, RecordedRequest

PATH = re.compile(r"/([^/]+)/([^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")
CREDENTIAL = re.compile(r"\b(?:basic|bearer|token) ", re.IGNORECASE)

HOOK = r"""#!/bin/sh
# update hook: ref, old and new; TWIN_… come from the server and are missing where a push came by the file system
[ -n "$TWIN_HTTP" ] || exit 0
violated() {
  echo "error: GH013: Repository rule violations found for $ref." >&2
  echo "Review all repository rules at $TWIN_PAGE/rules" >&2
  echo "" >&2
  echo "- $1" >&2
  echo "" >&2
  exit 1
}
ref=$1 old=$2 new=$3
case " $TWIN_PULL_REQUESTS " in
  *" $ref "*) violated "Changes must be made through a pull request." ;;
esac
case $new in *[!0]*) ;; *) exit 0 ;; esac
case " $TWIN_SIGNATURES " in
  *" $ref "*)
    for commit in $(git rev-list "$new" --not --all); do
      git cat-file commit "$commit" | sed '/^$/q' | grep -q '^gpgsig ' ||
        violated "Commits must have verified signatures."
    done ;;
esac
[ -z "$TWIN_NO_WORKFLOWS" ] && exit 0
for commit in $(git rev-list "$new" --not --all); do
  file=$(git diff-tree -r --root --name-only --no-commit-id "$commit" -- .github/workflows | head -n 1)
  if [ -n "$file" ]; then
    echo "refusing to allow a GitHub App to create or update workflow \`$file\` without \`workflows\` permission" >&2
    exit 1
  fi
done
exit 0
"""

LOG_OF_OPTIONS = r"""#!/bin/sh
# post-receive hook: write the push options down, one a line
number=0
while [ "$number" -lt "${GIT_PUSH_OPTION_COUNT:-0}" ]; do
  eval "printf '%s\n' \"\$GIT_PUSH_OPTION_$number\"" >> push-options
  number=$((number + 1))
done
"""


def install_hooks(directory: Path) -> None:
    """Give a repository the hooks."""
    (directory / "hooks").mkdir(exist_ok=True)
    for name, script in (("update", HOOK), ("post-receive", LOG_OF_OPTIONS)):
        path = directory / "hooks" / name
        path.write_text(script)
        path.chmod(0o755)


def push_options(directory: Path) -> list[str]:
    """The options of all pushes so far."""
    path = directory / "push-options"
    return path.read_text().splitlines() if path.exists() else []


def is_git(path: str) -> bool:
    """Whether a path is one that the git program asks for."""
    return PATH.fullmatch(path) is not None


def serve_git(world: World, request: RecordedRequest, token: Token | None) -> Answer:
    """The answer of `git http-backend`, or a refusal."""
    match = PATH.fullmatch(request.path)
    assert match is not None
    if len(CREDENTIAL.findall(request.headers.get("authorization", ""))) > 1:
        return _refused(400, 'Duplicate header: "Authorization"')
    if token is None:
        return _refused(401, "Invalid username or token. Password authentication is not supported for Git operations.")
    if f"{match[1]}/{match[2]}".lower() != world.full_name.lower() or not token.access:
        return _refused(404, "Repository not found.")
    service = request.query.get("service", (match[3],))[0]
    if service == "git-receive-pack" and not token.may("contents", WRITE):
        return _refused(403, f"Permission to {world.full_name}.git denied to {token.account.login}.")
    if not token.may("contents", "read"):
        return _refused(403, "Write access to repository not granted.")
    return _backend(world, request, token, match[3])


def _refused(status: int, text: str) -> Answer:
    headers = {"Content-Type": "text/plain"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
    return Answer(status=status, headers=headers, body=text.encode())


def _backend(world: World, request: RecordedRequest, token: Token, action: str) -> Answer:
    query = "&".join(f"{name}={value}" for name, values in request.query.items() for value in values)
    rules = world.rules.items()
    variables = environment(
        GIT_PROJECT_ROOT=str(world.repository.directory),
        GIT_HTTP_EXPORT_ALL="1",
        PATH_INFO=f"/{action}",
        REQUEST_METHOD=request.method,
        QUERY_STRING=query,
        CONTENT_TYPE=request.headers.get("content-type", ""),
        CONTENT_LENGTH=str(len(request.body)),
        REMOTE_USER=token.account.login,
        TWIN_HTTP="1",
        TWIN_PAGE=f"{world.web}/{world.full_name}",
        TWIN_PULL_REQUESTS=" ".join(
            f"refs/heads/{name}" for name, rule in rules if rule.pull_request or rule.approvals or rule.checks
        ),
        TWIN_SIGNATURES=" ".join(f"refs/heads/{name}" for name, rule in rules if rule.signatures),
        TWIN_NO_WORKFLOWS="" if token.may("workflows", WRITE) else "1",
        GIT_CONFIG_COUNT="2",
        GIT_CONFIG_KEY_1="http.receivepack",
        GIT_CONFIG_VALUE_1="true",
    )
    for header, variable in (("content-encoding", "HTTP_CONTENT_ENCODING"), ("git-protocol", "GIT_PROTOCOL")):
        if header in request.headers:
            variables[variable] = request.headers[header]
    done = subprocess.run(["git", "http-backend"], input=request.body, capture_output=True, env=variables, check=False)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200 OK").split()[0])
    with world.lock:
        world.synchronize()
    return Answer(status=status, headers=headers, body=body)
