"""Programs of the system: bounded in time and words, gone when they are late."""

from __future__ import annotations

import fcntl
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from imgupdate.errors import PublishError
from imgupdate.git.programs import Finished, OutOfTime, find_program, run

ENVIRONMENT = {"PATH": os.defpath}


def python(code: str, *, given: bytes = b"", timeout: float = 30.0, bound: int = 1 << 20) -> Finished:
    command = [sys.executable, "-I", "-S", "-c", code]
    return run(command, environment=ENVIRONMENT, timeout=timeout, given=given, bound=bound)


def free(lock: Path) -> bool:
    """Whether nobody holds a lock: who held it is no more."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_both_outputs_and_the_status_of_a_program_are_told() -> None:
    finished = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")

    assert finished == Finished(status=3, output=b"out\n", errors=b"err\n")


def test_a_program_gets_its_input_whole_while_it_talks() -> None:
    given = bytes(range(256)) * 4096

    assert python("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())", given=given).output == given


def test_a_program_that_does_not_want_its_input_is_no_failure() -> None:
    assert python("import os; os.close(0); print('done')", given=b"x" * 1_000_000).output == b"done\n"


def test_a_program_gets_no_environment_but_the_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hidden")

    said = python("import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))").output

    assert said == b"['PATH']\n"


def test_a_program_that_says_too_much_is_ended() -> None:
    with pytest.raises(PublishError, match="said more than 1000 bytes"):
        python("while True: print('x' * 1000)", bound=1000)


def test_a_program_that_is_late_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    child = f"import fcntl, time; f = open({str(lock)!r}, 'w'); fcntl.flock(f, fcntl.LOCK_EX); time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-I', '-S', '-c', {child!r}])"

    with pytest.raises(OutOfTime, match=r"did not end within 1 s") as caught:
        python(code, timeout=1)

    assert "timeout" in caught.value.remedy
    assert any(free(lock) or threading.Event().wait(0.01) for _ in range(1000))


def test_a_program_that_is_silent_and_stays_is_late_as_well() -> None:
    started = time.monotonic()

    with pytest.raises(OutOfTime):
        python("import os, time; os.close(1); os.close(2); time.sleep(60)", timeout=0.3)

    assert time.monotonic() - started < 30


def test_a_program_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "git"
    broken.write_text("#!/nowhere/interpreter\n")
    broken.chmod(0o755)

    with pytest.raises(PublishError, match="the program git cannot be run"):
        run([str(broken)], environment=ENVIRONMENT, timeout=5)


@pytest.mark.parametrize("name", ["git", "gpg", "gpgconf", "ssh", "ssh-keygen"])
def test_a_program_that_is_missing_is_named_with_where_the_image_has_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(PublishError, match=f"the program {name} is needed") as caught:
        find_program(name, str(tmp_path))

    assert f"/usr/bin/{name}" in caught.value.remedy
