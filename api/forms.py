"""Forms and their versions."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.views import MethodView
from flask_smorest import Blueprint

from api import shapes
from api.description import may_refuse
from api.entrance import entered, scope
from forms.answer_schema import answers_schema
from portal.database import database
from services.api_forms import readable_form, readable_forms, readable_version
from services.definitions import form_of

blueprint = Blueprint("forms", __name__, url_prefix="/api/v1/forms", description="Forms and their versions")


@blueprint.route("")
class Forms(MethodView):
    """All forms."""

    @scope("forms.read")
    @may_refuse(blueprint)
    @blueprint.response(200, shapes.FormList)
    def get(self) -> Any:
        """The forms this account may read or fill in, with the version in force."""
        return {"items": readable_forms(database.session, entered().actor)}


@blueprint.route("/<string:key>")
class Form(MethodView):
    """One form."""

    @scope("forms.read")
    @may_refuse(blueprint)
    @blueprint.response(200, shapes.Form)
    def get(self, key: str) -> Any:
        """A form with all of its versions."""
        rows = readable_form(database.session, entered().actor, key)
        return {"key": key, "name": rows[0].name, "versions": rows}


@blueprint.route("/<string:key>/versions/<int:version>")
class Version(MethodView):
    """One version."""

    @scope("forms.read")
    @may_refuse(blueprint)
    @blueprint.response(200, shapes.Document)
    def get(self, key: str, version: int) -> Any:
        """The definition of one version, as the builder exports it."""
        return jsonify(readable_version(database.session, entered().actor, key, version).body)


@blueprint.route("/<string:key>/versions/<int:version>/schema")
class AnswersSchema(MethodView):
    """What the answers to one version look like."""

    @scope("forms.read")
    @may_refuse(blueprint)
    @blueprint.response(200, shapes.Document)
    def get(self, key: str, version: int) -> Any:
        """JSON Schema (2020-12) of the answers to one version."""
        row = readable_version(database.session, entered().actor, key, version)
        return jsonify(answers_schema(form_of(database.session, row.id)))
