"""Whence the values of a notice come: which values a campaign, a case and a published result have to give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """One source of values.

    words: where they come from, as a designer reads it. names: of the vocabulary.
    sure: whether they are there whenever a notice is issued; otherwise they may be blank at some time.
    """

    words: str
    names: frozenset[str]
    sure: bool = True


def _origin(words: str, names: str, *, sure: bool = True) -> Origin:
    return Origin(words, frozenset(names.split()), sure)


#: What every notice has.
ISSUE: Mapping[str, Origin] = {
    "issue": _origin("印发时自动产生", "number issued_on verify_url"),
    "office": _origin("方案包的机关设置", "org org_mark office contact phone"),
    "campaign": _origin("测评活动和方案", "campaign year plan clause"),
}

#: What a case gives, by who gathers it.
CASE: Mapping[str, Origin] = {
    "identity": _origin(
        "立案登记和名册",
        "unit target category person_in_charge case_number case_title problem facts basis channel found_on "
        "requirement grave",
    ),
    "times": _origin("按流程的期限计算", "deadline new_deadline deadline_words working_days", sure=False),
    "distances": _origin("按工作日历计算", "overdue_days remaining_working_days", sure=False),
    "service": _origin("送达记录", "served_on", sure=False),
    "closing": _origin("办理这一步的日期", "closed_on"),
    "points": _origin(
        "扣分台账和计分方案", "points points_total tier_words points_next points_refusal", sure=False
    ),
    "pool": _origin("扣分台账和计分方案", "points_left", sure=False),
    "previous": _origin("本事项此前印发的文书", "previous_number previous_date previous_name", sure=False),
    "shortfall": _origin("复核意见，或到期的情形", "shortfall", sure=False),
}

#: What a published result gives a notice about the whole campaign.
CAMPAIGN_RESULT = _origin(
    "公布的结果和计分方案",
    "pass_line praise_count satisfaction_weight rectification_weight method_words rating_count target_count "
    "unit_count ranking_tables commended",
)
#: What it gives a notice to one target.
TARGET_RESULT = _origin(
    "公布的结果和计分方案",
    "pass_line praise_count satisfaction_weight rectification_weight method_words unit target category "
    "person_in_charge total rank explanation_working_days working_days",
)
