"""Every bad input ends in a clear message, its own exit code and an intact tree, and keeps nothing else from its work.

Beside each there is a policy in good order with a file that is behind; it is served all the same, unless the
configuration as a whole cannot be read.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.support import Ran, Tree, deployment, policy, repository, run, run_json
from tests.registry.support import FakeClock
from tests.twins.registry import Fault, NumberedTags, Page, RegistryTwin, error_body

GOOD = "good/app.yaml"


@pytest.fixture
def tree(tmp_path: Path, registry: RegistryTwin) -> Tree:
    """A tree in which all is well."""
    registry.fill("good", ["5.0.0", "5.0.3"])
    return Tree(tmp_path / "tree").lay_out(
        {
            "good/flux.yaml": repository(f"{registry.host}/good", "good") + policy("good", repository="good"),
            GOOD: deployment(f"{registry.host}/good:5.0.0", "flux-system:good"),
        }
    )


@dataclass(frozen=True)
class Bad:
    """Files that are wrong, what is said about them, and the exit code; `fatal` where nothing at all is done."""

    files: Mapping[str, str | bytes]
    said: tuple[str, ...]
    code: int
    fatal: bool = False


def bomb() -> str:
    """A YAML document whose aliases stand for ten billion scalars."""
    lines = ['a0: &a0 ["lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol"]']
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(lines) + "\n"


APP = repository("reg.example/app", "app")

CONFIGURATION = {
    "a policy that names no repository": Bad(
        {"bad.yaml": policy("bad", imageRepositoryRef="{}")}, ("bad.yaml:6:spec.imageRepositoryRef.name",), 3
    ),
    "a policy that names a repository that is not there": Bad(
        {"bad.yaml": policy("bad", repository="nowhere")},
        ("bad.yaml:6:spec.imageRepositoryRef", "the ImageRepository flux-system/nowhere does not exist"),
        3,
    ),
    "a range that does not parse": Bad(
        {"bad.yaml": APP + policy("bad", ">=1.x.y !", "app")},
        ("bad.yaml:14:spec.policy.semver.range", "'>=1.x.y !' does not parse"),
        3,
    ),
    "a regular expression that does not compile": Bad(
        {"bad.yaml": APP + policy("bad", repository="app", filterTags="{pattern: '(?=look)ahead'}")},
        ("bad.yaml:15:spec.filterTags.pattern", "'(?=look)ahead' is not valid"),
        3,
    ),
    "an exclusion that does not compile": Bad(
        {"bad.yaml": repository("reg.example/app", "bad", exclusionList="['[a']")},
        ("bad.yaml:8:spec.exclusionList[0]", "'[a' is not valid"),
        3,
    ),
    "an empty policy": Bad(
        {"bad.yaml": APP + policy("bad", repository="app", policy="{}")},
        ("bad.yaml:14:spec.policy", "the policy is empty"),
        3,
    ),
    "an image with a scheme": Bad(
        {"bad.yaml": repository("https://reg.example/app", "bad")}, ("bad.yaml:6:spec.image", "scheme"), 3
    ),
    "a timeout in hours": Bad(
        {"bad.yaml": repository("reg.example/app", "bad", timeout="1h")}, ("bad.yaml:8:spec.timeout", "'1h'"), 3
    ),
    "two objects of one name": Bad(
        {"bad.yaml": APP + policy("bad", repository="app"), "bad2.yaml": policy("bad", repository="app")},
        ("bad.yaml:", "bad2.yaml", "flux-system/bad"),
        3,
    ),
    "a file of configuration that is no YAML": Bad(
        {"bad.yaml": policy("bad") + "\tfilterTags: [\n"}, ("bad.yaml:8:", "not valid YAML"), 3, fatal=True
    ),
    "a file of configuration that is not UTF-8": Bad(
        {"bad.yaml": policy("bad").encode() + b"# \xff\xfe\n"}, ("bad.yaml:8:", "UTF-8"), 3, fatal=True
    ),
    "a YAML bomb among the configuration": Bad(
        {"bad.yaml": f"{policy('bad')}---\n{bomb()}"}, ("bad.yaml:", "more than 500000 values"), 3, fatal=True
    ),
    "native configuration beside Flux manifests": Bad(
        {".github/imgupdate.yaml": "images: {}\n"}, (".github/imgupdate.yaml", "cannot be mixed"), 3, fatal=True
    ),
}

MARK = '# {"$imagepolicy": "flux-system:good"}'

MANIFESTS = {
    "a marker that names no policy": Bad(
        {"bad.yaml": 'image: x:1 # {"$imagepolicy": "flux-system:typo"}\n'},
        ("bad.yaml:1", "the marker 'flux-system:typo' names no policy"),
        5,
    ),
    "a marked file that is no YAML": Bad(
        {"bad.yaml": f"image: x:1 {MARK}\nb: [\n"}, ("bad.yaml:3", "not valid YAML"), 5
    ),
    "a marked file that is not UTF-8": Bad(
        {"bad.yaml": f"image: x:1 {MARK}\n# ".encode() + b"\xff\n"}, ("bad.yaml:2", "UTF-8"), 5
    ),
    "a marked file of 50 MB": Bad(
        {"bad.yaml": f"image: x:1 {MARK}\n".encode() + b"# padding\n" * 5_000_000}, ("bad.yaml", "too large"), 5
    ),
    "a marked file that is deeper than anybody writes": Bad(
        {"bad.yaml": f"image: x:1 {MARK}\ndeep: " + "[" * 20_000 + "]" * 20_000 + "\n"},
        ("bad.yaml:", "nested deeper"),
        5,
    ),
}


def assert_told(ran: Ran, bad: Bad) -> None:
    assert ran.code == bad.code, ran.out
    told = [problem for problem in ran.problems if all(text in problem for text in bad.said)]
    assert told, ran.problems


@pytest.mark.parametrize("bad", CONFIGURATION.values(), ids=CONFIGURATION.keys())
def test_wrong_configuration(tree: Tree, bad: Bad) -> None:
    tree.lay_out(bad.files)

    ran = run_json(tree.root)

    assert_told(ran, bad)
    assert tree.changed == (set() if bad.fatal else {GOOD})


@pytest.mark.parametrize("bad", MANIFESTS.values(), ids=MANIFESTS.keys())
def test_wrong_manifests(tree: Tree, bad: Bad) -> None:
    tree.lay_out(bad.files)

    ran = run_json(tree.root)

    assert_told(ran, bad)
    assert tree.changed == {GOOD}


def test_a_marked_yaml_bomb_does_not_go_off(tree: Tree, registry: RegistryTwin) -> None:
    tree.lay_out({"bomb.yaml": f"{bomb()}image: {registry.host}/good:5.0.0 {MARK}\n"})

    ran = run_json(tree.root)

    assert ran.code == 0, ran.problems
    assert tree.changed == {GOOD, "bomb.yaml"}


def test_an_automation_whose_message_does_not_parse_does_not_run(tree: Tree) -> None:
    tree.lay_out(
        {
            "automation.yaml": (
                "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageUpdateAutomation\n"
                "metadata: {name: all, namespace: flux-system}\nspec:\n  interval: 1h\n"
                "  sourceRef: {kind: GitRepository, name: flux-system}\n"
                "  git: {commit: {author: {email: a@example.com}, messageTemplate: '{{ range }'}}\n"
            )
        }
    )

    ran = run_json(tree.root)

    assert ran.code == 3
    assert any("automation.yaml:7:spec.git.commit.messageTemplate" in problem for problem in ran.problems)
    assert tree.changed == set()


def test_an_update_path_that_is_not_there(tree: Tree) -> None:
    tree.lay_out(
        {
            "automation.yaml": (
                "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageUpdateAutomation\n"
                "metadata: {name: all, namespace: flux-system}\nspec:\n  interval: 1h\n"
                "  sourceRef: {kind: GitRepository, name: flux-system}\n"
                "  git: {commit: {author: {email: a@example.com}}}\n  update: {path: ./nowhere}\n"
            )
        }
    )

    ran = run_json(tree.root)

    assert ran.code == 5
    assert any("nowhere" in problem for problem in ran.problems)
    assert tree.changed == set()


def test_a_docker_configuration_that_cannot_be_read(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()

    ran = run_json(tree.root, environment={"DOCKER_CONFIG": str(tmp_path)})

    assert ran.code == 3
    assert "config.json cannot be read: Is a directory; correct its permissions" in ran.problems[0]
    assert tree.changed == set()


# The tree ------------------------------------------------------------------------------------------------------------


def test_a_file_that_its_owner_may_not_write_also_as_root(tree: Tree, registry: RegistryTwin) -> None:
    tree.lay_out({"sealed.yaml": deployment(f"{registry.host}/good:5.0.0", "flux-system:good")})
    sealed = tree.root / "sealed.yaml"
    sealed.chmod(0o444)

    ran = run_json(tree.root)

    assert ran.code == 5
    assert ran.problems == [
        "error sealed.yaml:: is write-protected; give its owner the permission to write (chmod u+w)"
    ]
    assert tree.changed == {GOOD}
    assert [file["path"] for file in ran.document["files"]] == [GOOD]
    assert sealed.stat().st_mode & 0o777 == 0o444


def test_links_that_lead_in_circles_nowhere_or_out_of_the_tree(
    tree: Tree, tmp_path: Path, registry: RegistryTwin
) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(deployment(f"{registry.host}/good:5.0.0", "flux-system:good"))
    links = {"a.yaml": "b.yaml", "b.yaml": "a.yaml", "gone.yaml": "nowhere.yaml", "out.yaml": str(outside), "up": ".."}
    for name, target in links.items():
        (tree.root / name).symlink_to(target)
    tree.lay_out({})

    ran = run_json(tree.root)

    assert ran.code == 0
    assert {problem.split()[1].rstrip(":") for problem in ran.problems} >= {"a.yaml", "b.yaml", "gone.yaml", "out.yaml"}
    assert tree.changed == {GOOD}
    assert ":5.0.0 " in outside.read_text()


HOSTILE_NAMES = [
    b"::error::owned.yaml",
    b"a\n::add-mask::owned.yaml",
    b"\x1b[2J.yaml",
    b"##[error]owned.yaml",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("setter", ["flux-system:good", "flux-system:typo"])
def test_file_names_that_want_to_be_commands(tree: Tree, registry: RegistryTwin, name: bytes, setter: str) -> None:
    path = tree.root / os.fsdecode(name)
    path.write_text(deployment(f"{registry.host}/good:5.0.0", setter))

    shown = run(tree.root, "--write")

    assert_harmless(shown)
    assert (":5.0.3 " in path.read_text()) is (setter == "flux-system:good")
    assert shown.code == (0 if setter == "flux-system:good" else 5)


def test_a_file_whose_name_is_no_text(tree: Tree, registry: RegistryTwin) -> None:
    path = tree.root / os.fsdecode(b"\xff.yaml")
    path.write_text(deployment(f"{registry.host}/good:5.0.0", "flux-system:good"))

    shown = run(tree.root, "--write")

    assert_harmless(shown)
    assert shown.code == 5
    assert r"  \udcff.yaml: is passed over: its name is not UTF-8" in shown.out
    assert tree.changed == {GOOD, os.fsdecode(b"\xff.yaml")}
    assert ":5.0.0 " in path.read_text()


def assert_harmless(shown: Ran) -> None:
    for line in (shown.out + shown.err).split("\n"):
        assert line.isprintable(), line
        assert not line.lstrip().startswith("::"), line
        assert "##[" not in line, line


def test_a_link_to_a_file_of_the_tree_stands_for_it(tree: Tree, registry: RegistryTwin) -> None:
    tree.lay_out({"shared/app.yaml": deployment(f"{registry.host}/good:5.0.0", "flux-system:good")})
    (tree.root / "link.yaml").symlink_to("shared/app.yaml")
    tree.lay_out({})

    assert run_json(tree.root).code == 0
    assert tree.changed == {GOOD, "shared/app.yaml"}


def test_a_disk_that_is_full_leaves_the_file_as_it_was(tree: Tree) -> None:
    """The system refuses to let any file grow past 200 bytes, which is what a full disk looks like to a writer."""
    script = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        "from imgupdate.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    tree.lay_out({})

    done = subprocess.run(
        [sys.executable, "-B", "-c", script, "run", "--path", str(tree.root), "--write"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 5, done.stdout + done.stderr
    assert f"  {GOOD}: cannot be written" in done.stdout
    assert "nothing to change, 1 error" in done.stdout
    assert tree.changed == set()


# Registries ----------------------------------------------------------------------------------------------------------


def with_bad_image(tree: Tree, image: str, **spec: str) -> Tree:
    """The tree with a policy beside the good one whose image is served badly, and a file that it has marked."""
    return tree.lay_out(
        {
            "bad/flux.yaml": repository(image, "bad", **spec) + policy("bad", "*", repository="bad"),
            "bad/app.yaml": deployment(f"{image}:1.0.0", "flux-system:bad"),
        }
    )


def assert_not_scanned(tree: Tree, ran: Ran, *said: str) -> None:
    """The bad image is reported where its repository is written, and only the good file has changed."""
    assert ran.code == 4
    assert len(ran.problems) == 1, ran.problems
    assert ran.problems[0].startswith("error bad/flux.yaml:2: ")
    assert all(text in ran.problems[0] for text in said), ran.problems
    assert "; " in ran.problems[0].rstrip("; ")
    assert {found["policy"]["name"]: found["status"] for found in ran.document["policies"]} == {
        "bad": "unavailable",
        "good": "selected",
    }
    assert tree.changed == {GOOD}


FAULTS = {
    "401": (Fault(status=401, body=error_body("UNAUTHORIZED"), times=99), ("401",)),
    "403": (Fault(status=403, body=error_body("DENIED", "requested access is denied"), times=99), ("403", "denied")),
    "404": (Fault(status=404, body=error_body("NAME_UNKNOWN"), times=99), ("404",)),
    "429": (
        Fault(status=429, headers={"Retry-After": "5"}, body=error_body("TOOMANYREQUESTS"), times=99),
        ("too many requests",),
    ),
    "500": (Fault(status=500, times=99), ("500",)),
    "HTML": (
        Fault(status=200, headers={"Content-Type": "text/html"}, body=b"<!doctype html><title>Login</title>", times=99),
        ("text/html",),
    ),
    "truncated JSON": (
        Fault(
            status=200, headers={"Content-Type": "application/json"}, body=b'{"name": "bad", "tags": ["1.0', times=99
        ),
        ("JSON",),
    ),
    "a body that is cut off": (Fault(cut=10, times=99), ("bad",)),
    "no answer": (Fault(hang_up=True, times=99), ("bad",)),
}


@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_registry_that_fails(tree: Tree, registry: RegistryTwin, fault: Fault, said: tuple[str, ...]) -> None:
    with RegistryTwin() as failing:
        failing.fill("bad", ["1.0.0", "1.0.1"])
        failing.inject(fault)
        with_bad_image(tree, f"{failing.host}/bad")

        assert_not_scanned(tree, run_json(tree.root), *said)


def test_a_registry_that_is_down(tree: Tree) -> None:
    with RegistryTwin() as down:
        host = down.host
    with_bad_image(tree, f"{host}/bad")

    assert_not_scanned(tree, run_json(tree.root), host)


def test_a_registry_that_is_slow(tree: Tree) -> None:
    with RegistryTwin() as slow:
        slow.fill("bad", ["1.0.0", "1.0.1"])
        slow.inject(Fault(drip=0.05, times=99))
        with_bad_image(tree, f"{slow.host}/bad", timeout="1s")

        assert_not_scanned(tree, run_json(tree.root, clock=FakeClock(tick=0.1)), "within 1 s")


def test_a_registry_with_a_million_tags(tree: Tree) -> None:
    with RegistryTwin() as large:
        large.fill("bad", NumberedTags(1_000_000))
        with_bad_image(tree, f"{large.host}/bad")

        assert_not_scanned(tree, run_json(tree.root), "tags")


@pytest.mark.parametrize("link", ["itself", "another host"])
def test_a_registry_whose_pages_lead_to_themselves_or_away(tree: Tree, link: str) -> None:
    with RegistryTwin() as elsewhere:
        elsewhere.fill("bad", ["9.9.9"])

        def lead(page: Page) -> str:
            if link == "itself":
                return "</v2/bad/tags/list?n=1000>; rel=next"
            return f"<{elsewhere.url}/v2/bad/tags/list?last=1.0.1>; rel=next"

        with RegistryTwin(link=lead) as leading:
            leading.fill("bad", ["1.0.0", "1.0.1"])
            with_bad_image(tree, f"{leading.host}/bad")
            ran = run_json(tree.root)

            assert len(leading.requests) < 20
        assert elsewhere.requests == ()
    assert_not_scanned(tree, ran, "next page")


def test_tags_that_are_not_valid_are_never_written(tree: Tree) -> None:
    hostile = ["1.0.0", "zz\n::error::owned", "zz##[error]owned", "zz\x1b[2J", "zz/../..", "z" * 200]
    with RegistryTwin() as strange:
        strange.fill("bad", hostile)
        with_bad_image(tree, f"{strange.host}/bad")
        tree.lay_out(
            {
                "bad/flux.yaml": repository(f"{strange.host}/bad", "bad")
                + policy("bad", repository="bad", policy="{alphabetical: {order: asc}}")
            }
        )

        ran = run_json(tree.root)
        shown = run(tree.root, "--explain")

    assert tree.changed == {GOOD}
    assert [problem.split(": ")[-1] for problem in ran.problems] == [
        "the registry lists 5 entries that are not tags; left out; "
    ]
    assert "owned" not in "".join(content.decode() for content in tree.now.values())
    assert_harmless(shown)
