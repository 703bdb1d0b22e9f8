"""The closed list of kinds: a scheme can use these and no others."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import Field

from scoring.nodes.adjustment import Adjustment
from scoring.nodes.ballots import Ballots
from scoring.nodes.base import ScoreNode
from scoring.nodes.indicator import Indicator
from scoring.nodes.numbers import Numbers
from scoring.nodes.parts_sum import Part, PartsSum
from scoring.nodes.periods import Periods
from scoring.nodes.places import Places
from scoring.nodes.pool import Pool
from scoring.nodes.weighted_mean import WeightedMean, WeightedPart

#: A score node of any kind, told apart by its `kind`.
Node = Annotated[
    Adjustment | Ballots | Indicator | Numbers | PartsSum | Periods | Places | Pool | WeightedMean,
    Field(discriminator="kind"),
]


@lru_cache
def finish_models() -> None:
    """Nodes hold nodes: the models can be finished only here, where every kind is known.

    Done when the first scheme is read, because it takes a tenth of a second.
    """
    for model in (Part, WeightedPart, PartsSum, WeightedMean, Periods):
        model.model_rebuild(_types_namespace={"Node": Node})


#: Kind → class, as the scheme designer offers them.
KINDS: dict[str, type[ScoreNode]] = {
    "weighted_mean": WeightedMean,
    "ballots": Ballots,
    "numbers": Numbers,
    "indicator": Indicator,
    "pool": Pool,
    "sum": PartsSum,
    "adjustment": Adjustment,
    "places": Places,
    "periods": Periods,
}
