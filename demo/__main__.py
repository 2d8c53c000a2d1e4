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
        if wrong := play(root, twin.host):
            return fail(wrong)
        say("Six fields have new tags, and no other byte has changed. Once more, to see that nothing is left to do:")
        if wrong := play(root, twin.host):
            return fail(wrong)
    say("Done. The manifests are in demo/before and demo/after, the tags in demo/tags.")
    say("To run it on a repository of your own: README.md. What differs from Flux's controllers: docs/flux.md.")
    return 0


def play(root: Path, host: str) -> str:
    """Run the command in the repository; return what is wrong with how that went."""
    print(f"\n$ cd {root.name} && imgupdate {' '.join(COMMAND)}", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "imgupdate", *COMMAND], cwd=root, env=environment(root.parent), check=False
    )
    if done.returncode:
        return f"imgupdate ended with exit code {done.returncode}"
    different = ", ".join(differences(root, host))
    return f"these files are not as in demo/after: {different}" if different else ""


def say(text: str) -> None:
    """Tell the viewer what is going on."""
    print(f"\n== {text}")


def fail(wrong: str) -> int:
    """Tell the viewer what went wrong; return the demo's exit code."""
    print(f"\nThe demo failed: {wrong}.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
