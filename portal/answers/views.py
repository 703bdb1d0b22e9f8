"""Filled forms: a table to filter, each one as it was given, what they say together, files to take away."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_babel import lazy_gettext as _l

from forms.context import Context
from forms.suppression import SMALLEST
from portal.access import allow, current_actor
from portal.answers import cross_views  # noqa: F401 - its addresses
from portal.answers.files import csv_answer, workbook_answer
from portal.answers.pages import (
    SOURCE_WORDS,
    Page,
    blueprint,
    filter_of_address,
    grade_words,
    here,
    shared,
)
from portal.clock import now
from portal.database import database
from portal.downloads import file_answer
from portal.files import file_store
from portal.menu import MenuEntry
from portal.security import allow_chart_styles
from services.answer_filters import READERS, AnswerFilter, issued_versions
from services.answer_lists import (
    SEARCHED,
    answer_page,
    answer_sheet,
    columns_of,
    forms_with_answers,
    target_fields,
)
from services.answer_summaries import Question, overview
from services.every_choice import EveryChoice
from services.form_paper import filled_answer
from services.guarded_answers import ENOUGH_TO_READ, guarded_figures, sittings

MENU = (MenuEntry("answers.index", _l("答卷"), _l("测评"), 41),)

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
    session, actor, which = database.session, current_actor(), filter_of_address()
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
        grades=grade_words(),
        searched=SEARCHED,
        next_page=here("answers.table", key, after=found.after) if found.after else "",
        first_page=here("answers.table", key) if request.args.get("after") else "",
        **shared(key, which),
    )


@blueprint.get("/<key>/<any(rating, answer):kind>/<int:number>")
@allow(*READERS)
def sheet(key: str, kind: str, number: int) -> Page:
    """One filled form, in the version it was given in."""
    found = answer_sheet(database.session, current_actor(), key, kind, number)
    return render_template(
        "answers/sheet.html",
        key=key,
        sheet=found,
        line=found.line,
        grades=grade_words(),
        sources=SOURCE_WORDS,
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
    which = filter_of_address()
    found = overview(database.session, current_actor(), key, which, now=now())
    charts = {f"ask-{question.field.key}": _bars(question) for question in found.questions}
    return render_template(
        "answers/summary.html",
        found=found,
        charts={name: chart for name, chart in charts.items() if chart},
        **shared(key, which),
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
        **shared(key, AnswerFilter()),
    )


@blueprint.get("/<key>.<any(csv, xlsx):kind>")
@allow(*READERS)
def export(key: str, kind: str) -> Page:
    """All filled forms that pass the filter, over all versions."""
    make = csv_answer if kind == "csv" else workbook_answer
    return make(
        database.session,
        current_actor(),
        key,
        filter_of_address(),
        grades=grade_words(),
        sources=SOURCE_WORDS,
        now=now(),
    )
