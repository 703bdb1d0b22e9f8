"""What a form shows before anything was typed: from the link, the clock and the person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from forms.choices import ChoiceSource
from forms.definition import FormDefinition
from portal.formats import local

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def prefilled(
    definition: FormDefinition,
    *,
    link: Mapping[str, str],
    choices: ChoiceSource,
    month: str,
    now: datetime,
) -> dict[str, Any]:
    """Field key to answer, for the fields whose definition says `prefill`.

    link: query of the address (`?target=KEY&month=2026-09`); what it names that does not exist is ignored.
    month: the month to sum up when the link names none.
    """
    clock = local(now)
    targets = {entry.key for entry in choices.entries("target")}
    asked = link.get("target", "")
    sources: dict[str, str] = {
        "target": asked if asked in targets else "",
        "month": month_of(link) or month,
        "today": f"{clock:%Y-%m-%d}",
        "now": f"{clock:%Y-%m-%dT%H:%M}",
    }
    known = {field.key: sources.get(field.prefill, "") for field in definition.fields if field.prefill}
    return {key: value for key, value in known.items() if value}


def month_of(link: Mapping[str, str]) -> str:
    """The month a link names, as `2026-09`; empty when it names none.

    >>> month_of({"month": "2026-09"}), month_of({"month": "2026-13"})
    ('2026-09', '')
    """
    month = link.get("month", "")
    return month if _MONTH.fullmatch(month) else ""
