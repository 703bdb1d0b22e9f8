"""What a rated target is asked in a step of its own, and what is not for it to choose."""

from __future__ import annotations

from typing import Any

from workflow.definition import Ask
from workflow.engine import Offer

#: How a target itself receives a notice; the other ways are recorded by the office.
ELECTRONIC = "electronic"
#: Answers to a service that a target does not give: it signs now, and dates nothing.
FIXED_AT_SERVICE = frozenset({"service_way", "served_on", "service_note", "evidence"})


def serves(offer: Offer) -> bool:
    """Whether the step is signing for a notice."""
    return any(ask.field == "service_way" for ask in offer.asks)


def asks_of_target(offer: Offer) -> tuple[Ask, ...]:
    """The questions the target is asked."""
    if not serves(offer):
        return offer.asks
    return tuple(ask for ask in offer.asks if ask.field not in FIXED_AT_SERVICE)


def fixed_answers(offer: Offer) -> dict[str, Any]:
    """The answers that stand whatever the target says."""
    return {"service_way": ELECTRONIC} if serves(offer) else {}
