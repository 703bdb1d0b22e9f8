"""What may stand in an address."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import IntegerConverter, Map, Rule

#: Of the integer columns that rows are numbered by, on every database.
LARGEST_NUMBER = 2**31 - 1


class StoredNumber(IntegerConverter):
    """The number of a row: one that no row can have is an address that does not exist, not an error."""

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:  # noqa: A002 - Werkzeug names it so
        super().__init__(map, *args, **{"max": LARGEST_NUMBER, **options})


class LateRule(Rule):
    """An address whose spelling-out is compiled when it is first asked for.

    Werkzeug compiles two builders for each of our three hundred addresses at start, which takes as long as
    everything else `create_app` does; a start needs a handful of them. `_compile_builder` is not public:
    Werkzeug is pinned, and a test spells out every address.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        def first_time(rule: Rule, **values: Any) -> tuple[str, str]:
            name = "_build_unknown" if append_unknown else "_build"
            compiled = Rule._compile_builder(rule, append_unknown)  # noqa: SLF001 - see above
            setattr(rule, name, compiled.__get__(rule, None))
            spelt: tuple[str, str] = getattr(rule, name)(**values)
            return spelt

        return first_time
