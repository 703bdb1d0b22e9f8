"""The floor: what the bare stack takes for the same form, and nothing else.

Flask, Flask-WTF and SQLAlchemy; CSRF and a session cookie; WTForms checks the fields; one INSERT (at /counted
also a counter row) and one durable commit. No login, no rights, no history, no definition.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from flask import Flask, redirect, render_template_string
from flask_wtf import FlaskForm
from sqlalchemy import DateTime, Engine, String, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from werkzeug.wrappers import Response
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

GRADES = ("excellent", "good", "fair", "poor", "bad")
ASPECTS = ("lawful", "attitude", "efficiency", "integrity", "promises")
KINDS = ("official_visit", "errand", "reported_by_others")
_PAGE = (
    "<!doctype html><form method=post>{{ form.hidden_tag() }}{% for field in form if field.name != 'csrf_token' %}"
    "<p>{{ field.label }} {{ field }}</p>{% endfor %}<button>Send</button></form>"
)


class Base(DeclarativeBase):
    """The floor's two tables."""


class Plain(Base):
    """One filled form."""

    __tablename__ = "plain"

    id: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[int] = mapped_column(index=True)
    grade: Mapped[str] = mapped_column(String(10))
    occurred_at: Mapped[datetime] = mapped_column(DateTime)
    matter_kind: Mapped[str] = mapped_column(String(20))
    matter: Mapped[str] = mapped_column(String(100))
    handler: Mapped[str] = mapped_column(String(30))
    situation: Mapped[str] = mapped_column(String(1000))
    call_back: Mapped[bool]
    lawful: Mapped[str | None] = mapped_column(String(10))
    attitude: Mapped[str | None] = mapped_column(String(10))
    efficiency: Mapped[str | None] = mapped_column(String(10))
    integrity: Mapped[str | None] = mapped_column(String(10))
    promises: Mapped[str | None] = mapped_column(String(10))


class Counter(Base):
    """How many forms gave a target a grade."""

    __tablename__ = "counter"

    target: Mapped[int] = mapped_column(primary_key=True)
    grade: Mapped[str] = mapped_column(String(10), primary_key=True)
    count: Mapped[int]


class PlainForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """The fields of the instant form."""

    target = IntegerField(validators=[InputRequired(), NumberRange(1, 1_000_000)])
    grade = RadioField(choices=[(grade, grade) for grade in GRADES], validators=[InputRequired()])
    occurred_at = DateTimeLocalField(validators=[InputRequired()])
    matter_kind = SelectField(choices=[(kind, kind) for kind in KINDS])
    matter = StringField(validators=[InputRequired(), Length(max=100)])
    handler = StringField(validators=[Length(max=30)])
    situation = TextAreaField(validators=[Length(max=1000)])
    call_back = BooleanField()


for aspect in ASPECTS:
    setattr(
        PlainForm,
        aspect,
        RadioField(choices=[(grade, grade) for grade in GRADES], validators=[Optional()], default=None),
    )


def make_floor_engine(url: str) -> Engine:
    """The plain recipe: durable commits, no queue of our own."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=10)
    from pysqlite3 import dbapi2

    engine = create_engine(url, module=dbapi2, pool_size=10)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=20000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def create_floor() -> Flask:
    """The floor as an application; its database is named by BENCH_FLOOR_DATABASE."""
    app = Flask("floor")
    app.config.update(SECRET_KEY=os.environ["BENCH_FLOOR_DATABASE"], WTF_CSRF_TIME_LIMIT=None)
    engine = make_floor_engine(os.environ["BENCH_FLOOR_DATABASE"])
    app.extensions["engine"] = engine

    def take(*, counted: bool) -> Response | str | tuple[str, int]:
        form = PlainForm()
        if not form.validate_on_submit():
            return render_template_string(_PAGE, form=form), 400 if form.is_submitted() else 200
        values = {name: value for name, value in form.data.items() if name != "csrf_token"}
        with Session(engine) as session:
            session.add(Plain(**values))
            session.flush()
            if counted:
                _count(session, values["target"], values["grade"])
            session.commit()
        return redirect("/plain")

    app.add_url_rule("/plain", "plain", lambda: take(counted=False), methods=["GET", "POST"])
    app.add_url_rule("/counted", "counted", lambda: take(counted=True), methods=["GET", "POST"])
    return app


def _count(session: Session, target: int, grade: str) -> None:
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = make(Counter).values(target=target, grade=grade, count=1)
    session.execute(
        row.on_conflict_do_update(index_elements=["target", "grade"], set_={"count": Counter.count + 1})
    )
