"""All field types. A new type is one class in one file, and one line here."""

from __future__ import annotations

from forms.fields.base import Field
from forms.fields.choice import Choice
from forms.fields.computed import Computed
from forms.fields.date import Date
from forms.fields.datetime import DateTime
from forms.fields.dictionary import Dictionary
from forms.fields.file import File
from forms.fields.grade import Grade
from forms.fields.long_text import LongText
from forms.fields.matrix import Matrix
from forms.fields.multi_choice import MultiChoice
from forms.fields.note import Note
from forms.fields.number import Number
from forms.fields.page import Page
from forms.fields.phone import Phone
from forms.fields.photo import Photo
from forms.fields.picker import Picker
from forms.fields.rows import Rows
from forms.fields.section import Section
from forms.fields.short_text import ShortText
from forms.fields.signature import Signature
from forms.fields.time import Time
from forms.fields.yes_no import YesNo

#: type word → class, in the order the builder offers them.
TYPES: dict[str, type[Field]] = {
    "short_text": ShortText,
    "long_text": LongText,
    "number": Number,
    "date": Date,
    "time": Time,
    "datetime": DateTime,
    "yes_no": YesNo,
    "choice": Choice,
    "multi_choice": MultiChoice,
    "grade": Grade,
    "matrix": Matrix,
    "picker": Picker,
    "dictionary": Dictionary,
    "rows": Rows,
    "file": File,
    "photo": Photo,
    "signature": Signature,
    "phone": Phone,
    "computed": Computed,
    "note": Note,
    "section": Section,
    "page": Page,
}
