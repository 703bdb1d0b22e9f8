"""The pack checked as a whole: every reference between its definitions, all faults at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo

from definitions.expression import literals_compared
from definitions.fault import Fault
from packs.check_forms import form_faults
from packs.check_notices import notice_faults
from packs.check_procedures import procedure_faults
from packs.clauses import cited, is_malformed, sources
from packs.parts import Pack, PartKind, placed
from scoring.checking import check_sizes
from workflow.definition import Workflow
from workflow.references import unmet_references

#: Dictionaries that acts of the office ask for by name.
NEEDED_DICTIONARIES = ("channels", "delegate_groups", "problems", "service_ways")


def check(pack: Pack) -> list[Fault]:
    """Every reference that leads nowhere and every contradiction between two definitions of the pack.

    The places are ``file: place``. An empty list: the pack can be published.
    """
    faults: list[Fault] = []
    for rule in RULES:
        faults += rule(pack)
    return faults


def _clauses(pack: Pack) -> Iterator[Fault]:
    """A source that cites the plan must cite a clause that the plan has."""
    known = pack.sheet.clause_headings()
    for part in pack.parts:
        for place, source in sources(part.data):
            if is_malformed(source):
                yield placed(part.path, Fault(place, f"看不懂条款“{source}”，应写作“方案第六条第三款”"))
            for number in cited(source):
                if number not in known:
                    yield placed(
                        part.path, Fault(place, f"方案没有“{number}”；条款列在 pack.yaml 的 clauses")
                    )


def _scheme_words(pack: Pack) -> Iterator[Fault]:
    """Scheme, cover and roster speak of the same categories, methods and grades."""
    scheme, sheet = pack.scheme, pack.sheet
    names = {category.key: category.name for category in pack.roster.categories}
    for index, category in enumerate(scheme.categories):
        if category.key not in names:
            yield Fault(f"scheme.yaml: categories[{index}].key", f"名册里没有类别“{category.key}”")
        elif category.name != names[category.key]:
            sentence = f"与名册的名称“{names[category.key]}”不一致"
            yield Fault(f"scheme.yaml: categories[{index}].name", sentence)
    for index, entry in enumerate(pack.roster.categories):
        if entry.key not in scheme.category_by_key:
            yield Fault(f"roster.yaml: categories[{index}].key", f"计分方案里没有类别“{entry.key}”")
    methods = {method.key for method in sheet.methods}
    yield from _strangers(
        "scheme.yaml: methods", [method.key for method in scheme.methods], methods, "封面里没有测评方式"
    )
    yield from _strangers(
        "pack.yaml: methods",
        [method.key for method in sheet.methods],
        scheme.method_by_key,
        "计分方案里没有测评方式",
    )
    grades = {grade.key: grade.name for grade in sheet.grades}
    for number, scale in enumerate(scheme.scales):
        for index, grade in enumerate(scale.grades):
            place = f"scheme.yaml: scales[{number}].grades[{index}]"
            if grade.key not in grades:
                yield Fault(f"{place}.key", f"封面里没有档次“{grade.key}”")
            elif grade.name != grades[grade.key]:
                yield Fault(f"{place}.name", f"与封面的名称“{grades[grade.key]}”不一致")


def _quotas(pack: Pack) -> Iterator[Fault]:
    """First and last places must not be more than a category has. Source: 方案第七条第（一）项."""
    sizes = {category.key: len(pack.roster.targets_in(category.key)) for category in pack.roster.categories}
    for fault in check_sizes(pack.scheme, sizes):
        yield placed("scheme.yaml", fault)


def _tiers(pack: Pack) -> Iterator[Fault]:
    """Each tier is reached in a state of some workflow, and each state books a tier of the scheme."""
    states: dict[str, set[str | None]] = {}
    for workflow in pack.workflows.values():
        for state in workflow.states:
            states.setdefault(state.key, set()).add(state.tier)
    for place, node in pack.scheme.walk():
        for index, tier in enumerate(getattr(node, "tiers", ())):
            here = f"scheme.yaml: {place}.tiers[{index}].state"
            if tier.state not in states:
                yield Fault(here, f"没有流程状态“{tier.state}”")
            elif tier.key not in states[tier.state]:
                yield Fault(here, f"流程状态“{tier.state}”没有写扣分档“{tier.key}”（tier）")


def _workflows(pack: Pack) -> Iterator[Fault]:
    """What a workflow names of other definitions exists."""
    if not pack.workflows:
        yield Fault("workflows", "方案包至少要有一个流程")
    pool = pack.scheme.pool
    tiers = {tier.key for tier in pool.tiers} if pool else set()
    for key, workflow in pack.workflows.items():
        path = pack.path_of(PartKind.WORKFLOW, key)
        unmet = unmet_references(
            workflow,
            notices=pack.notices,
            forms=pack.forms,
            roles={role.key for role in pack.sheet.roles if role.people},
            tiers=tiers,
            calendars={pack.calendar.key},
        )
        yield from (placed(path, fault) for fault in unmet)
        yield from (placed(path, fault) for fault in _compared_words(workflow, pack))


def _compared_words(workflow: Workflow, pack: Pack) -> Iterator[Fault]:
    """A condition that compares a channel or category compares it with one that exists."""
    channels = pack.dictionaries.get("channels")
    known: Mapping[str, tuple[str, Collection[str]]] = {
        "channel": ("发现渠道", channels.names() if channels else ()),
        "category": ("类别", {category.key for category in pack.roster.categories}),
    }
    for place, condition in _conditions(workflow):
        for name, literal in sorted(literals_compared(condition), key=repr):
            noun, words = known.get(name, ("", ()))
            if noun and literal not in words:
                yield Fault(place, f"没有{noun}“{literal}”")


def _conditions(workflow: Workflow) -> Iterator[tuple[str, object]]:
    for index, trigger in enumerate(workflow.triggers):
        if trigger.guard is not None:
            yield f"triggers[{index}].guard", trigger.guard
        for number, branch in enumerate(trigger.branches):
            if branch.when is not None:
                yield f"triggers[{index}].to[{number}].when", branch.when
        for number, rule in enumerate(trigger.effects):
            if rule.when is not None:
                yield f"triggers[{index}].effects[{number}].when", rule.when
    for index, state in enumerate(workflow.states):
        for number, rule in enumerate(state.effects):
            if rule.when is not None:
                yield f"states[{index}].effects[{number}].when", rule.when


def _dictionaries(pack: Pack) -> Iterator[Fault]:
    """The dictionaries that acts ask for exist, and delegates belong to listed groups."""
    for key in NEEDED_DICTIONARIES:
        if key not in pack.dictionaries:
            yield Fault(f"dictionaries/{key}.yaml", "方案包缺少这个字典")
    groups = pack.dictionaries.get("delegate_groups")
    if groups is None:
        return
    for index, delegate in enumerate(pack.roster.delegates):
        if delegate.group not in groups.names():
            yield Fault(f"roster.yaml: delegates[{index}].group", f"字典里没有代表类别“{delegate.group}”")


def _calendar(pack: Pack) -> Iterator[Fault]:
    """The calendar's time zone is one that exists."""
    try:
        ZoneInfo(pack.calendar.timezone)
    except (KeyError, ValueError, OSError):
        yield Fault("calendar.yaml: timezone", f"没有时区“{pack.calendar.timezone}”")


def _strangers(place: str, keys: Iterable[str], known: Collection[str], sentence: str) -> Iterator[Fault]:
    for index, key in enumerate(keys):
        if key not in known:
            yield Fault(f"{place}[{index}].key", f"{sentence}“{key}”")


RULES: tuple[Callable[[Pack], Iterable[Fault]], ...] = (
    _clauses,
    _scheme_words,
    _quotas,
    _tiers,
    _workflows,
    procedure_faults,
    form_faults,
    notice_faults,
    _dictionaries,
    _calendar,
)
