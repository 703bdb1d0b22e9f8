"""The shapes of what goes in and out; the description of the interface is made of them."""

from __future__ import annotations

from marshmallow import INCLUDE, RAISE, Schema, validate
from marshmallow import fields as f

KEY = validate.Regexp(r"^[a-z][a-z0-9_]{0,59}$")


class Closed(Schema):
    """What is sent in has no members that are not known."""

    class Meta:
        unknown = RAISE


class ProblemField(Schema):
    """One thing that is wrong with what was sent. `pointer`: its place in the body (RFC 6901)."""

    field = f.String(required=True)
    pointer = f.String(required=True)
    detail = f.String(required=True)


class Problem(Schema):
    """An error (RFC 9457)."""

    type = f.String(required=True)
    title = f.String(required=True)
    status = f.Integer(required=True)
    code = f.String(required=True)
    detail = f.String(required=True)
    errors = f.List(f.Nested(ProblemField))


class FormVersion(Schema):
    """One version of a form."""

    version = f.Integer(required=True)
    status = f.String(required=True, validate=validate.OneOf(["published", "retired"]))
    published_at = f.AwareDateTime(required=True, allow_none=True)


class FormLine(Schema):
    """A form with the version in force."""

    key = f.String(required=True)
    name = f.String(required=True)
    version = f.Integer(required=True)
    secret = f.Boolean(required=True, metadata={"description": "Its answers are not read one by one."})


class Form(Schema):
    """A form with all of its versions, newest first."""

    key = f.String(required=True)
    name = f.String(required=True)
    versions = f.List(f.Nested(FormVersion), required=True)


class Document(Schema):
    """A definition or a JSON Schema as it stands, whatever is in it."""

    class Meta:
        unknown = INCLUDE


class FormList(Schema):
    """All forms."""

    items = f.List(f.Nested(FormLine), required=True)


class AnswerQuery(Closed):
    """Which filled forms, and after which place the page begins."""

    month = f.String(validate=validate.Regexp(r"^[0-9]{4}-(0[1-9]|1[0-2])$"), load_default="")
    category = f.String(validate=KEY, load_default="")
    unit = f.String(validate=KEY, load_default="")
    target = f.String(validate=KEY, load_default="")
    grade = f.String(validate=KEY, load_default="")
    version = f.Integer(strict=False, validate=validate.Range(1, 100_000), load_default=None)
    source = f.String(validate=validate.OneOf(["web", "paper", "excel", "api"]), load_default="")
    state = f.String(validate=validate.OneOf(["counted", "not_counted"]), load_default="")
    after = f.String(
        validate=validate.Regexp(r"^[0-9]{1,17}-(rating|answer)-[0-9]{1,18}$"),
        load_default="",
        metadata={"description": "`next` of the page before."},
    )
    limit = f.Integer(validate=validate.Range(1, 200), load_default=50)


class Answer(Schema):
    """One filled form. `answers` are as `/forms/{key}/versions/{version}/schema` describes them."""

    kind = f.String(required=True, validate=validate.OneOf(["rating", "answer"]))
    id = f.Integer(required=True)
    version = f.Integer(required=True)
    answers = f.Dict(keys=f.String(), required=True)
    happened_on = f.Date(required=True)
    submitted_at = f.AwareDateTime(required=True)
    target = f.String(required=True)
    unit = f.String(required=True)
    category = f.String(required=True)
    grade = f.String(required=True)
    period = f.String(required=True)
    source = f.String(required=True)
    counted = f.Boolean(required=True)


class AnswerPage(Schema):
    """A page of filled forms, newest first. `next`: the place the next page begins after; null on the last."""

    items = f.List(f.Nested(Answer), required=True)
    next = f.String(required=True, allow_none=True)


class NewAnswer(Closed):
    """What is handed in: answers by the key of their question, as the schema of the version in force says."""

    answers = f.Dict(keys=f.String(validate=KEY), required=True)


class IdempotencyHeader(Schema):
    """Makes handing in twice one answer."""

    key = f.String(
        data_key="Idempotency-Key",
        required=True,
        validate=validate.Regexp(r"^[\x21-\x7e]{8,64}$"),
        metadata={
            "description": "Chosen by the sender, new for each answer, the same when it is sent again."
        },
    )


class Taken(Schema):
    """What was made of it."""

    kind = f.String(required=True)
    id = f.Integer(required=True)
    version = f.Integer(required=True)


class CollectionLine(Schema):
    """A collection: a form that is given out under rules. `fixed`: questions whose answer stands whatever is sent."""

    slug = f.String(required=True)
    title = f.String(required=True)
    form = f.String(required=True)
    version = f.Integer(required=True)
    access = f.String(required=True, validate=validate.OneOf(["open", "code", "account"]))
    anonymous = f.Boolean(required=True)
    one_each = f.Boolean(required=True)
    opens_at = f.AwareDateTime(required=True)
    closes_at = f.AwareDateTime(required=True, allow_none=True)
    grace_minutes = f.Integer(required=True)
    quota = f.Integer(required=True, allow_none=True)
    fixed = f.List(f.String(), required=True)
    state = f.String(required=True, validate=validate.OneOf(["open", "not_yet", "closed", "full"]))


class CollectionList(Schema):
    """All collections that the account sees."""

    items = f.List(f.Nested(CollectionLine), required=True)


class NewCollectionAnswer(NewAnswer):
    """An answer of a collection. `code`: of the card, where the collection goes by cards."""

    code = f.String(load_default="", validate=validate.Length(max=80))


class TakenAnswer(Schema):
    """What was made of it. Of an anonymous collection neither number nor receipt is given."""

    kind = f.String(required=True, validate=validate.OneOf(["rating", "answer"]))
    id = f.Integer(required=True, allow_none=True)
    version = f.Integer(required=True)
    receipt = f.String(required=True, allow_none=True)


class NewFile(Closed):
    """A file for one question, sent ahead of the answers."""

    file = f.Raw(required=True, metadata={"type": "string", "format": "binary"})


class HeldFile(Schema):
    """A file that waits for its answers; they name it as `[{"id": …}]`."""

    id = f.String(required=True)
    name = f.String(required=True)
    bytes = f.Integer(required=True)
    held_until = f.AwareDateTime(required=True)
