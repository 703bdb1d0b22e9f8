"""What may stand in an address."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import IntegerConverter, Map

#: Of the integer columns that rows are numbered by, on every database.
LARGEST_NUMBER = 2**31 - 1


class StoredNumber(IntegerConverter):
    """The number of a row: one that no row can have is an address that does not exist, not an error."""

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:  # noqa: A002 - Werkzeug names it so
        super().__init__(map, *args, **{"max": LARGEST_NUMBER, **options})
