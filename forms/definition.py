"""A form as data: read whole, checked whole, all faults at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import PrivateAttr, SerializeAsAny, ValidationError

from definitions.base import Definition, Key, Text
from definitions.expression import ValueType
from definitions.fault import DefinitionFaults, Fault, faults_from_pydantic
from forms.fields import TYPES
from forms.fields.base import Field

MOST_FIELDS = 300


class Binding(Definition):
    """Which rating a filled form is: the method, whom it rates, and where the grade stands."""

    method: Key
    #: The field that names the target; none when `grade` is a matrix over targets.
    target: Key | None = None
    #: A grade field, or a matrix of targets by grades.
    grade: Key
    #: The month the rating counts for, where that is asked (a date field with precision month).
    period: Key | None = None
    #: When this holds, a rectification case is proposed with the texts of `case_fields` in it.
    case_when: Any = None
    case_fields: tuple[Key, ...] = ()


class Privacy(Definition):
    """What people are told before they give personal data: who, why, what, how long, which rights.

    Source: 个人信息保护法第十七条、第三十五条.
    """

    who: Text
    why: Text
    what: Text
    how_long: Text
    rights: Text


class FormDefinition(Definition):
    """One version of one form."""

    key: Key
    name: Text
    version: int
    source: Text
    intro: str = ""
    #: What the button says.
    submit: Text = "提交"
    #: account: people log in; code: a one-time code; public: anyone.
    access: Literal["account", "code", "public"] = "account"
    #: Nothing that names the rater is asked, stored or logged.
    anonymous: bool = False
    privacy: Privacy | None = None
    binding: Binding | None = None
    fields: tuple[SerializeAsAny[Field], ...]

    _made: tuple[int, Any] | None = PrivateAttr(default=None)

    def once(self, make: Callable[[Self], Any]) -> Any:
        """What `make` makes of this definition, made at the first call and kept as long as the definition."""
        if self._made is None or self._made[0] != id(self):
            self._made = (id(self), make(self))
        return self._made[1]

    def field(self, key: str) -> Field | None:
        """The field of that key."""
        return next((field for field in self.fields if field.key == key), None)

    def fact_types(self) -> dict[str, ValueType]:
        """Every name an expression of this form may use, with its type."""
        return {name: kind for field in self.fields for name, kind in field.fact_types().items()}

    def words_for_expressions(self) -> dict[str, str]:
        """Labels of fields and of their options, as `in_words` wants them."""
        labels: dict[str, str] = {}
        for field in self.fields:
            labels[field.key] = field.label
            labels |= {f"{field.key}.{value}": name for value, name in field.value_labels().items()}
        return labels

    def headings_above(self) -> dict[str, tuple[Field, ...]]:
        """Field key → the page and section it stands under; hidden, they hide it."""
        above: dict[str, tuple[Field, ...]] = {}
        page: tuple[Field, ...] = ()
        section: tuple[Field, ...] = ()
        for field in self.fields:
            if field.type == "page":
                page, section = (field,), ()
            elif field.type == "section":
                above[field.key] = page
                section = (field,)
            else:
                above[field.key] = page + section
        return above


def load_form(data: Any, *, root: str = "") -> FormDefinition:
    """The checked form, or DefinitionFaults with every fault and its place.

    data: the plain content of the YAML file or of the stored row. root: what stands before each place.
    """
    from forms.checking import form_faults

    if not isinstance(data, Mapping):
        raise DefinitionFaults([Fault(root or "form", "表单应当是键值表，有 key、name、fields 等项")])
    dot = f"{root}." if root else ""
    faults: list[Fault] = []
    fields = list(_fields(data.get("fields"), f"{dot}fields", faults))
    head = _head({**data, "fields": ()}, root, faults)
    half_read = bool(faults)
    read = {"fields": tuple(field for field in fields if field is not None)}
    form = (head or _NO_HEAD).model_copy(update=read)
    places = [field is not None for field in fields]
    faults += form_faults(form, root=root, places=places, half_read=half_read)
    if not faults:
        return form
    raise DefinitionFaults(sorted(set(faults)))


#: Stands in for a head that could not be read, so that the fields' own faults are told in the same round.
_NO_HEAD = FormDefinition(key="unread", name="unread", version=1, source="unread", fields=())


def _head(data: dict[str, Any], root: str, faults: list[Fault]) -> FormDefinition | None:
    try:
        return FormDefinition.model_validate(data)
    except ValidationError as error:
        faults += faults_from_pydantic(error, root)
        return None


def _fields(raw: Any, place: str, faults: list[Fault]) -> Iterator[Field | None]:
    if not isinstance(raw, (list, tuple)) or not raw:
        faults.append(Fault(place, "应当是列表，至少有一个字段"))
        return
    if len(raw) > MOST_FIELDS:
        faults.append(Fault(place, f"最多 {MOST_FIELDS} 个字段，现在有 {len(raw)} 个；请分成几个表单"))
        return
    for index, item in enumerate(raw):
        yield _field(item, f"{place}[{index}]", faults)


def _field(item: Any, place: str, faults: list[Fault]) -> Field | None:
    if not isinstance(item, Mapping):
        faults.append(Fault(place, "字段应当是键值表，有 key、type、label 等项"))
        return None
    word = item.get("type")
    if not isinstance(word, str) or word not in TYPES:
        faults.append(Fault(f"{place}.type", f"没有“{word}”这种字段；可用的有：{'、'.join(TYPES)}"))
        return None
    try:
        return TYPES[word].model_validate(dict(item))
    except ValidationError as error:
        faults += faults_from_pydantic(error, place)
        return None
