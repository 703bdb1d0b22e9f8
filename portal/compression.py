"""Style sheets, scripts and drawings travel compressed; pages do not.

A page holds its form's token beside words from its visitor; compressed together, the length of the answer could
tell the token. The files below hold no secret, and are most of what a phone has to fetch.
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Flask, Response, request

_KINDS = frozenset({"text/css", "text/javascript", "application/javascript", "image/svg+xml"})


def init_compression(app: Flask) -> None:
    """Compress static texts for browsers that can read it."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if request.endpoint != "static" or response.mimetype not in _KINDS:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or not request.accept_encodings["gzip"]:
        return response
    response.direct_passthrough = False
    response.set_data(_packed(response.get_data()))
    response.headers["Content-Encoding"] = "gzip"
    # The tag must differ from the plain file's; it changes with the content, as the address does.
    tag, _weak = response.get_etag()
    if tag:
        response.set_etag(f"{tag}-gzip", weak=True)
    return response


@lru_cache(maxsize=64)
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)
