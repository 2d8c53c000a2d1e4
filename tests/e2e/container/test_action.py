"""The action in its container, as a step of a job: the runner's mounts, files and variables, a registry and GitHub.

The workspace belongs to the runner's user, the container runs as root.
"""

from __future__ import annotations

import hashlib
import json
import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.container.image import Image
from tests.twins.github import GitHubTwin
from tests.twins.registry import RegistryTwin
from tests.twins.runner import RUNNER_USER, Runner, Step

pytestmark = pytest.mark.needs_image

TIMES = 7
IMAGES = 10
MANIFESTS = 200

POLICY = """\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: NAME, namespace: flux-system}
spec: {image: HOST/team/NAME, interval: 5m}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: NAME, namespace: flux-system}
spec:
  imageRepositoryRef: {name: NAME}
  policy: {semver: {range: 1.x}}
"""
AUTOMATION = """\
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata: {name: all, namespace: flux-system}
spec:
  interval: 30m
  sourceRef: {kind: GitRepository, name: flux-system}
  git:
    checkout: {ref: {branch: main}}
    commit:
      author: {name: A Robot, email: robot@example.com}
      signingKey: {type: KIND, secretRef: {name: not-in-the-repository}}
    push: {branch: main}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {url: URL, interval: 1m}
"""
WORKLOAD = 'kind: Deployment\nimage: HOST/team/app:TAG # {"$imagepolicy": "flux-system:app"}\n'


@pytest.fixture
def registry() -> Iterator[RegistryTwin]:
    with RegistryTwin() as twin:
        twin.fill("team/app", ["1.0.0", "1.2.0", "2.0.0"])
        yield twin


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubTwin]:
    with GitHubTwin(tmp_path / "fleet.git") as twin:
        yield twin


class Job:
    """A job that has checked a repository out, and its steps."""

    def __init__(self, image: Image, github: GitHubTwin, root: Path) -> None:
        self.runner = Runner(
            root,
            repository="octo-org/fleet",
            api_url=github.api_url,
            server_url=github.url,
            token=github.workflow.value,
            owner=RUNNER_USER,
            place=image,
            sha=github.head("main") or "",
        )
        self._image = image
        self.git("clone", "--quiet", str(github.directory), ".")
        self.git("remote", "set-url", "origin", github.clone_url)
        self.runner.hand_over()

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.runner.workspace, check=True)

    def run(self, environment: Mapping[str, str] | None = None, **inputs: str) -> Step:
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        return self.runner.run(self._image.entrypoint, inputs=given, environment=environment)

    def digests(self, folder: str = ".git") -> dict[str, str]:
        """What is in a folder of the workspace, with owner and mode."""
        files = sorted(path for path in (self.runner.workspace / folder).rglob("*"))
        return {
            f"{path} {path.lstat().st_uid} {path.lstat().st_mode:o}": hashlib.sha256(
                path.read_bytes() if path.is_file() else b""
            ).hexdigest()
            for path in files
        }


def repository(host: str, *, automation: str = "") -> dict[str, str]:
    """A repository with one image, whose workload is behind."""
    return {
        "flux/images.yaml": POLICY.replace("NAME", "app").replace("HOST", host) + automation,
        "apps/app.yaml": workload(host, "1.0.0"),
        "README.md": "# Fleet\n",
    }


def workload(host: str, tag: str) -> str:
    return WORKLOAD.replace("HOST", host).replace("TAG", tag)


@pytest.fixture
def job(image: Image, github: GitHubTwin, registry: RegistryTwin, tmp_path: Path) -> Job:
    github.push("main", dict(repository(registry.host)))
    return Job(image, github, tmp_path / "runner")


def test_publish_none_writes_the_workspace_and_leaves_it_to_its_owner(job: Job, registry: RegistryTwin) -> None:
    before = job.digests()
    workspace = job.runner.workspace

    step = job.run(publish="none")

    assert (step.exit_code, step.runner_errors) == (0, [])
    assert (workspace / "apps/app.yaml").read_text() == workload(registry.host, "1.2.0")
    assert (workspace / "apps/app.yaml").stat().st_uid == RUNNER_USER
    assert job.runner.foreign_files() == []
    assert job.digests() == before
    assert step.outputs["changed"] == "true"
    assert json.loads(step.outputs["files"]) == ["apps/app.yaml"]
    assert [update["new"] for update in json.loads(step.outputs["updates"])] == ["1.2.0"]
    assert "1.2.0" in step.summary
    assert list(job.runner.home.iterdir()) == []


