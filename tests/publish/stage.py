"""A repository on the GitHub twin, images on the registry twin, and runs between the two."""

from __future__ import annotations

import copy
import itertools
import json
import os
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imgupdate.cli.execution import execute
from imgupdate.cli.settings import GitHubAccess, RunSettings
from imgupdate.publish.settings import Mode
from imgupdate.results import Problem, Result, Severity
from imgupdate.update import Silent
from tests.registry.support import FakeClock
from tests.twins.github import GitHubTwin
from tests.twins.github.objects import ZERO
from tests.twins.github.repository import RefMove
from tests.twins.registry import Fault, RegistryTwin

_REMEMBERED = ("pulls", "comments", "labels", "milestones", "statuses", "rules", "settings")

APP = "org/app"
WEB = "org/web"

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: apps}}
spec:
  template:
    spec:
      containers:
        - image: {host}/{image}:{tag} # {{"$imagepolicy": "flux-system:{name}"}}
"""


@dataclass(frozen=True)
class Scene:
    """What a repository held at some time."""

    branches: Mapping[str, str]
    world: Mapping[str, Any]


@dataclass
class Stage:
    """Both twins, a folder for checkouts, and the run's environment."""

    github: GitHubTwin
    registry: RegistryTwin
    scratch: Path
    clock: FakeClock = field(default_factory=FakeClock)
    checkouts: int = 0

    def deployment(self, name: str, image: str, tag: str) -> str:
        """A manifest whose image a policy of that name sets."""
        return DEPLOYMENT.format(name=name, image=image, tag=tag, host=self.registry.host)

    def policy(self, name: str, image: str, range_: str = "1.x", more: str = "") -> str:
        """An ImageRepository and an ImagePolicy."""
        return textwrap.dedent(f"""\
            apiVersion: image.toolkit.fluxcd.io/v1
            kind: ImageRepository
            metadata: {{name: {name}, namespace: flux-system}}
            spec: {{image: {self.registry.host}/{image}, interval: 5m, insecure: true}}
            ---
            apiVersion: image.toolkit.fluxcd.io/v1
            kind: ImagePolicy
            metadata: {{name: {name}, namespace: flux-system}}
            spec:
              imageRepositoryRef: {{name: {name}}}
              policy: {{semver: {{range: "{range_}"}}}}
              {more}
            """)

    def automation(self, push: str = "", *, checkout: str = "", more: str = "", message: str = "") -> str:
        """An ImageUpdateAutomation; `push` and `more` are lines below `git`."""
        template = f"messageTemplate: {json.dumps(message)}" if message else ""
        return textwrap.dedent(f"""\
            apiVersion: image.toolkit.fluxcd.io/v1
            kind: ImageUpdateAutomation
            metadata: {{name: auto, namespace: flux-system{more}}}
            spec:
              interval: 5m
              sourceRef: {{kind: GitRepository, name: fleet}}
              git:
                {checkout or "checkout: {ref: {branch: main}}"}
                commit:
                  author: {{name: fluxbot, email: fluxbot@example.org}}
                  {template}
                {push}
              update: {{path: ./}}
            """)

    def source(self) -> str:
        """The GitRepository of the automation."""
        return textwrap.dedent(f"""\
            apiVersion: source.toolkit.fluxcd.io/v1
            kind: GitRepository
            metadata: {{name: fleet, namespace: flux-system}}
            spec: {{interval: 5m, url: "{self.github.url}/octo-org/fleet", ref: {{branch: main}}}}
            """)

    def usual(self, **more: str) -> dict[str, str]:
        """One image in one manifest, behind its newest tag."""
        return {"apps/app.yaml": self.deployment("app", APP, "1.0.0"), "policies.yaml": self.policy("app", APP), **more}

    def checkout(self, branch: str = "main") -> Path:
        """A new working tree of a branch."""
        self.checkouts += 1
        root = self.scratch / f"checkout-{self.checkouts}"
        modes = self.github.modes(branch)
        for path, content in self.github.tree(branch).items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if modes[path] == "120000":
                file.symlink_to(content.decode())
            else:
                file.write_bytes(content)
                file.chmod(0o755 if modes[path] == "100755" else 0o644)
        return root

    def settings(self, root: Path | None = None, **given: Any) -> RunSettings:
        """A run as the action would ask for it."""
        access = GitHubAccess(
            token=given.pop("token", self.github.workflow.value),
            repository="octo-org/fleet",
            api_url=self.github.api_url,
            graphql_url=self.github.graphql_url,
            server_url=self.github.url,
        )
        return RunSettings(
            **{
                "root": root or self.checkout(),
                "publish": Mode.AUTO,
                "base": "main",
                "github": given.pop("github", access),
                "workers": 4,
                **given,
            }
        )

    def run(self, root: Path | None = None, **given: Any) -> Result:
        """One run, by a clock that jumps."""
        return execute(self.settings(root, **given), self.environment, Silent(), self.clock)

    @property
    def environment(self) -> Mapping[str, str]:
        """What the process would have."""
        return {
            "PATH": os.environ["PATH"],
            "GITHUB_REPOSITORY": "octo-org/fleet",
            "GITHUB_SERVER_URL": self.github.url,
            "HOME": str(self.scratch),
        }

    def lose(self, image: str) -> None:
        """From now on the registry does not know an image."""
        self.registry.inject(Fault(status=404, path=f"/v2/{image}/", times=1000))

    def image(self, branch: str, path: str = "apps/app.yaml") -> str:
        """The image that a manifest has on a branch."""
        text = self.github.tree(branch)[path].decode()
        return text.partition("image: ")[2].partition(" #")[0].removeprefix(f"{self.registry.host}/")

    def saved(self) -> Scene:
        """What the repository holds now."""
        world = self.github.world
        kept = copy.deepcopy({name: getattr(world, name) for name in _REMEMBERED})
        return Scene(branches=self.github.branches(), world=kept)

    def restore(self, scene: Scene) -> None:
        """Have the repository hold what it held then, with no call made yet; objects that nobody has stay."""
        world, now = self.github.world, self.github.branches()
        moves = [
            RefMove(name=f"refs/heads/{branch}", old=now.get(branch, ZERO), new=scene.branches.get(branch, ZERO))
            for branch in now.keys() | scene.branches.keys()
            if now.get(branch) != scene.branches.get(branch)
        ]
        with world.lock:
            if moves:
                world.repository.move(*moves)
            for name, value in copy.deepcopy(scene.world).items():
                setattr(world, name, value)
            world.numbers = itertools.count(max(world.pulls, default=0) + 1)
        self.github.before = self.github.after = lambda _: None
        self.github.forget_calls()
        self.github._used.clear()

    def open_pulls(self) -> list[tuple[int, str, str]]:
        """Number, branch and title of the open pull requests."""
        return [(pull.number, pull.head, pull.title) for pull in self.github.pulls(state="open")]


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Twins that run, with two images in some versions and an empty repository."""
    scratch = folder / "scratch"
    scratch.mkdir()
    with GitHubTwin(folder / "fleet.git") as github, RegistryTwin() as registry:
        registry.fill(APP, ["1.0.0", "1.0.1", "1.1.0", "2.0.0"])
        registry.fill(WEB, ["1.0.0", "1.2.0"])
        yield Stage(github=github, registry=registry, scratch=scratch)


def told(result: Result, severity: Severity | None = None) -> list[str]:
    """The messages of a run's problems."""
    found: list[Problem] = [
        problem for problem in result.all_problems if severity is None or problem.severity is severity
    ]
    return [problem.message for problem in found]
