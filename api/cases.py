"""Cases: read as the account's page shows them, stepped as its buttons do."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from api import case_shapes, shapes
from api.description import may_refuse
from api.entrance import entered, scope
from portal.clock import now
from portal.database import database
from portal.files import file_store
from services.api_cases import described, listed, steps_of
from services.api_steps import SentWish, take_step, upload
from services.case_lists import CaseFilter

blueprint = Blueprint("cases", __name__, url_prefix="/api/v1/cases", description="Cases and their steps")


@blueprint.route("")
class Cases(MethodView):
    """All cases."""

    @scope("cases.read")
    @blueprint.arguments(case_shapes.CaseQuery, location="query", unknown=RAISE)
    @may_refuse(blueprint)
    @blueprint.response(200, case_shapes.CasePage)
    def get(self, query: dict[str, Any]) -> Any:
        """A page of the cases this account sees, newest first."""
        limit, after, campaign = query.pop("limit"), query.pop("after"), query.pop("campaign")
        return listed(
            database.session,
            entered().actor,
            CaseFilter(**query),
            campaign_id=campaign,
            after=after,
            size=limit,
            now=now(),
        )


@blueprint.route("/<int:case_id>")
class OneCase(MethodView):
    """One case."""

    @scope("cases.read")
    @may_refuse(blueprint)
    @blueprint.response(200, case_shapes.Case)
    def get(self, case_id: int) -> Any:
        """One case with its clocks, history, deductions and notices; a target reads what it was told of."""
        return described(database.session, entered().actor, case_id, now=now())


@blueprint.route("/<int:case_id>/steps")
class Steps(MethodView):
    """The steps of one case."""

    @scope("cases.read")
    @may_refuse(blueprint)
    @blueprint.response(200, case_shapes.StepList)
    def get(self, case_id: int) -> Any:
        """The steps of this account that lead on from here, with what each asks, and why one is not open now."""
        return steps_of(database.session, entered().actor, case_id, now=now())


@blueprint.route("/<int:case_id>/steps/<string:trigger>")
class OneStep(MethodView):
    """One step of a case."""

    @scope("cases.step")
    @blueprint.arguments(shapes.IdempotencyHeader, location="headers")
    @blueprint.arguments(case_shapes.NewStep)
    @may_refuse(blueprint)
    @blueprint.response(201, case_shapes.TakenStep)
    def post(self, header: dict[str, str], sent: dict[str, Any], case_id: int, trigger: str) -> Any:
        """Take the step as this account. The same key with the same step again gives the same answer."""
        wish = SentWish(case_id, trigger, sent["version"], sent["asked"])
        session, store = database.session, file_store()
        return take_step(session, entered(), wish, key=header["key"], store=store, now=now())


@blueprint.route("/<int:case_id>/steps/<string:trigger>/files/<string:field>")
class StepFile(MethodView):
    """Files for one question of a step."""

    @scope("cases.step")
    @blueprint.arguments(shapes.NewFile, location="files")
    @may_refuse(blueprint)
    @blueprint.response(201, shapes.HeldFile)
    def post(self, sent: dict[str, Any], case_id: int, trigger: str, field: str) -> Any:
        """Send a photo or a file ahead of the step; it names it by the id that this gives."""
        session, actor = database.session, entered().actor
        return upload(session, actor, case_id, trigger, field, sent["file"], store=file_store(), now=now())
