"""Filled forms: a table to filter, each one as it was given, what they say together, files to take away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from forms.context import Context
from forms.suppression import SMALLEST
from models.campaign import Campaign
from portal.access import allow, current_actor
from portal.answers.files import csv_answer, workbook_answer
from portal.clock import now
from portal.database import database
from portal.downloads import file_answer
from portal.files import file_store
from portal.menu import MenuEntry
from portal.page import current_campaign
from portal.security import allow_chart_styles
from services.answer_filters import READERS, SOURCES, AnswerFilter, issued_versions
from services.answer_lists import (
    SEARCHED,
    answer_page,
    answer_sheet,
    columns_of,
    forms_with_answers,
    target_fields,
)
from services.answer_summaries import Cross, Question, cross_table, crossable, overview
from services.every_choice import EveryChoice
from services.form_paper import filled_answer
from services.form_versions import form_versions
from services.guarded_answers import ENOUGH_TO_READ, guarded_figures, sittings
from services.roster_choices import targets_by_unit

blueprint = Blueprint("answers", __name__, url_prefix="/answers")
MENU = (MenuEntry("answers.index", _l("答卷"), _l("测评"), 41),)

Page = Response | str | tuple[str, int]
SOURCE_WORDS = {"web": _l("网上"), "paper": _l("纸质录入"), "excel": _l("Excel导入"), "api": _l("接口")}
#: More bars than this make no chart anybody reads; the table beside it says them all.
MOST_BARS = 24


@blueprint.get("")
@allow(*READERS)
def index() -> Page:
    """The forms with their answers."""
    return render_template("answers/index.html", lines=forms_with_answers(database.session, current_actor()))


@blueprint.get("/<key>")
@allow(*READERS)
def table(key: str) -> Page:
    """The filled forms of one form, newest first."""
    session, actor, which = database.session, current_actor(), _filter()
    versions = issued_versions(session, key)
    found = answer_page(session, actor, key, which, after=request.args.get("after", "")[:60])
    choices = Context(EveryChoice(session))
    targets = target_fields(session, versions)
    columns = [column for column in columns_of(session, versions) if column.key not in targets]
    return render_template(
        "answers/table.html",
        found=found,
        columns=columns,
        cells={
            (line.kind, line.id): [
                column.field.printed(line.answers.get(column.key), choices) for column in columns
            ]
            for line in found.lines
        },
        grades=_grades(),
        searched=SEARCHED,
        next_page=_here("answers.table", key, after=found.after) if found.after else "",
        first_page=_here("answers.table", key) if request.args.get("after") else "",
        **_shared(key, which),
    )


@blueprint.get("/<key>/<any(rating, answer):kind>/<int:number>")
@allow(*READERS)
def sheet(key: str, kind: str, number: int) -> Page:
    """One filled form, in the version it was given in."""
    found = answer_sheet(database.session, current_actor(), key, kind, number)
    return render_template(
        "answers/sheet.html", key=key, sheet=found, line=found.line, grades=_grades(), sources=SOURCE_WORDS
    )


@blueprint.get("/<key>/answer/<int:number>.pdf")
@allow(*READERS)
def printed_answer(key: str, number: int) -> Page:
    """One filled form of a collection on paper; `?empty` shows also what was left unanswered."""
    session, actor = database.session, current_actor()
    answer_sheet(session, actor, key, "answer", number)
    pdf = filled_answer(session, actor, number, store=file_store(), with_empty="empty" in request.args)
    return file_answer(pdf, f"{key}-{number}.pdf", "application/pdf", inline=True)


@blueprint.get("/<key>/summary")
@allow(*READERS)
def summary(key: str) -> Page:
    """All questions at a glance."""
    allow_chart_styles()
    which = _filter()
    found = overview(database.session, current_actor(), key, which, now=now())
    charts = {f"ask-{question.field.key}": _bars(question) for question in found.questions}
    return render_template(
        "answers/summary.html",
        found=found,
        charts={name: chart for name, chart in charts.items() if chart},
        **_shared(key, which),
    )


def _bars(question: Question) -> dict[str, Any] | None:
    counts = question.summary.counts
    if not 0 < len(counts) <= MOST_BARS or not any(counts.values()):
        return None
    return {
        "kind": "rows",
        "labels": list(counts),
        "series": [{"name": question.field.label, "values": list(counts.values())}],
    }


@blueprint.get("/<key>/cross")
@allow(*READERS)
def cross(key: str) -> Page:
    """One question by category and month."""
    allow_chart_styles()
    session, which = database.session, _filter()
    versions = issued_versions(session, key)
    chosen = request.args.get("question", "")[:120]
    found = cross_table(session, current_actor(), key, chosen, which, now=now())
    return render_template(
        "answers/cross.html",
        found=found,
        questions=[(field.key, field.label) for field in crossable(session, versions)],
        chart=_stacked(found) if found is not None and found.rows else None,
        **_shared(key, which),
    )


def _stacked(found: Cross) -> dict[str, Any]:
    return {
        "kind": "bar",
        "labels": [f"{category} {month}".strip() for category, month, _counts in found.rows],
        "series": [
            {"name": name, "values": [counts[place] for _category, _month, counts in found.rows]}
            for place, name in enumerate(found.answers[:5])
        ],
    }


@blueprint.get("/<key>/secret")
@allow(*READERS)
def secret(key: str) -> Page:
    """The closed secret ballots and anonymous collections of a form, each by itself."""
    session, actor = database.session, current_actor()
    held = sittings(session, actor, key)
    kind, number = request.args.get("kind", ""), request.args.get("number", "")
    chosen = None
    if kind in ("round", "collection") and number.isascii() and number.isdigit() and len(number) < 10:
        chosen = guarded_figures(session, actor, key, kind, int(number))
    return render_template(
        "answers/secret.html",
        held=held,
        chosen=chosen,
        smallest=chosen[0].smallest if chosen else max((one.smallest for one in held), default=SMALLEST),
        enough=ENOUGH_TO_READ,
        **_shared(key, AnswerFilter()),
    )


@blueprint.get("/<key>.<any(csv, xlsx):kind>")
@allow(*READERS)
def export(key: str, kind: str) -> Page:
    """All filled forms that pass the filter, over all versions."""
    make = csv_answer if kind == "csv" else workbook_answer
    return make(
        database.session, current_actor(), key, _filter(), grades=_grades(), sources=SOURCE_WORDS, now=now()
    )


def _filter() -> AnswerFilter:
    """The filter of the address; values are cut to a length that can be kept."""
    names: Mapping[str, object] = AnswerFilter.__annotations__
    return AnswerFilter(
        **{name: request.args.get(name, "")[:120].replace("\0", "").strip() for name in names}
    )


def _here(endpoint: str, key: str, **more: str) -> str:
    """The address of a page with the same filter."""
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name != "after" and value}
    return url_for(endpoint, key=key, **{**kept, **more})


def _grades() -> dict[str, str]:
    campaign: Campaign | None = current_campaign()
    grades = campaign.settings.get("grades", ()) if campaign else ()
    return {grade["key"]: grade["name"] for grade in grades}


def _shared(key: str, which: AnswerFilter) -> dict[str, Any]:
    """What the pages of one form have in common."""
    session = database.session
    versions = form_versions(session, key)
    held = sittings(session, current_actor(), key)
    tabs = [
        (_("答卷"), "answers.table"),
        (_("汇总"), "answers.summary"),
        (_("交叉表"), "answers.cross"),
    ]
    shown = [
        {"label": label, "href": _here(endpoint, key), "current": request.endpoint == endpoint}
        for label, endpoint in tabs
    ]
    if versions[0].body.get("anonymous"):
        shown = []
    if held or not shown:
        href = url_for("answers.secret", key=key)
        shown.append(
            {
                "label": _("无记名"),
                "href": href,
                "current": request.endpoint == "answers.secret",
                "count": len(held),
            }
        )
    binding = versions[0].body.get("binding")
    return {
        "key": key,
        "name": versions[0].name,
        "which": which,
        "versions": versions,
        "tabs": shown,
        "bound": bool(binding),
        "targets": targets_by_unit(session, by_key=True) if binding else {},
        "units": _entries("unit") if binding else [],
        "categories": _categories() if binding else [],
        "grade_words": _grades(),
        "sources": [(name, SOURCE_WORDS[name]) for name in SOURCES],
        "same": _here,
    }


def _entries(of: str) -> list[tuple[str, str]]:
    return [(entry.key, entry.label) for entry in EveryChoice(database.session).entries(of)]


def _categories() -> list[tuple[str, str]]:
    return _entries("category")
