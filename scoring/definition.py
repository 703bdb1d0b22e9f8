"""The scheme 计分方案: the whole definition of how a campaign is scored, ranked and followed up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from pydantic import Field, ValidationError

from definitions.base import Definition, Key, Text
from definitions.fault import SENTENCES, DefinitionFaults, Fault
from scoring.nodes.ballots import Ballots
from scoring.nodes.base import ScoreNode, Scorer
from scoring.nodes.periods import Periods, walk
from scoring.nodes.pool import Pool
from scoring.nodes.registry import KINDS, Node, finish_models
from scoring.outcomes import Outcome
from scoring.parts import Bands, Category, Headline, Method, Named, Scale, Settings, Veto


class Scheme(Definition):
    """A published way of scoring; see docs/scoring.md for the language."""

    key: Key
    name: Text
    version: int = Field(ge=1, strict=True)
    source: Text
    note: Text | None = None
    categories: tuple[Category, ...] = Field(min_length=1)
    scales: tuple[Scale, ...] = ()
    methods: tuple[Method, ...] = ()
    figures: tuple[Named, ...] = ()
    events: tuple[Named, ...] = ()
    settings: Settings = Settings()
    score: Node
    headline: Headline = Headline()
    bands: Bands | None = None
    vetoes: tuple[Veto, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    @cached_property
    def category_by_key(self) -> Mapping[str, Category]:
        """The categories by key."""
        return {category.key: category for category in self.categories}

    @cached_property
    def method_by_key(self) -> Mapping[str, Method]:
        """The methods by key."""
        return {method.key: method for method in self.methods}

    @cached_property
    def figure_names(self) -> Mapping[str, str]:
        """Key → Chinese name of each figure that facts may give."""
        return {figure.key: figure.name for figure in self.figures}

    @cached_property
    def event_names(self) -> Mapping[str, str]:
        """Key → Chinese name of each event that facts may give."""
        return {event.key: event.name for event in self.events}

    @cached_property
    def outcome_by_key(self) -> Mapping[str, Outcome]:
        """The outcomes by key."""
        return {outcome.key: outcome for outcome in self.outcomes}

    @cached_property
    def nodes(self) -> Mapping[str, ScoreNode]:
        """Every node of the tree by key, without periods."""
        return {node.key: node for _, node in self.walk()}

    @cached_property
    def leaves(self) -> tuple[tuple[str, ScoreNode], ...]:
        """The nodes that count facts, with their full keys."""
        return tuple(self.score.leaves())

    @cached_property
    def ballot_keys(self) -> tuple[str, ...]:
        """Full keys of the leaves that count ballots: the satisfaction of each method."""
        return tuple(key for key, node in self.leaves if isinstance(node, Ballots))

    @cached_property
    def periods(self) -> frozenset[str]:
        """Keys of the periods that facts may name."""
        found = (node.periods for node in self.nodes.values() if isinstance(node, Periods))
        return frozenset(period.key for periods in found for period in periods)

    @cached_property
    def pool(self) -> Pool | None:
        """The pool that cases are deducted from: the headline's, or else the only one of the tree."""
        node = self.nodes.get(self.headline.rectification or "")
        if isinstance(node, Pool):
            return node
        pools = [node for node in self.nodes.values() if isinstance(node, Pool)]
        return pools[0] if len(pools) == 1 else None

    @cached_property
    def scorer(self) -> Scorer:
        """The whole tree made ready for computing; made once per scheme."""
        return self.score.scorer(self)

    @cached_property
    def known_votes(self) -> frozenset[tuple[str, str]]:
        """Every (method, grade) that a count may speak of."""
        return frozenset(
            (method.key, grade.key) for method in self.methods for grade in self.scale(method.key).grades
        )

    def walk(self) -> Iterator[tuple[str, ScoreNode]]:
        """Every node with its place in the definition, from the top."""
        return walk(self.score, "score")

    def scale_of(self, method: str) -> Scale | None:
        """The scale of a method, None while the definition names none that exists."""
        found = self.method_by_key.get(method)
        return next((scale for scale in self.scales if found and scale.key == found.scale), None)

    def scale(self, method: str) -> Scale:
        """The scale of a method of a checked scheme; LookupError for a method it does not have."""
        scale = self.scale_of(method)
        if scale is None:
            raise LookupError(f"测评方式“{method}”没有档次表")
        return scale

    def places_of(self, node: ScoreNode) -> int:
        """Decimals with which a node's figure is shown."""
        return self.settings.places if node.places is None else node.places

    def unknown_figures(self, named: Mapping[str, str]) -> Iterator[Fault]:
        """A fault for each place whose figure is not declared."""
        for place, figure in named.items():
            if figure not in self.figure_names:
                yield Fault(place, f"没有名为“{figure}”的数据项，请在 figures 中列出")


#: Said in Chinese beside those of `definitions.fault`.
_SENTENCES = SENTENCES | {
    "union_tag_not_found": "缺少 kind（计分项种类）",
    "union_tag_invalid": f"没有这种计分项；可用的种类：{'、'.join(KINDS)}",
    "too_short": "至少要有一项",
    "greater_than_equal": "数值太小",
    "less_than_equal": "数值太大",
    "model_attributes_type": "应为键值表",
    "recursion_loop": "引用了自身",
}


def load_scheme(data: Any) -> Scheme:
    """The scheme, checked by itself; the pack checks it against workflow and roster.

    data: what `definitions.source.load_yaml` gives.
    Raises DefinitionFaults with every fault and its place.
    """
    from scoring.checking import check

    finish_models()
    try:
        scheme = Scheme.model_validate(data)
        faults = check(scheme)
    except ValidationError as error:
        raise DefinitionFaults(_local_faults(error)) from error
    except RecursionError as error:
        raise DefinitionFaults([Fault("score", "计分项嵌套过深")]) from error
    if faults:
        raise DefinitionFaults(faults)
    return scheme


def _local_faults(error: ValidationError) -> list[Fault]:
    faults = []
    for item in error.errors():
        place, before = "", ""
        for part in item["loc"]:
            # Below `score` and `of` pydantic adds the kind it chose, which no author has written.
            if isinstance(part, int):
                place += f"[{part}]"
            elif not (before in ("score", "of") and part in KINDS):
                place += f".{part}" if place else part
            before = str(part)
        faults.append(Fault(place or "scheme", _sentence(item["type"], item["msg"], item.get("ctx", {}))))
    return faults


def _sentence(kind: str, message: str, context: Mapping[str, Any]) -> str:
    if kind in ("enum", "literal_error"):
        return f"只能是 {str(context.get('expected', '')).replace(' or ', '、').replace(', ', '、')}"
    return _SENTENCES.get(kind) or message.removeprefix("Value error, ")
