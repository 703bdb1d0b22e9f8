"""The front door, and what machines ask: is it well, how much has it done."""

from __future__ import annotations

import hmac
import time
from collections import Counter
from datetime import UTC, datetime

from flask import Flask, Response, abort, current_app, redirect, render_template, request, url_for
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from portal.access import PUBLIC, allow, visitor
from portal.clock import now
from portal.database import database
from portal.menu import menu_groups
from services.jobs import backlog_of

PLAIN = "text/plain; charset=utf-8"


@allow(PUBLIC)
def home() -> BaseResponse | str:
    """To one's own first page; visitors without an account see what is public."""
    asking = visitor()
    if asking is not None and asking.password_expired:
        return redirect(url_for("account.password"))
    if asking is None:
        front = "public.index"
        return redirect(url_for(front if front in current_app.view_functions else "account.login"))
    for group in menu_groups():
        for entry in group["entries"]:
            if entry["url"] != url_for("home"):
                return redirect(entry["url"])
    return render_template("account/welcome.html")


@allow(PUBLIC)
def healthz() -> Response:
    """`ok` when the database answers, else 503."""
    try:
        database.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return Response("database does not answer\n", status=503, content_type=PLAIN)
    return Response("ok\n", content_type=PLAIN)


@allow(PUBLIC)
def metrics() -> Response:
    """Counts since start, in the text form of Prometheus; for this machine or with the token."""
    if not _may_read_metrics():
        abort(403)
    counted: Counter[int] = current_app.extensions["answers"]
    lines = ["# TYPE pingdu_answers_total counter"]
    lines += [
        f'pingdu_answers_total{{status="{status}"}} {count}' for status, count in sorted(counted.items())
    ]
    lines += ["# TYPE pingdu_up_seconds gauge"]
    lines += [f"pingdu_up_seconds {time.monotonic() - current_app.extensions['started']:.0f}"]
    lines += _work_in_numbers()
    return Response("\n".join(lines) + "\n", content_type=PLAIN)


def _work_in_numbers() -> list[str]:
    """How much is due and how late it is, over all workers; and the heartbeat of the one in this process."""
    at = now()
    backlog = backlog_of(database.session, now=at)
    lines = [
        "# TYPE pingdu_jobs_due gauge",
        f"pingdu_jobs_due {backlog.due}",
        "# TYPE pingdu_jobs_late_seconds gauge",
        f"pingdu_jobs_late_seconds {backlog.late.total_seconds():.0f}",
        "# TYPE pingdu_jobs_given_up gauge",
        f"pingdu_jobs_given_up {backlog.given_up}",
    ]
    worker = current_app.extensions.get("worker")
    if worker is None:
        return lines
    beat = worker.heartbeat
    lines += ["# TYPE pingdu_worker_jobs_total counter", f"pingdu_worker_jobs_total {beat.done}"]
    lines += ["# TYPE pingdu_worker_failed_turns_total counter"]
    lines += [f"pingdu_worker_failed_turns_total {beat.failed_turns}"]
    if beat.turned_at is not None:
        lines += ["# TYPE pingdu_worker_last_turn_timestamp_seconds gauge"]
        lines += [f"pingdu_worker_last_turn_timestamp_seconds {beat.turned_at.timestamp():.0f}"]
    return lines


def _may_read_metrics() -> bool:
    token: str = current_app.config["PINGDU_METRICS_TOKEN"]
    if token:
        return hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {token}")
    return request.remote_addr in {"127.0.0.1", "::1"} and "X-Forwarded-For" not in request.headers


@allow(PUBLIC)
def style() -> str:
    """All components on one page, for whoever changes the look; only in development and tests."""
    return render_template(
        "components/style.html",
        sample_due=datetime(2026, 4, 29, 9, 30, tzinfo=UTC),
        sample_url=lambda page: f"{url_for('style')}?page={page}",
    )


def init_home(app: Flask) -> None:
    """Register the addresses at the root."""
    app.extensions["answers"] = Counter()
    app.extensions["started"] = time.monotonic()
    app.add_url_rule("/", "home", home)
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/metrics", "metrics", metrics)
    if app.testing or app.config["PINGDU_DEBUG"]:
        app.add_url_rule("/_style", "style", style)
    app.after_request(_count)


def _count(response: Response) -> Response:
    current_app.extensions["answers"][response.status_code] += 1
    return response
