"""Filled forms: read page by page, handed in once."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from api import shapes
from api.description import may_refuse
from api.entrance import entered, scope
from portal.clock import now
from portal.database import database
from portal.files import file_store
from services.answer_filters import AnswerFilter
from services.answer_lines import Line
from services.answer_lists import answer_page, answer_sheet
from services.api_answers import hand_in, upload

blueprint = Blueprint("answers", __name__, url_prefix="/api/v1/forms", description="Filled forms")


@blueprint.route("/<string:key>/answers")
class Answers(MethodView):
    """The filled forms of one form."""

    @scope("answers.read")
    @blueprint.arguments(shapes.AnswerQuery, location="query", unknown=RAISE)
    @may_refuse(blueprint)
    @blueprint.response(200, shapes.AnswerPage)
    def get(self, query: dict[str, Any], key: str) -> Any:
        """A page, newest first. What was given in secret is in none."""
        limit, after = query.pop("limit"), query.pop("after")
        version = query.pop("version")
        which = AnswerFilter(**query, version="" if version is None else str(version))
        page = answer_page(database.session, entered().actor, key, which, after=after, size=limit)
        return {"items": [_said(line) for line in page.lines], "next": page.after or None}

    @scope("answers.write")
    @blueprint.arguments(shapes.IdempotencyHeader, location="headers")
    @blueprint.arguments(shapes.NewAnswer)
    @may_refuse(blueprint)
    @blueprint.response(201, shapes.Taken)
    def post(self, header: dict[str, str], sent: dict[str, Any], key: str) -> Any:
        """Hand in one filled form as this account. The same key and answers again give the same answer."""
        who = entered()
        return hand_in(
            database.session,
            who.actor,
            key,
            sent["answers"],
            token_id=who.token_id,
            idempotency_key=header["key"],
            store=file_store(),
            now=now(),
        )


@blueprint.route("/<string:key>/files/<string:field>")
class File(MethodView):
    """Files for one question of a form."""

    @scope("answers.write")
    @blueprint.arguments(shapes.NewFile, location="files")
    @may_refuse(blueprint)
    @blueprint.response(201, shapes.HeldFile)
    def post(self, sent: dict[str, Any], key: str, field: str) -> Any:
        """Send a photo or a file ahead of the answers; they name it by the id that this gives."""
        session, actor = database.session, entered().actor
        return upload(session, actor, key, field, sent["file"], store=file_store(), now=now())


@blueprint.route("/<string:key>/answers/<any(rating, answer):kind>/<int:number>")
class Answer(MethodView):
    """One filled form."""

    @scope("answers.read")
    @may_refuse(blueprint)
    @blueprint.response(200, shapes.Answer)
    def get(self, key: str, kind: str, number: int) -> Any:
        """One filled form."""
        return _said(answer_sheet(database.session, entered().actor, key, kind, number).line)


def _said(line: Line) -> dict[str, Any]:
    return {**vars(line), "happened_on": line.on, "submitted_at": line.at}
