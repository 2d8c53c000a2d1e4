"""What people can say about a run: one table for `action.yml`, `imgupdate run --help` and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PUBLISH = ("auto", "pull-request", "commit", "none")
GROUP_BY = ("automation", "policy", "image", "directory")
AUTO_MERGE = ("merge", "squash", "rebase")
SIGN = ("github",)
FAIL_ON = ("error", "never", "change")
AMBIENT = ("use", "ignore")

TOKEN_VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN")
REGISTRY_AUTH_VARIABLE = "IMGUPDATE_REGISTRY_AUTH"
SIGNING_KEY_VARIABLE = "IMGUPDATE_SIGNING_KEY"
SIGNING_PASSPHRASE_VARIABLE = "IMGUPDATE_SIGNING_PASSPHRASE"  # noqa: S105 - the name of a variable


class Kind(StrEnum):
    """How the text of an input is read."""

    TEXT = "text"
    FLAG = "true or false"
    CHOICE = "one of"
    LIST = "list"
    SECRET = "secret"  # noqa: S105 - a kind of input


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input of the action and the option of `imgupdate run` that means the same.

    An empty `option` has no option: a secret comes from one of `variables`. `default` is the action's, and the
    option's too but where `option_default` differs. An empty text is always the same as no text. `unset` says in words
    what an empty one means.
    """

    name: str
    description: str
    default: str = ""
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    option: str = ""
    metavar: str = ""
    option_default: str = ""
    variables: tuple[str, ...] = ()
    unset: str = ""


INPUTS = (
    Input(
        name="token",
        description="The token that commits and opens pull requests.",
        default="${{ github.token }}",
        kind=Kind.SECRET,
        variables=TOKEN_VARIABLES,
    ),
    Input(name="path", description="The root of the repository.", default=".", option="--path"),
    Input(
        name="config",
        description="The file or folder, below the root, that holds the configuration.",
        option="--config",
        metavar="PATH",
        unset="the whole repository",
    ),
    Input(
        name="namespace",
        description="The namespace of manifests that name none.",
        default="flux-system",
        option="--namespace",
        metavar="NAME",
    ),
    Input(
        name="publish",
        description="What becomes of the changes; auto is what each automation says, else a pull request.",
        default="auto",
        kind=Kind.CHOICE,
        choices=PUBLISH,
        option="--publish",
        option_default="none",
    ),
    Input(
        name="base",
        description="The branch that pull requests go into.",
        option="--base",
        metavar="BRANCH",
        unset="the branch that is checked out",
    ),
    Input(
        name="branch",
        description="The branch that pull requests come from, where no automation names one.",
        option="--branch",
        metavar="BRANCH",
        unset="imgupdate/ and the base",
    ),
    Input(
        name="title",
        description="The title of pull requests; a template, as the commit message.",
        option="--title",
        metavar="TEXT",
        unset="what is updated, in words",
    ),
    Input(name="labels", description="Labels for pull requests.", kind=Kind.LIST, option="--label", metavar="NAME"),
    Input(
        name="assignees",
        description="Users to assign pull requests to.",
        kind=Kind.LIST,
        option="--assignee",
        metavar="USER",
    ),
    Input(
        name="reviewers", description="Users to ask for a review.", kind=Kind.LIST, option="--reviewer", metavar="USER"
    ),
    Input(
        name="team-reviewers",
        description="Teams to ask for a review.",
        kind=Kind.LIST,
        option="--team-reviewer",
        metavar="TEAM",
    ),
    Input(
        name="milestone",
        description="The number or title of a milestone for pull requests.",
        option="--milestone",
        metavar="NAME",
    ),
    Input(name="draft", description="Open pull requests as drafts.", default="false", kind=Kind.FLAG, option="--draft"),
    Input(
        name="auto-merge",
        description="Have GitHub merge pull requests in this way once their checks allow it.",
        kind=Kind.CHOICE,
        choices=AUTO_MERGE,
        option="--auto-merge",
        unset="people merge",
    ),
    Input(
        name="group-by",
        description="What has a pull request of its own.",
        default="automation",
        kind=Kind.CHOICE,
        choices=GROUP_BY,
        option="--group-by",
    ),
    Input(
        name="registry-auth",
        description="Credentials for registries: a map of host to user and password, or a whole docker config.",
        kind=Kind.SECRET,
        variables=(REGISTRY_AUTH_VARIABLE, "DOCKER_AUTH_CONFIG"),
    ),
    Input(
        name="ambient-credentials",
        description="Whether logins of clouds and the GitHub token that are around are used for their own registries.",
        default="use",
        kind=Kind.CHOICE,
        choices=AMBIENT,
        option="--ambient-credentials",
    ),
    Input(
        name="token-servers",
        description="Hosts of token servers that may see the credentials of registries under other names.",
        kind=Kind.LIST,
        option="--token-server",
        metavar="HOST",
        unset="those that belong to a registry",
    ),
    Input(
        name="cache-dir",
        description="A folder that keeps lists of tags and contents of images for the next run; never a credential.",
        option="--cache-dir",
        metavar="DIRECTORY",
        unset="nothing is kept",
    ),
    Input(
        name="respect-interval",
        description="Ask for an image only when its interval has passed since the list that cache-dir holds.",
        default="false",
        kind=Kind.FLAG,
        option="--respect-interval",
    ),
    Input(
        name="images",
        description="Look only at these policies, given as namespace/name or name.",
        kind=Kind.LIST,
        option="--policy",
        metavar="NAME",
        unset="all policies",
    ),
    Input(
        name="sign",
        description="Leave the author to a trailer, so that GitHub signs commits.",
        kind=Kind.CHOICE,
        choices=SIGN,
        option="--sign",
        unset="as each automation says",
    ),
    Input(
        name="signing-key",
        description="The private key (armored OpenPGP, or OpenSSH) for automations with a signingKey.",
        kind=Kind.SECRET,
        option="--signing-key-file",
        metavar="FILE",
        variables=(SIGNING_KEY_VARIABLE,),
    ),
    Input(
        name="signing-passphrase",
        description="The passphrase of the signing key.",
        kind=Kind.SECRET,
        variables=(SIGNING_PASSPHRASE_VARIABLE,),
    ),
    Input(
        name="dry-run",
        description="Only show what would change.",
        default="false",
        kind=Kind.FLAG,
        option="--dry-run",
    ),
    Input(
        name="fail-on",
        description="When the exit code is not 0: after errors, never, or after errors and changes.",
        default="error",
        kind=Kind.CHOICE,
        choices=FAIL_ON,
        option="--fail-on",
    ),
)
"""In the order in which people read them."""

BY_NAME = {known.name: known for known in INPUTS}
