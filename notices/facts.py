"""What conditions of a notice may speak of, in the words of the vocabulary."""

from __future__ import annotations

from functools import lru_cache

from definitions.sentences import Facts
from notices.vocabulary import VOCABULARY, fact_types


@lru_cache(maxsize=1)
def kind_facts() -> Facts:
    """Every text value of the vocabulary, for rules as a clerk writes them."""
    types = fact_types()
    return Facts(types, {name: VOCABULARY[name].meaning for name in types}, {}, noun="值")
