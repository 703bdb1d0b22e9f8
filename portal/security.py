"""What every answer tells the browser, and how large a request may be."""

from __future__ import annotations

import secrets

from flask import Flask, Response, abort, current_app, g, request, session

from settings import MEGABYTE

#: Everything is refused, then what our pages need is granted.
CONTENT_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "manifest-src": "'self'",
    "object-src": "'none'",
}

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}

#: How much of a refused request is still read, so that the browser sees the answer and not a broken line.
DRAINED = 64 * MEGABYTE


def allow_chart_styles() -> None:
    """For pages with ECharts, whose tooltips write style attributes."""
    g.chart_styles = True


def script_nonce() -> str:
    """A nonce for this answer's inline scripts; for Flask-Admin's own pages alone."""
    if "script_nonce" not in g:
        g.script_nonce = secrets.token_urlsafe(16)
    nonce: str = g.script_nonce
    return nonce


def init_security(app: Flask) -> None:
    """Limit requests, and put the headers on every answer."""
    app.before_request(_limit_text)
    app.after_request(_set_headers)


def _limit_text() -> None:
    """A request without files has a tighter limit than one with photos."""
    if request.mimetype == "multipart/form-data":
        return
    limit: int = current_app.config["MAX_FORM_MEMORY_SIZE"]
    request.max_content_length = limit
    if request.content_length is not None and request.content_length > limit:
        abort(413)


def _set_headers(response: Response) -> Response:
    if response.status_code == 413:
        drain()
        response.headers["Connection"] = "close"
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _policy())
    if current_app.config["PINGDU_HTTPS"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        _set_caching(response)
    return response


def _set_caching(response: Response) -> None:
    """Private pages stay in no cache; public ones are asked for anew each time."""
    if "Cache-Control" in response.headers:
        return
    public = g.get("public", False) and request.method == "GET" and not session.accessed
    response.headers["Cache-Control"] = "no-cache" if public else "no-store"
    response.vary.add("Cookie")


def _policy() -> str:
    policy = dict(CONTENT_POLICY)
    if "script_nonce" in g:
        policy["script-src"] += f" 'nonce-{g.script_nonce}'"
        policy["style-src"] += f" 'nonce-{g.script_nonce}'"
    if g.get("chart_styles"):
        policy["style-src-attr"] = "'unsafe-inline'"
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def drain() -> None:
    """Read what the browser is still sending, up to a limit, and forget it."""
    stream = request.environ["wsgi.input"]
    left = min(request.content_length or 0, DRAINED)
    while left > 0:
        chunk = stream.read(min(left, 256 * 1024))
        if not chunk:
            return
        left -= len(chunk)
