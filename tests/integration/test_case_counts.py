"""Cases are counted as running or ended by the version of the procedure each stands under."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.boards import board_for
from services.cases import step_case
from services.front_page import public_case_counts
from tests.integration.changed_procedure import publish_changed, renamed, state
from tests.integration.due_cases import served_cases
from tests.integration.office import START, Office


def keys_changed_over(data: dict[str, Any]) -> None:
    """The end of the new version has the key that a running state of the old one has."""
    renamed(data, "issued", "sent")
    renamed(data, "withdrawn", "issued")
    state(data, "issued")["name"] = "撤回立案"


def test_a_key_that_ends_one_version_and_not_another(session: Session, office: Office) -> None:
    served_cases(session, office, 2)
    office.campaign.workflow_id = publish_changed(session, keys_changed_over).id
    session.commit()
    (newer,) = served_cases(session, office, 1)
    step_case(session, office.head, newer, "withdraw", asked={"reason": "（演示）重复"}, now=START)
    counts = public_case_counts(session, office.campaign)
    assert (counts.total, counts.running) == (3, 2)
    assert {name: count for name, count in counts.ended if count} == {"撤回立案": 1}
    assert board_for(session, office.head, office.campaign, now=START).running == 2
