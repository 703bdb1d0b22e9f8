"""The designer's addresses, and what all of its pages share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from portal.access import current_actor
from portal.clock import now
from portal.database import database
from portal.procedure.places import FaultLine, fault_lines, keys_at_fault
from services import procedure_versions
from services.definition_versions import Draft
from services.procedure_checks import Inspected, inspected
from services.procedure_drafts import Hand
from workflow.definition import Workflow
from workflow.picture import picture_of
from workflow.svg import legend, svg

blueprint = Blueprint("procedure", __name__, url_prefix="/procedures")

Page = Response | str | tuple[str, int]
PARTS = "any(states, triggers, suspensions, counts)"


@dataclass(frozen=True)
class Sight:
    """A draft as a page shows it, looked at as a whole."""

    draft: Draft
    found: Inspected

    @property
    def workflow(self) -> Workflow:
        """The draft, read."""
        return self.found.workflow

    @cached_property
    def faults(self) -> list[FaultLine]:
        """What has to be mended, with the page where it can be."""
        return fault_lines(self.workflow, self.found.faults)

    @cached_property
    def cautions(self) -> list[FaultLine]:
        """What should be looked at."""
        return fault_lines(self.workflow, self.found.cautions)

    def drawing(self, here: str = "") -> Markup:
        """The draft as a drawing whose parts lead to their pages."""
        return drawing(
            self.workflow, self.found.names.points, draft=self.draft.key, wrong=self.wrong, here=here
        )

    @cached_property
    def wrong(self) -> frozenset[str]:
        """Keys of states and steps with faults."""
        return keys_at_fault(self.faults)


def sight_of(key: str) -> Sight:
    """The draft a page is about."""
    draft = procedure_versions.draft_of(database.session, current_actor(), key)
    return seen_draft(draft)


def seen_draft(draft: Draft) -> Sight:
    """A draft that is at hand."""
    return Sight(draft, inspected(database.session, draft))


def hand(key: str) -> Hand:
    """Whoever posted, with what the page had shown."""
    return Hand(database.session, current_actor(), key, request.form.get("seen", ""), now())


def drawing(
    workflow: Workflow,
    points: Mapping[str, str],
    *,
    draft: str = "",
    wrong: frozenset[str] = frozenset(),
    here: str = "",
) -> Markup:
    """A procedure as inline SVG, made of our own text alone. draft: key of the draft whose pages its parts open."""
    title = _("流程图：%(name)s", name=workflow.name)
    picture = picture_of(workflow, points)
    if not draft:
        return Markup(svg(picture, title=title))  # noqa: S704
    return Markup(  # noqa: S704
        svg(
            picture,
            title=title,
            state_link=lambda state: url_for("procedure.entry", key=draft, part="states", entry=state),
            step_link=lambda step: url_for("procedure.entry", key=draft, part="triggers", entry=step),
            wrong=wrong,
            here=here,
        )
    )


def shared(sight: Sight, here: str = "") -> dict[str, Any]:
    """What every page of a draft shows beside its own matter."""
    return {
        "draft": sight.draft,
        "sight": sight,
        "workflow": sight.workflow,
        "names": sight.found.names,
        "drawing": sight.drawing(here),
        "legend": legend(),
    }
