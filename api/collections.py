"""Collections: what is asked, and answers handed in by the rules of their pages."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.views import MethodView
from flask_smorest import Blueprint

from api import shapes
from api.description import may_refuse
from api.entrance import entered, scope
from forms.answer_schema import answers_schema
from portal.clock import now
from portal.database import database
from portal.files import file_store
from services.api_collections import described, listed, schema_form, send_answer, upload

blueprint = Blueprint(
    "collections", __name__, url_prefix="/api/v1/collections", description="Forms given out under rules"
)


@blueprint.route("")
class Collections(MethodView):
    """All collections."""

    @scope("forms.read")
    @may_refuse(blueprint)
    @blueprint.response(200, shapes.CollectionList)
    def get(self) -> Any:
        """The collections of the newest campaign that this account looks after, or is asked to fill in."""
        return {"items": listed(database.session, entered().actor, now=now())}


@blueprint.route("/<string:slug>")
class OneCollection(MethodView):
    """One collection."""

    @scope("forms.read")
    @may_refuse(blueprint)
    @blueprint.response(200, shapes.CollectionLine)
    def get(self, slug: str) -> Any:
        """One collection; `slug` is the last part of its link."""
        return described(database.session, entered().actor, slug, now=now())


@blueprint.route("/<string:slug>/schema")
class CollectionSchema(MethodView):
    """What the answers look like."""

    @scope("forms.read")
    @may_refuse(blueprint)
    @blueprint.response(200, shapes.Document)
    def get(self, slug: str) -> Any:
        """JSON Schema (2020-12) of the answers to the version that is given out now."""
        return jsonify(answers_schema(schema_form(database.session, entered().actor, slug)))


@blueprint.route("/<string:slug>/answers")
class CollectionAnswers(MethodView):
    """The answers of one collection."""

    @scope("answers.write")
    @blueprint.arguments(shapes.IdempotencyHeader, location="headers")
    @blueprint.arguments(shapes.NewCollectionAnswer)
    @may_refuse(blueprint)
    @blueprint.response(201, shapes.TakenAnswer)
    def post(self, header: dict[str, str], sent: dict[str, Any], slug: str) -> Any:
        """Hand in one answer by the rules of the collection. The same key and answers again give the same answer."""
        return send_answer(
            database.session,
            entered(),
            slug,
            sent["answers"],
            code=sent["code"],
            idempotency_key=header["key"],
            store=file_store(),
            now=now(),
        )


@blueprint.route("/<string:slug>/files/<string:field>")
class CollectionFile(MethodView):
    """Files for one question of a collection's form."""

    @scope("answers.write")
    @blueprint.arguments(shapes.NewFile, location="files")
    @may_refuse(blueprint)
    @blueprint.response(201, shapes.HeldFile)
    def post(self, sent: dict[str, Any], slug: str, field: str) -> Any:
        """Send a photo or a file ahead of the answers; they name it by the id that this gives."""
        session, actor = database.session, entered().actor
        return upload(session, actor, slug, field, sent["file"], store=file_store(), now=now())