def test_a_pull_request_is_opened_and_a_second_run_leaves_it_as_it_is(
    job: Job, github: GitHubTwin, registry: RegistryTwin
) -> None:
    before = job.digests("")

    first, second = job.run(), job.run()

    assert (first.exit_code, second.exit_code) == (0, 0), first.log + second.log
    (pull,) = github.pulls()
    assert github.tree("imgupdate/main")["apps/app.yaml"] == workload(registry.host, "1.2.0").encode()
    assert first.outputs["pull-request-operation"] == "created"
    assert first.outputs["pull-request-number"] == str(pull.number)
    assert first.outputs["pull-request-branch"] == "imgupdate/main"
    assert len(github.log("imgupdate/main")) == len(github.log("main")) + 1
    assert second.outputs["pull-request-number"] == first.outputs["pull-request-number"]
    assert second.outputs["pull-request-head-sha"] == first.outputs["pull-request-head-sha"]
    assert job.digests("") == before
    assert job.runner.foreign_files() == []


def test_wrong_inputs_fail_the_step_and_every_output_is_there(job: Job) -> None:
    step = job.run(publish="sometimes", dryrun="true")

    assert step.exit_code == 2
    assert not step.succeeded
    assert step.outputs["changed"] == "false"
    assert [found.level for found in step.annotations if "publish" in found.message] == ["error"]


def test_an_annotation_stands_on_the_line_of_its_marker(job: Job, registry: RegistryTwin) -> None:
    stray = job.runner.workspace / "apps/stray.yaml"
    stray.write_text('kind: Deployment\n\nimage: a/b:1 # {"$imagepolicy": "flux-system:nobody"}\n')

    step = job.run(publish="none")

    found = [annotation for annotation in step.annotations if "nobody" in annotation.message]
    assert [(annotation.file, annotation.line) for annotation in found] == [("apps/stray.yaml", 3)]
    assert step.exit_code == 5
    assert (job.runner.workspace / "apps/app.yaml").read_text() == workload(registry.host, "1.2.0")


def test_no_module_is_compiled_when_a_step_runs(job: Job, image: Image) -> None:
    python, *rest = image.entrypoint

    step = job.runner.run([python, "-v", *rest])

    loaded = re.findall(r"# code object from '(.*)'$", step.stderr + step.stdout, re.MULTILINE)
    assert step.outputs["pull-request-operation"] == "created"
    assert any("/github/__pycache__/__init__." in path for path in loaded)
    assert [path for path in loaded if not path.endswith(".pyc")] == []


HOSTILE = 'open("/github/workspace/imported", "a").write(__name__)\nraise SystemExit(77)\n'


def test_what_a_repository_calls_like_our_modules_is_not_run(job: Job) -> None:
    workspace = job.runner.workspace
    for name in ("yaml.py", "sitecustomize.py", "usercustomize.py", "imgupdate/__init__.py", "httpx.py", "json.py"):
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).write_text(HOSTILE)
    (workspace / "pyvenv.cfg").write_text("home = /github/workspace\n")
    environment = {
        "PYTHONPATH": str(workspace),
        "PYTHONSTARTUP": str(workspace / "yaml.py"),
        "PYTHONHOME": str(workspace),
        "PYTHONUSERBASE": str(workspace),
    }

    step = job.run(environment, publish="none")

    assert step.exit_code == 0, step.log
    assert not (workspace / "imported").exists()
    assert step.outputs["changed"] == "true"


