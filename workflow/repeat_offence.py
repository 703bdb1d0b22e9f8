"""屡查屡犯 in words and in days: how far back an earlier case counts, and what follows from it."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from definitions.expression import names_used
from workflow.definition import RepeatOffence, Workflow


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or that month's last.

    >>> months_before(date(2026, 3, 31), 1)
    datetime.date(2026, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def days_that_count(workflow: Workflow, earlier: Iterable[date], found_on: date) -> tuple[date, ...]:
    """Of the days on which the same problem was found before, those that are grounds; none without a rule."""
    rule = workflow.repeat_offence
    if rule is None:
        return ()
    first = months_before(found_on, rule.within_months)
    return tuple(sorted(day for day in earlier if first <= day <= found_on))


def what_follows(workflow: Workflow) -> str:
    """What a repeat begins with, in words: 督办次数自1起."""
    rule = workflow.repeat_offence
    names = {count.key: count.label for count in workflow.counts}
    return "、".join(f"{names[key]}自{number}起" for key, number in rule.counts.items()) if rule else ""


def grounds_in_words(workflow: Workflow, days: tuple[date, ...]) -> str:
    """The grounds of a case that is only thought through; empty for none."""
    rule = workflow.repeat_offence
    if rule is None or not days:
        return ""
    told = "、".join(f"{day.year}年{day.month}月{day.day}日" for day in days)
    follows = what_follows(workflow)
    return f"{rule.within_months}个月内同一问题已有{len(days)}起（发现于{told}）" + (
        f"，{follows}" if follows else ""
    )


def rule_in_words(rule: RepeatOffence, counts: Mapping[str, str], states: Mapping[str, str]) -> list[str]:
    """The rule as sentences of the regulation. counts, states: names by key."""
    begun = "、".join(f"{counts.get(key, key)}自{number}次起计" for key, number in rule.counts.items())
    text = f"同一测评对象在{rule.within_months}个月内再次发生同一问题的，为屡查屡犯"
    said = [f"{text}，新立事项的{begun}。" if begun else f"{text}，在事项中写明以前的事项。"]
    if rule.not_counting:
        named = [f"“{states.get(key, key)}”" for key in rule.not_counting]
        listed = named[0] if len(named) == 1 else f"{'、'.join(named[:-1])}或者{named[-1]}"
        said.append(f"以前的事项处于{listed}的，不计。")
    return said


def words_of_document(document: Mapping[str, Any]) -> str:
    """The rule of a procedure's document in one line; empty for none."""
    if not document.get("repeat_offence"):
        return ""
    rule = RepeatOffence.read(document["repeat_offence"])
    counts = {count["key"]: str(count["label"]) for count in document.get("counts") or ()}
    states = {state["key"]: str(state["name"]) for state in document.get("states") or ()}
    return "".join(rule_in_words(rule, counts, states))


def names_looked_at(workflow: Workflow) -> frozenset[str]:
    """Every name that a condition of the procedure looks at."""
    rules = [rule for state in workflow.states for rule in state.effects]
    rules += [rule for trigger in workflow.triggers for rule in trigger.effects]
    conditions = [rule.when for rule in rules]
    for trigger in workflow.triggers:
        conditions += [trigger.guard, *(branch.when for branch in trigger.branches)]
    return frozenset(
        name for condition in conditions if condition is not None for name in names_used(condition)
    )
