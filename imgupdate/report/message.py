"""The message of an automation's commit, and the title of its pull request, as its template makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imgupdate.config.model import ImageUpdateAutomation
from imgupdate.report.message_data import template_data
from imgupdate.results import Change, ObjectKey
from imgupdate.templates import Template

DEFAULT_MESSAGE = "Update from image update automation"
"""What Flux says where an automation has no template (spec/flux.md 5.9)."""

CURRENT = "image.toolkit.fluxcd.io/v1"
LONGEST_TITLE = 256


def commit_message(
    automation: ImageUpdateAutomation | None,
    key: ObjectKey,
    changes: Sequence[Change],
    *,
    under: str = "",
    images: Mapping[ObjectKey, str] | None = None,
) -> str:
    """The message of a commit that makes these changes, as Flux would write it; it is not trimmed.

    `under` is the automation's `update.path`: the template sees the files relative to it. `images` are the policies'
    images with the chosen tags (`ghcr.io/org/app:1.2.3`), for templates of manifests older than v1.

    Raises:
        TemplateError: the template does not parse or run; RemovedTemplateField where it uses what Flux has removed.

    """
    template = automation.git.commit.message_template if automation and automation.git else ""
    return _render(template, automation, key, changes, under, images or {}) if template else DEFAULT_MESSAGE


def render_title(
    template: str,
    automation: ImageUpdateAutomation | None,
    key: ObjectKey,
    changes: Sequence[Change],
    *,
    under: str = "",
    images: Mapping[ObjectKey, str] | None = None,
) -> str:
    """A pull request's title from a template with the same data: on one line, at most 256 characters.

    Raises:
        TemplateError: the template does not parse or run.

    """
    text = _render(template, automation, key, changes, under, images or {}, name="title")
    words = " ".join(text.split())
    return words if len(words) <= LONGEST_TITLE else words[: LONGEST_TITLE - 1] + "…"


def _render(
    template: str,
    automation: ImageUpdateAutomation | None,
    key: ObjectKey,
    changes: Sequence[Change],
    under: str,
    images: Mapping[ObjectKey, str],
    *,
    name: str = "commit message",
) -> str:
    data = template_data(
        key,
        changes,
        under=under,
        values=automation.git.commit.message_values if automation and automation.git else {},
        legacy=automation is not None and automation.api_version != CURRENT,
        images=images,
    )
    return Template.parse(template, name=name).render(data)
