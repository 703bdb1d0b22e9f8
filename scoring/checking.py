"""Global checks of a scheme: every fault at once, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from definitions.fault import Fault
from scoring.definition import Scheme
from scoring.nodes.ballots import Ballots
from scoring.nodes.periods import Periods, walk
from scoring.nodes.pool import Pool
from scoring.outcomes import Outcome, When
from scoring.vocabulary import Comparison, SmallCategory, Span, Ties


def check(scheme: Scheme, sizes: Mapping[str, int] | None = None) -> list[Fault]:
    """All faults of the scheme, empty when it is good.

    sizes: category → number of ranked targets; when given, quotas are held against it.
    """
    faults = [
        *_named_twice(scheme),
        *_scales_and_methods(scheme),
        *(fault for place, node in scheme.walk() for fault in node.faults(place, scheme)),
        *_references(scheme),
        *_outcomes(scheme),
        *_bands(scheme),
    ]
    if sizes is not None:
        faults += check_sizes(scheme, sizes)
    return faults


def check_sizes(scheme: Scheme, sizes: Mapping[str, int]) -> list[Fault]:
    """Quotas that a category is too small for.

    sizes: category → number of its targets; a category that is left out counts as empty.
    """
    if scheme.settings.small_category is SmallCategory.ALLOWED:
        return []
    ranked = {category.key: sizes.get(category.key, 0) for category in scheme.categories if category.ranked}
    faults = []
    for index, outcome in enumerate(scheme.outcomes):
        for end, word in (("first", "前"), ("last", "后")):
            for name, size, wanted in _quotas(scheme, outcome, end, ranked):
                if wanted > size:
                    place = f"outcomes[{index}].when.{end}"
                    faults.append(
                        Fault(place, f"“{outcome.name}”取{word} {wanted} 名，但{name}只有 {size} 个对象")
                    )
    return faults + _overlaps(scheme, ranked)


def _quotas(
    scheme: Scheme, outcome: Outcome, end: str, sizes: Mapping[str, int]
) -> Iterator[tuple[str, int, int]]:
    quota = getattr(outcome.when, end)
    if quota is None:
        return
    if outcome.when.over is Span.ALL:
        size = sum(sizes.values())
        yield "全部类别合计", size, quota.of("", size=size, rounding=outcome.when.rounding)
        return
    for key, size in sizes.items():
        if not outcome.when.categories or key in outcome.when.categories:
            wanted = quota.of(key, size=size, rounding=outcome.when.rounding)
            yield scheme.category_by_key[key].name, size, wanted


def _overlaps(scheme: Scheme, sizes: Mapping[str, int]) -> list[Fault]:
    """First and last places that would meet in one target."""
    faults = []
    for index, last in enumerate(scheme.outcomes):
        for first in scheme.outcomes:
            if last.when.over is not first.when.over:
                continue
            heads = {name: (size, wanted) for name, size, wanted in _quotas(scheme, first, "first", sizes)}
            for name, size, tail in _quotas(scheme, last, "last", sizes):
                head = heads.get(name, (size, 0))[1]
                if head and tail and head <= size and tail <= size < head + tail:
                    sentence = (
                        f"{name}只有 {size} 个对象，前 {head} 名“{first.name}”与后 {tail} 名“{last.name}”重叠"
                    )
                    faults.append(Fault(f"outcomes[{index}].when.last", sentence))
    return faults


def _twice(place: str, keys: Iterable[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, key in enumerate(keys):
        if key in seen:
            yield Fault(f"{place}[{index}].key", f"“{key}”列了两次")
        seen.add(key)


def _named_twice(scheme: Scheme) -> Iterator[Fault]:
    for field in ("categories", "scales", "methods", "figures", "events", "outcomes"):
        yield from _twice(field, [item.key for item in getattr(scheme, field)])
    for index, scale in enumerate(scheme.scales):
        yield from _twice(f"scales[{index}].grades", [grade.key for grade in scale.grades])
    if scheme.bands:
        yield from _twice("bands.list", [band.key for band in scheme.bands.list])
    seen: dict[str, str] = {}
    for place, node in scheme.walk():
        if node.key in seen:
            yield Fault(f"{place}.key", f"计分项“{node.key}”已在 {seen[node.key]} 用过，请另起键名")
        seen.setdefault(node.key, place)


def _scales_and_methods(scheme: Scheme) -> Iterator[Fault]:
    scales = {scale.key for scale in scheme.scales}
    for index, scale in enumerate(scheme.scales):
        if not scale.valid:
            yield Fault(f"scales[{index}].grades", "没有一个有效档次")
    used = {node.method for _, node in scheme.walk() if isinstance(node, Ballots)}
    for index, method in enumerate(scheme.methods):
        if method.scale not in scales:
            yield Fault(f"methods[{index}].scale", f"没有名为“{method.scale}”的档次表")
        if method.key not in used:
            yield Fault(f"methods[{index}]", f"测评方式“{method.name}”没有计入任何计分项")


def _references(scheme: Scheme) -> Iterator[Fault]:
    yield from _within_periods(scheme)
    for field in ("composite", "rectification"):
        key = getattr(scheme.headline, field)
        if key is not None and key not in scheme.nodes:
            yield Fault(f"headline.{field}", f"没有名为“{key}”的计分项")
    pools = sum(isinstance(node, Pool) for node in scheme.nodes.values())
    if pools > 1 and not isinstance(scheme.nodes.get(scheme.headline.rectification or ""), Pool):
        yield Fault("headline.rectification", "有几个倒扣分项，请写明整改扣分记入哪一个")
    if scheme.settings.ties is Ties.TIEBREAK and not scheme.settings.tiebreak:
        yield Fault("settings.tiebreak", "并列时依次比较，但没有列出比较项")
    if scheme.settings.ties is Ties.SHARED and scheme.settings.tiebreak:
        yield Fault("settings.tiebreak", "并列共享名次，比较项不起作用；请删去，或把 ties 改为 tiebreak")
    for index, tiebreak in enumerate(scheme.settings.tiebreak):
        if tiebreak.by not in scheme.nodes:
            yield Fault(f"settings.tiebreak[{index}].by", f"没有名为“{tiebreak.by}”的计分项")
    barred = {*scheme.outcome_by_key, *(band.key for band in (scheme.bands.list if scheme.bands else ()))}
    for index, veto in enumerate(scheme.vetoes):
        if veto.event not in scheme.event_names:
            yield Fault(f"vetoes[{index}].event", f"没有名为“{veto.event}”的事件，请在 events 中列出")
        if not veto.unranked and not veto.bars:
            yield Fault(f"vetoes[{index}]", "既不取消排名（unranked），也不取消任何结果（bars），不起作用")
        for key in veto.bars:
            if key not in barred:
                yield Fault(f"vetoes[{index}].bars", f"没有名为“{key}”的结果或等次")


def _within_periods(scheme: Scheme) -> Iterator[Fault]:
    """A node that has one value per period has no single value to show or to compare."""
    periods = [node for node in scheme.nodes.values() if isinstance(node, Periods)]
    inside = {node.key for period in periods for _, node in walk(period.of, "of")}
    named = {
        "headline.composite": scheme.headline.composite,
        "headline.rectification": scheme.headline.rectification,
    }
    named |= {
        f"settings.tiebreak[{n}].by": tiebreak.by for n, tiebreak in enumerate(scheme.settings.tiebreak)
    }
    for place, key in named.items():
        if key in inside:
            yield Fault(place, f"“{key}”在分期之内，各期一个值，不能用在这里")


def _outcomes(scheme: Scheme) -> Iterator[Fault]:
    for index, outcome in enumerate(scheme.outcomes):
        place = f"outcomes[{index}]"
        for field in ("absorbs", "blocks"):
            for key in getattr(outcome, field):
                if key not in scheme.outcome_by_key:
                    yield Fault(f"{place}.{field}", f"没有名为“{key}”的结果")
                elif key == outcome.key:
                    yield Fault(f"{place}.{field}", "不能指向自身")
        yield from _when(scheme, outcome.when, f"{place}.when")


def _when(scheme: Scheme, when: When, place: str) -> Iterator[Fault]:
    if not when.by_place and when.is_open:
        yield Fault(place, "没有写明名次或分数条件")
    if when.is_empty:
        yield Fault(place, "分数上下限矛盾，没有得分能符合")
    for key in when.categories:
        if key not in scheme.category_by_key:
            yield Fault(f"{place}.categories", f"没有名为“{key}”的类别")
    for end in ("first", "last"):
        quota = getattr(when, end)
        for key, _ in quota.by_category if quota else ():
            if key not in scheme.category_by_key:
                yield Fault(f"{place}.{end}", f"没有名为“{key}”的类别")
        if quota and quota.by_category and when.over is Span.ALL:
            yield Fault(f"{place}.{end}", "不分类别取名次时，不能按类别列名额")


def _bands(scheme: Scheme) -> Iterator[Fault]:
    bands = scheme.bands
    for index, band in enumerate(bands.list if bands else ()):
        if band.is_open:
            yield Fault(f"bands.list[{index}]", "没有写明分数范围")
        if band.is_empty:
            yield Fault(f"bands.list[{index}]", "分数上下限矛盾，没有得分能符合")
    exact = scheme.settings.compare is Comparison.EXACT
    if bands and bands.places is not None and bands.places > scheme.settings.places and not exact:
        yield Fault("bands.places", "等次比较的小数位多于公布得分的小数位")
