"""`python -m demo`: run `imgupdate` twice on a small repository; exit 1 if that does not go as it should."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from demo.scene import differences, environment, lay_out, registry

COMMAND = ("run", "--write")


def main() -> int:
    """Play the demo; what `imgupdate` prints goes straight to the viewer."""
    with registry() as twin, tempfile.TemporaryDirectory(prefix="imgupdate-demo-") as scratch:
        root = Path(scratch, "flux-image-updates")
        root.mkdir()
        lay_out(root, twin.host)
        say(f"A registry is up at {twin.host}, with the tags of podinfo and of MinIO's client.")
        say(f"{root} holds the repository of Flux's image update guide:")
        for path in sorted(root.rglob("*.yaml")):
            print(f"   {path.relative_to(root)}")
        first = imgupdate(root, Path(scratch))
        if first or (wrong := differences(root, twin.host)):
            return fail(first, "" if first else f"these files are not as in demo/after: {', '.join(wrong)}")
        say("Six fields have new tags, and no other byte has changed. Once more, to see that nothing is left to do:")
        second = imgupdate(root, Path(scratch))
        if second or (wrong := differences(root, twin.host)):
            return fail(second, "" if second else f"the second run changed files: {', '.join(wrong)}")
    say("Done. The manifests are in demo/before and demo/after, the tags in demo/tags.")
    say("To run it on a repository of your own: README.md. What differs from Flux's controllers: docs/flux.md.")
    return 0


def imgupdate(root: Path, home: Path) -> int:
    """Run the command in the repository, without the viewer's own credentials and proxies; return its exit code."""
    print(f"\n$ cd {root.name} && imgupdate {' '.join(COMMAND)}", flush=True)
    seen = environment(home)
    if not sys.stdout.isatty():
        seen.setdefault("COLUMNS", "132")  # as wide as the logs of CI
    return subprocess.run([sys.executable, "-m", "imgupdate", *COMMAND], cwd=root, env=seen, check=False).returncode


def say(text: str) -> None:
    """Tell the viewer what is going on."""
    print(f"\n== {text}")


def fail(exit_code: int, difference: str) -> int:
    """Tell the viewer what went wrong; return the demo's exit code."""
    print(f"\nThe demo failed: {difference or f'imgupdate ended with exit code {exit_code}'}.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
