"""What a protected branch refuses."""

from __future__ import annotations

from tests.twins.github.accounts import Token
from tests.twins.github.calls import Refused
from tests.twins.github.objects import ZERO
from tests.twins.github.world import SIGNATURE_MARK, Rules, World


def violations(world: World, rules: Rules, old: str, new: str, *, force: bool) -> list[str]:
    """What a move of a branch violates, in GitHub's words."""
    repository = world.repository
    if new == ZERO:
        return ["Cannot delete this branch"]
    found = []
    if rules.pull_request or rules.approvals:
        found.append("Changes must be made through a pull request.")
    if force and rules.no_force and old != ZERO and not repository.contains(new, old):
        found.append("Cannot force-push to this branch")
    states = world.states(new)
    found += [f'Required status check "{name}" is expected.' for name in rules.checks if states.get(name) != "success"]
    if rules.signatures:
        made = repository.between(old, new) if old != ZERO else [new]
        if any(SIGNATURE_MARK not in world.objects.commit(sha).signature for sha in made):
            found.append("Commits must have verified signatures.")
    return found


def guard(world: World, token: Token, name: str, old: str, new: str, *, force: bool) -> None:
    """Refuse a move of a ref that the rules of its branch do not allow.

    Raises:
        Refused: they do not, or the repository is archived.

    """
    if world.settings.archived:
        raise Refused(403, "Repository was archived so is read-only.")
    rules = world.rules.get(name.removeprefix("refs/heads/"))
    if rules is None:
        return
    found = violations(world, rules, old, new, force=force)
    if found:
        raise Refused(422, "Repository rule violations found\n\n" + "\n\n".join(found) + "\n\n")
