"""A scheme in words: the sentences that pages and notices print about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring.exact import in_formula
from scoring.nodes.pool import Pool
from scoring.nodes.weighted_mean import WeightedMean
from scoring.outcomes import Outcome
from scoring.parts import Range
from scoring.quota import Quota
from scoring.vocabulary import Comparison, Ladder, MissingPolicy, QuotaRounding, Span, Ties

if TYPE_CHECKING:
    from scoring.definition import Scheme
    from scoring.engine import TargetScore

_MISSING = {
    MissingPolicy.RENORMALISE: "某项尚无数据时，其权数由其余各项按比例分担",
    MissingPolicy.ZERO: "某项尚无数据时，按零计",
    MissingPolicy.BLOCK: "有一项尚无数据，即不出得分",
}
_LADDER = {Ladder.HIGHEST: "同一起只按达到的最高一档扣分", Ladder.SUM: "同一起逐档累加扣分"}
_ROUNDING = {
    QuotaRounding.DOWN: "不足一个的舍去",
    QuotaRounding.UP: "不足一个的按一个计",
    QuotaRounding.HALF_UP: "四舍五入",
}


@dataclass(frozen=True)
class Rule:
    """One sentence of the scheme and the clause it rests on."""

    text: str
    source: str | None


def rules_in_words(scheme: Scheme) -> tuple[Rule, ...]:
    """What the running scheme says, sentence by sentence, for the public page."""
    return (*_node_rules(scheme), *_ranking_rules(scheme), *_outcome_rules(scheme))


def condition_in_words(scheme: Scheme, outcome: Outcome) -> str:
    """When an outcome follows, such as ``行政执法类前 6 名``; terms that must all hold are joined by 且."""
    when = outcome.when
    terms = []
    for quota, word in ((when.first, "前"), (when.last, "后")):
        if quota is not None:
            scope = "全部对象" if when.over is Span.ALL else ""
            terms.append(_quota(scheme, quota, word, scope) + _share_rounding(quota, when.rounding))
    if not when.is_open:
        terms.append(_range(when))
    only = "、".join(scheme.category_by_key[key].name for key in when.categories)
    return (f"仅{only}：" if only else "") + "，且".join(terms)


def outcome_reason(scheme: Scheme, score: TargetScore, outcome: str) -> str:
    """Why one target meets an outcome: its score and place beside the condition and the clause."""
    found = scheme.outcome_by_key[outcome]
    place = f"，列{scheme.category_by_key[score.category].name}第 {score.rank} 名" if score.rank else ""
    clause = f"（{found.source}）" if found.source else ""
    return f"得分 {score.printed}{place}；条件：{condition_in_words(scheme, found)}{clause}"


def _node_rules(scheme: Scheme) -> Iterator[Rule]:
    for scale in scheme.scales:
        grades = "，".join(
            f"{grade.name} {in_formula(grade.points)} 分" if grade.valid else f"{grade.name}不计入"
            for grade in scale.grades
        )
        yield Rule(f"{scale.name}：{grades}", scale.source)
    for _, node in scheme.walk():
        if isinstance(node, WeightedMean):
            weights = "＋".join(
                f"{part.of.name}×{in_formula(part.weight / node.weights_total * 100)}%" for part in node.parts
            )
            yield Rule(f"{node.name}＝{weights}；{_MISSING[node.policy(scheme)]}", node.source)
        if isinstance(node, Pool):
            yield Rule(
                f"{node.name}：基准 {in_formula(node.base)} 分，扣至 {in_formula(node.floor)} 分为止；"
                f"{_LADDER[node.in_force(scheme)]}",
                node.source,
            )
            for tier in node.tiers:
                yield Rule(f"{tier.name}，每起扣 {tier.points} 分", tier.source)


def _ranking_rules(scheme: Scheme) -> Iterator[Rule]:
    exact = scheme.settings.compare is Comparison.EXACT
    compared = "未舍入的精确得分" if exact else f"公布得分（四舍五入，保留 {scheme.settings.places} 位小数）"
    equal = (
        "相同的并列，后一名顺延"
        if scheme.settings.ties is Ties.SHARED
        else "相同的依次比较："
        + "、".join(scheme.nodes[tiebreak.by].name for tiebreak in scheme.settings.tiebreak)
    )
    ranked = "、".join(category.name for category in scheme.categories if category.ranked)
    yield Rule(f"{ranked}分别按{compared}由高到低排名，{equal}", scheme.source)


def _outcome_rules(scheme: Scheme) -> Iterator[Rule]:
    for outcome in scheme.outcomes:
        note = f"：{outcome.note}" if outcome.note else ""
        yield Rule(f"{condition_in_words(scheme, outcome)}——{outcome.name}{note}", outcome.source)


def _quota(scheme: Scheme, quota: Quota, word: str, scope: str) -> str:
    if quota.count is not None:
        return f"{scope or '各类'}{word} {quota.count} 名"
    if quota.share is not None:
        return f"{scope or '各类'}{word} {in_formula(quota.share * 100)}%"
    return "、".join(
        f"{scheme.category_by_key[key].name}{word} {number} 名" for key, number in quota.by_category
    )


def _share_rounding(quota: Quota, rounding: QuotaRounding) -> str:
    return f"（{_ROUNDING[rounding]}）" if quota.share is not None else ""


def _range(edges: Range) -> str:
    words = (
        (edges.from_, "得分在 {} 分以上（含）"),
        (edges.above, "得分高于 {} 分"),
        (edges.to, "得分在 {} 分以下（含）"),
        (edges.below, "得分低于 {} 分"),
    )
    return "、".join(word.format(in_formula(edge)) for edge, word in words if edge is not None)
