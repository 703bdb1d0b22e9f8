"""The one parent of all definition models: frozen, and strangers are faults."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from definitions.fault import DefinitionFaults, faults_from_pydantic

#: A key inside definitions: lower-case letters, digits, underscores; starts with a letter.
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
#: A text that must say something.
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Definition(BaseModel):
    """Read-only data; an unknown key is a fault, not a comment."""

    # Built at first use: a start that only shows the login page need not know what a form is.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, defer_build=True)

    @classmethod
    def read(cls, data: Any, *, root: str = "") -> Self:
        """The checked definition, or DefinitionFaults with every local fault and its place."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise DefinitionFaults(faults_from_pydantic(error, root)) from error
