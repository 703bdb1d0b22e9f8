"""The shapes of cases and their steps. A target is told less of a case; what it is not told is null."""

from __future__ import annotations

from marshmallow import Schema, validate
from marshmallow import fields as f

from api.shapes import KEY, Closed

_DAYS = {"description": "Working days left; negative when late."}


class CaseQuery(Closed):
    """Which cases, and after which the page begins. `campaign`: by number; the newest where none is named."""

    campaign = f.Integer(strict=False, validate=validate.Range(1, 1_000_000_000), load_default=None)
    state = f.String(
        validate=KEY, load_default="", metadata={"description": "A state, or `running` for all not ended."}
    )
    category = f.String(validate=KEY, load_default="")
    unit = f.String(validate=KEY, load_default="")
    target = f.String(validate=KEY, load_default="")
    channel = f.String(validate=KEY, load_default="")
    tier = f.String(validate=KEY, load_default="")
    due = f.String(validate=validate.OneOf(["today", "overdue"]), load_default="")
    word = f.String(
        validate=validate.Regexp(r"^[^\x00]{1,100}$"),
        load_default="",
        metadata={"description": "Part of number or title."},
    )
    after = f.Integer(
        validate=validate.Range(1, 1_000_000_000_000),
        load_default=None,
        metadata={"description": "`next` of the page before."},
    )
    limit = f.Integer(validate=validate.Range(1, 200), load_default=50)


class CaseLine(Schema):
    """One case in a list. `points`: what it costs its target now. `version`: to be sent with a step."""

    id = f.Integer(required=True)
    number = f.String(required=True)
    version = f.Integer(required=True)
    title = f.String(required=True)
    target = f.String(required=True)
    target_name = f.String(required=True)
    unit = f.String(required=True)
    category = f.String(required=True)
    channel = f.String(required=True)
    problem = f.String(required=True)
    grave = f.Boolean(required=True, allow_none=True)
    state = f.String(required=True)
    state_name = f.String(required=True)
    suspension = f.String(required=True)
    ended = f.Boolean(required=True)
    due_at = f.AwareDateTime(required=True, allow_none=True)
    working_days_left = f.Integer(required=True, allow_none=True, metadata=_DAYS)
    provisional = f.Boolean(required=True)
    points = f.Integer(required=True)
    found_on = f.Date(required=True, allow_none=True)
    opened_at = f.AwareDateTime(required=True, allow_none=True)


class CasePage(Schema):
    """A page of cases, newest first. `next`: the case the next page begins after; null on the last."""

    items = f.List(f.Nested(CaseLine), required=True)
    next = f.Integer(required=True, allow_none=True)


class Clock(Schema):
    """A deadline of a case. `explanation`: how its date was counted. `consequence`: what its running out brings."""

    label = f.String(required=True)
    status = f.String(required=True, validate=validate.OneOf(["running", "stopped", "ended", "fired"]))
    starts_at = f.AwareDateTime(required=True, allow_none=True)
    due_at = f.AwareDateTime(required=True, allow_none=True)
    working_days_left = f.Integer(required=True, allow_none=True, metadata=_DAYS)
    explanation = f.String(required=True)
    provisional = f.Boolean(required=True)
    consequence = f.String(required=True)


class Said(Schema):
    """What a step was told, in words."""

    label = f.String(required=True)
    words = f.String(required=True)


class HistoryLine(Schema):
    """One step that was taken. `at`: when it took effect; null where only the day is told."""

    position = f.Integer(required=True, allow_none=True)
    name = f.String(required=True)
    who = f.String(required=True)
    at = f.AwareDateTime(required=True, allow_none=True)
    on = f.Date(required=True)
    recorded_at = f.AwareDateTime(required=True, allow_none=True)
    from_state = f.String(required=True, allow_none=True)
    to_state = f.String(required=True)
    answers = f.List(f.Nested(Said), required=True)
    files = f.List(f.String(), required=True)
    source = f.String(required=True, allow_none=True)


class DeductionLine(Schema):
    """An entry of the ledger: booked, or reversed with negative points."""

    tier = f.String(required=True)
    kind = f.String(required=True, validate=validate.OneOf(["booked", "reversed"]))
    points = f.Integer(required=True)
    reason = f.String(required=True)
    source = f.String(required=True)
    booked_at = f.AwareDateTime(required=True)


class NoticeLine(Schema):
    """A notice of the case. `address`: where anyone may check it."""

    number = f.String(required=True)
    kind = f.String(required=True)
    title = f.String(required=True)
    issued_on = f.Date(required=True)
    status = f.String(required=True, validate=validate.OneOf(["issued", "served", "voided", "superseded"]))
    address = f.String(required=True)


class Case(CaseLine):
    """One case, history oldest first. Who reported it is told to nobody."""

    facts = f.String(required=True, allow_none=True)
    requirement = f.String(required=True, allow_none=True)
    basis = f.String(required=True, allow_none=True)
    clocks = f.List(f.Nested(Clock), required=True)
    history = f.List(f.Nested(HistoryLine), required=True)
    deductions = f.List(f.Nested(DeductionLine), required=True)
    notices = f.List(f.Nested(NoticeLine), required=True)


class Option(Schema):
    """An answer that may be chosen."""

    key = f.String(required=True)
    label = f.String(required=True)


class Ask(Schema):
    """One thing a step asks. Files are sent ahead and named as `[{"id": …}]`; a date is written 2026-04-09."""

    field = f.String(required=True)
    label = f.String(required=True)
    type = f.String(required=True)
    required = f.Boolean(required=True)
    options = f.List(f.Nested(Option), required=True)
    at_least = f.Integer(required=True, allow_none=True)
    at_most = f.Integer(required=True, allow_none=True)
    hint = f.String(required=True, allow_none=True)


class Step(Schema):
    """A step that leads on from here. `reason`: why it is not open now. `acting_for`: in whose absence."""

    trigger = f.String(required=True)
    name = f.String(required=True)
    allowed = f.Boolean(required=True)
    reason = f.String(required=True, allow_none=True)
    acting_for = f.String(required=True, allow_none=True)
    asks = f.List(f.Nested(Ask), required=True)


class StepList(Schema):
    """The steps of this account in a case of this version."""

    version = f.Integer(required=True)
    items = f.List(f.Nested(Step), required=True)


class NewStep(Closed):
    """What a step is told. `version`: of the case as it was read; when it has moved since, the step is refused."""

    version = f.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000_000))
    asked = f.Dict(keys=f.String(validate=KEY), load_default=dict)


class TakenStep(Schema):
    """The step that was taken: its place in the history, and the case after it."""

    case = f.Integer(required=True)
    position = f.Integer(required=True)
    trigger = f.String(required=True)
    state = f.String(required=True)
    state_name = f.String(required=True)
    version = f.Integer(required=True)
