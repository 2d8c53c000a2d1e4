"""`make fuzz`: coverage-guided fuzzing of what servers and people send us, with atheris.

Each target runs for a while in a process of its own; what was found interesting is kept in `.hypothesis/fuzz` for the
next time, and what breaks a law beside it. Where atheris does not install, hypothesis does it, with many examples.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

KEPT = Path(__file__).parents[2] / ".hypothesis" / "fuzz"
LONGEST_INPUT = 4096
SLOWEST_INPUT = 10
"""Seconds after which an input counts as a hang."""
EXAMPLES = 5000


def main() -> int:
    """Fuzz the named targets, all by default; 1 where one breaks a law."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help="challenges, links, bodies, references, servers; all by default")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        _inside(given.targets[0], given.seconds)
        return 0
    names = given.targets or list(importlib.import_module("tests.fuzz.targets").TARGETS)
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed; hypothesis takes its place", flush=True)
        return _with_hypothesis(names)
    failed = [name for name in names if _run(name, given.seconds)]
    print(f"broken: {', '.join(failed)}" if failed else f"no law is broken: {', '.join(names)}")
    return 1 if failed else 0


def _run(name: str, seconds: int) -> int:
    print(f"\n{name}: {seconds} s", flush=True)
    command = [sys.executable, "-m", "tests.fuzz", "--inside", "--seconds", str(seconds), name]
    return subprocess.run(command, check=False).returncode


def _with_hypothesis(names: list[str]) -> int:
    hold = importlib.import_module("tests.fuzz.any_bytes").hold
    for name in names:
        print(f"{name}: {EXAMPLES} inputs", flush=True)
        hold(name, EXAMPLES, at_random=True)
    return 0


def _inside(name: str, seconds: int) -> None:
    """Fuzz one target in this process, which ends with it."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["imgupdate"]):
        targets = importlib.import_module("tests.fuzz.targets")
    corpus, broken = KEPT / name, KEPT / f"broken-{name}-"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT}",
        f"-timeout={SLOWEST_INPUT}",
        f"-artifact_prefix={broken}",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], targets.TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    raise SystemExit(main())