class Key:
    """A signing key that the image's own programs have made, and how they tell its signatures."""

    def __init__(self, image: Image, folder: Path, *make: str) -> None:
        self._image = image
        self._folder = folder
        self.private = self.run(*make)

    def run(self, *command: str, mounts: Mapping[Path, str] | None = None) -> str:
        invocation = self._image.invocation(
            ["/bin/sh", "-ec", *command], {"HOME": "/key"}, {self._folder: "/key"} | dict(mounts or {}), "/key"
        )
        done = subprocess.run(
            invocation.arguments, env=dict(invocation.environment), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def verify(self, repository: Path, commit: str) -> None:
        settings = "-c safe.directory=* -c gpg.ssh.allowedSignersFile=/key/allowed"
        self.run(f"git {settings} -C /fleet.git verify-commit {commit}", mounts={repository: "/fleet.git"})


SSH = """
    ssh-keygen -q -t ed25519 -N '' -C robot@example.com -f key
    echo "robot@example.com $(cat key.pub)" >allowed
    cat key
"""
GPG = """
    mkdir -m 700 /key/.gnupg
    gpg --quiet --batch --passphrase '' --quick-generate-key 'A Robot <robot@example.com>' ed25519 sign never
    gpg --batch --armor --export-secret-keys
"""


@pytest.mark.parametrize(("kind", "make"), [("ssh", SSH), ("gpg", GPG)])
@pytest.mark.parametrize("path", ["", "/github/workspace/bin:/usr/bin:/bin", "/nowhere"])
def test_a_commit_is_signed_and_pushed_by_the_programs_of_the_image_and_no_others(
    image: Image, github: GitHubTwin, registry: RegistryTwin, tmp_path: Path, kind: str, make: str, path: str
) -> None:
    (tmp_path / "key").mkdir()
    key = Key(image, tmp_path / "key", make)
    automation = AUTOMATION.replace("URL", f"{github.url}/octo-org/fleet").replace("KIND", kind)
    github.push("main", dict(repository(registry.host, automation=automation)))
    job = Job(image, github, tmp_path / "runner")
    for name in ("git", "gpg", "ssh-keygen"):
        fake = job.runner.workspace / "bin" / name
        fake.parent.mkdir(exist_ok=True)
        fake.write_text("#!/bin/sh\ntouch /github/workspace/imported\nexit 1\n")
        fake.chmod(0o755)
    job.runner.hand_over()
    before = job.digests("")

    step = job.run({"PATH": path} if path else None, signing_key=key.private)

    assert step.exit_code == 0, step.log + step.stderr
    (newest, *_) = github.log("main")
    assert github.tree("main")["apps/app.yaml"] == workload(registry.host, "1.2.0").encode()
    assert (newest.author, step.outputs["commit-sha"]) == ("A Robot", newest.sha)
    key.verify(github.directory, newest.sha)
    assert job.digests("") == before
    assert list(job.runner.home.iterdir()) == []
    said = [line for line in (step.stdout + step.stderr).splitlines() if not line.startswith("::add-mask::")]
    assert key.private.splitlines()[3] not in "\n".join([*said, step.summary, json.dumps(dict(step.outputs))])


def test_the_time_of_a_run_that_finds_nothing_to_do(
    image: Image, github: GitHubTwin, registry: RegistryTwin, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    files = {"README.md": "# Fleet\n"}
    for number in range(IMAGES):
        name = f"app-{number}"
        registry.fill(f"team/{name}", ["1.0.0", "1.2.0"])
        files[f"flux/{name}.yaml"] = POLICY.replace("NAME", name).replace("HOST", registry.host)
    for number in range(MANIFESTS):
        marker = f'{{"$imagepolicy": "flux-system:app-{number % IMAGES}"}}'
        files[f"apps/{number}.yaml"] = (
            f"kind: Deployment\nimage: {registry.host}/team/app-{number % IMAGES}:1.2.0 # {marker}\n"
        )
    github.push("main", dict(files))
    job = Job(image, github, tmp_path / "runner")

    def measure(act: Callable[[], Step]) -> float:
        taken = []
        for _ in range(TIMES):
            started = time.perf_counter()
            step = act()
            taken.append(time.perf_counter() - started)
            assert step.exit_code == 0, step.log
        return statistics.median(taken)

    nothing = measure(lambda: job.runner.run([*image.entrypoint[:3], "-c", "pass"]))
    reported = measure(lambda: job.run(publish="none"))
    published = measure(job.run)
    tell(
        f"a run in the image with nothing to do, {IMAGES} images in {MANIFESTS} manifests, median of {TIMES}:"
        f" {published:.2f} s; with publish none {reported:.2f} s; python -c pass {nothing:.2f} s"
    )

    assert github.pulls() == []
