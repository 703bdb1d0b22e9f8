"""Makes the WTForms class of a form definition."""

from __future__ import annotations

from typing import Any, ClassVar

import wtforms
from wtforms.validators import StopValidation

from definitions.expression import evaluate
from definitions.operators import holds
from forms.choices import Entry
from forms.context import Context
from forms.definition import FormDefinition
from forms.fields.base import AnswerRefused, Field, Posted
from forms.fields.file import File
from forms.fields.matrix import Matrix
from forms.fields.rows import Rows
from forms.layout import Sheet, sheets
from forms.order import in_order

#: Before every posted name, so that no key can shadow a part of the library (data, errors, validate, …).
PREFIX = "f_"


class AnswerField(wtforms.Field):
    """One field on one page: what was typed, what it means, what is wrong with it.

    shown: what the controls show, exactly as typed. asked: whether it is asked at all under the answers
    given. must: whether it has to be answered under them. fixed: the answer in words where nobody can change it.
    """

    def __init__(self, *, spec: Field, **kwargs: Any) -> None:
        super().__init__(label=spec.label, **kwargs)
        self.spec = spec
        self.posted: Posted = {}
        self.errors: list[str] = []
        self.uploads: list[Any] = []
        self.asked = True
        self.must = spec.required
        self.advice = ""
        self.fixed = ""

    @property
    def context(self) -> Context:
        """Lists, uploads and time of this filling."""
        context: Context = self.meta.context
        return context

    def process(
        self, formdata: Any, data: Any = wtforms.utils.unset_value, extra_filters: Any = None
    ) -> None:
        """Read what was posted; without a post, show the answer handed in."""
        self.process_errors = []
        self.data = None if data is wtforms.utils.unset_value else data
        self.object_data = self.data
        if formdata is None:
            self.posted = self.spec.posted_from(self.data) if self.spec.asks else {}
            return
        self.posted = self.spec.collect(self.name, formdata, self.context)
        self.raw_data = list(self.posted.get("", ()))
        try:
            self.data = self._read()
        except AnswerRefused as refused:
            self.data = None
            self.process_errors.append(str(refused))

    def _read(self) -> Any:
        if isinstance(self.spec, File):
            self.uploads = self.spec.uploads_in(self.name, self.context)
            return self.spec.parse_uploads(self.posted, self.uploads)
        return self.spec.parse(self.posted, self.context)

    def pre_validate(self, form: Any) -> None:
        """Our rules; nothing else runs after them."""
        if not self.asked:
            # What was typed stays in view for when the field is shown again; it is no fault and no answer.
            self.process_errors, self.errors = [], []
            raise StopValidation
        if self.process_errors:
            raise StopValidation
        if self.data is None:
            raise StopValidation(self.spec.missing_sentence() if self.must else None)
        try:
            self.spec.check(self.data, self.context)
        except AnswerRefused as refused:
            raise StopValidation(str(refused)) from refused

    def shown(self, suffix: str = "") -> str:
        """What the control of that suffix shows; empty for nothing."""
        values = self.posted.get(suffix, ())
        return values[0] if values else ""

    def ticked(self, value: str, suffix: str = "") -> bool:
        """Whether the box or button of that value is ticked."""
        return value in self.posted.get(suffix, ())

    @property
    def lines(self) -> list[dict[str, str]]:
        """For repeating rows: what was typed, row by row."""
        return self.spec.lines(self.posted) if isinstance(self.spec, Rows) else []

    @property
    def rows(self) -> list[tuple[str, list[Entry]]]:
        """For a matrix: its rows under their headings."""
        return grouped(self.spec.rows_for(self.context)) if isinstance(self.spec, Matrix) else []

    @property
    def options(self) -> list[tuple[str, list[Entry]]]:
        """What can be picked, as (heading, entries); neighbours of one heading together."""
        return grouped(self.spec.options_for(self.context))


def grouped(entries: Any) -> list[tuple[str, list[Entry]]]:
    """Entries under their headings, both in the order given."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    return list(groups.items())


class AnswerForm(wtforms.Form):
    """The parent of all made classes; `meta.context` carries lists, uploads and time."""

    definition: ClassVar[FormDefinition]
    #: The fields, each after those that decide about it.
    order: ClassVar[tuple[Field, ...]] = ()
    #: Field key → the headings it stands under.
    above: ClassVar[dict[str, tuple[Field, ...]]] = {}

    class Meta:
        context = Context()
        locales = ("zh",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: What expressions see of the answers; filled when the form is settled.
        self.facts: dict[str, Any] = {}

    def control(self, spec: Field) -> AnswerField | None:
        """The control of a question; None for a note."""
        name = f"{PREFIX}{spec.key}"
        found: AnswerField | None = self._fields.get(name)
        return found

    def heading_asked(self, spec: Field) -> bool:
        """Whether a section or page is shown under the answers given."""
        return spec.visible_when is None or holds(evaluate(spec.visible_when, self.facts))

    @property
    def sheets(self) -> list[Sheet]:
        """The form laid out for reading."""
        return sheets(self.definition, self)

    @property
    def fault_list(self) -> list[tuple[str, str]]:
        """(posted name, sentence) of every fault, in the order of the form."""
        return [(field.name, str(sentence)) for field in self for sentence in field.errors]


def form_class(definition: FormDefinition) -> type[AnswerForm]:
    """The class of a definition, made once and let go with it.

    Lists are not part of the class: hand them over with the instance, ``meta={"context": Context(...)}``;
    `forms.answers` does so.
    """
    made: type[AnswerForm] = definition.once(_made_class)
    return made


def _made_class(definition: FormDefinition) -> type[AnswerForm]:
    members = {
        f"{PREFIX}{field.key}": wtforms.fields.core.UnboundField(AnswerField, spec=field)
        for field in definition.fields
        if field.asks
    }
    fixed = {
        "definition": definition,
        "order": in_order(definition),
        "above": definition.headings_above(),
    }
    return type("MadeForm", (AnswerForm,), {**members, **fixed})
