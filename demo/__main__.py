"""`python -m demo`: from a registry to a pull request that is merged; exit 1 if that does not go as it should."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from demo.scene import NAME, differences, github, in_workflow, lay_out, registry
from tests.twins.github import GitHubTwin

LOOK = ("run",)
PROPOSE = ("run", "--publish", "pull-request")
OURS = "imgupdate/main"


def main() -> int:
    """Play the demo; what `imgupdate` prints goes straight to the viewer."""
    with registry() as tags, tempfile.TemporaryDirectory(prefix="imgupdate-demo-") as scratch:
        root = Path(scratch, NAME)
        root.mkdir()
        lay_out(root, tags.host)
        with github(Path(scratch), tags.host) as twin:
            say(f"A registry is up at {tags.host}, with the tags of podinfo and of MinIO's client.")
            say(f"A GitHub is up at {twin.url}; {root} is a clone of its repository, that of Flux's guide:")
            for path in sorted(root.rglob("*.yaml")):
                print(f"   {path.relative_to(root)}")
            if wrong := play(root, tags.host, twin):
                print(f"\nThe demo failed: {wrong}.", file=sys.stderr)
                return 1
    say("Done. The manifests are in demo/before and demo/after, the tags in demo/tags.")
    say("In a workflow of your own: README.md. What differs from Flux's controllers: docs/flux.md.")
    return 0


def play(root: Path, host: str, twin: GitHubTwin) -> str:
    """All acts; what is wrong with how they went."""
    wrong = look(root, twin) or propose(root, host, twin) or propose_again(root, twin)
    return wrong or merge(root, host, twin)


def look(root: Path, twin: GitHubTwin) -> str:
    """What would change."""
    say("What would change? Nothing is written yet.")
    return run(LOOK, root, twin)


def propose(root: Path, host: str, twin: GitHubTwin) -> str:
    """A pull request that changes six fields and nothing else."""
    say("As a pull request, please.")
    if wrong := run(PROPOSE, root, twin, end_only=True) or show(twin):
        return wrong
    if different := differences(twin.tree(OURS), host):
        return f"these files of the pull request are not as in demo/after: {', '.join(different)}"
    say("Six fields have new tags, and no other byte has changed.")
    return ""


def propose_again(root: Path, twin: GitHubTwin) -> str:
    """Nothing is done twice."""
    say("Once more, to see that nothing is done twice.")
    before = twin.branches(), len(twin.pulls())
    wrong = run(PROPOSE, root, twin, end_only=True)
    return wrong or ("" if (twin.branches(), len(twin.pulls())) == before else "the second run changed something")


def merge(root: Path, host: str, twin: GitHubTwin) -> str:
    """Nothing is left behind."""
    say("A person merges the pull request, and the clone follows.")
    twin.merge_pull(1)
    for path, content in twin.tree("main").items():
        (root / path).write_bytes(content)
    if wrong := run(PROPOSE, root, twin, end_only=True):
        return wrong
    if different := differences(twin.tree("main"), host):
        return f"these files of main are not as in demo/after: {', '.join(different)}"
    return "" if list(twin.branches()) == ["main"] else "the branch of the pull request was left behind"


def show(twin: GitHubTwin) -> str:
    """The pull request as GitHub has it."""
    pulls = twin.pulls()
    if len(pulls) != 1:
        return f"there are {len(pulls)} pull requests"
    (pull,) = pulls
    (commit,) = twin.log(pull.head, since=pull.base)
    say(f"On GitHub there is now pull request #{pull.number}, from {pull.head} into {pull.base}:")
    print(f"\n   {pull.title}\n   {commit.sha[:7]} by {commit.author}\n")
    for line in (pull.body or "").splitlines():
        print(f"   | {line}".rstrip())
    return ""


def run(command: tuple[str, ...], root: Path, twin: GitHubTwin, *, end_only: bool = False) -> str:
    """Run the command in the repository and show what it prints, or the end of it; what is wrong with how that went."""
    print(f"\n$ cd {root.name} && imgupdate {' '.join(command)}", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "imgupdate", *command],
        cwd=root,
        env=in_workflow(twin, root.parent),
        stdout=subprocess.PIPE if end_only else None,
        text=True,
        check=False,
    )
    if end_only:
        *before, published, summary = done.stdout.rstrip().split("\n\n")
        print("…\n" if before else "", published, "\n\n", summary, sep="")
    return f"imgupdate ended with exit code {done.returncode}" if done.returncode else ""


def say(text: str) -> None:
    """Tell the viewer what is going on."""
    print(f"\n== {text}")


if __name__ == "__main__":
    sys.exit(main())
