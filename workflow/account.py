"""Moments, effects and situations in words, for the account of a simulated case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from workflow.calendar import WorkCalendar
from workflow.definition import Workflow
from workflow.effects import BookDeduction, Effect, IssueNotice, Rate, ReverseDeductions, Tell
from workflow.situation import Situation

_WEEKDAYS = "一二三四五六日"


def moment_words(moment: datetime, calendar: WorkCalendar) -> str:
    """Local time with its weekday: 2025-10-11 17:30 星期六."""
    local = moment.astimezone(calendar.zone)
    return f"{local:%Y-%m-%d %H:%M} 星期{_WEEKDAYS[local.weekday()]}"


def effect_words(workflow: Workflow, effect: Effect) -> str:
    """One line for an effect; empty for those that show elsewhere (clocks) or only count."""
    if isinstance(effect, IssueNotice):
        return f"文书：{effect.kind}"
    if isinstance(effect, BookDeduction):
        return f"扣分档：{tier_words(workflow, effect.tier)}"
    if isinstance(effect, ReverseDeductions):
        tiers = "、".join(tier_words(workflow, tier) for tier in effect.tiers)
        return f"撤回扣分：{tiers}"
    if isinstance(effect, Tell):
        return f"告知 {'、'.join(effect.roles)}：{effect.text}"
    if isinstance(effect, Rate):
        return f"再评价表单：{effect.form}"
    return ""


def tier_words(workflow: Workflow, tier: str) -> str:
    """A tier with the name of the state that brings it."""
    names = [state.name for state in workflow.states if state.tier == tier]
    return f"{tier}（{names[0]}）"


def situation_words(workflow: Workflow, situation: Situation) -> Iterator[str]:
    """Where a case has ended up."""
    names = [workflow.states_by_key[state].name for state in situation.visited]
    yield f"经过状态：{' → '.join(names)}"
    standing = "、".join(tier_words(workflow, tier) for tier in situation.tiers)
    yield f"现有扣分档：{standing or '无'}"
    if situation.suspension:
        yield f"待答复：{workflow.suspensions_by_key[situation.suspension].name}"
