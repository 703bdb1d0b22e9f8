"""Files people handed in: where this installation keeps them, and the one address that gives them out."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, current_app, request, send_file

from portal.access import SIGNED_IN, allow, current_actor
from portal.database import database
from services.attachment_access import attachment_for
from services.attachments import FileStore

#: What a browser may show by itself; everything else is saved.
_SHOWN = frozenset({"application/pdf", "image/jpeg"})


def file_store() -> FileStore:
    """The folder `files` in the data folder."""
    return FileStore(Path(current_app.config["PINGDU_DATA"]) / "files")


@allow(SIGNED_IN)
def attachment(attachment_id: int) -> Response:
    """One file for someone who may see what it belongs to; `?save` to keep it instead of looking at it."""
    row = attachment_for(database.session, current_actor(), attachment_id)
    path = file_store().existing(row.sha256, name=row.file_name)
    save = "save" in request.args or row.media_type not in _SHOWN
    return send_file(
        path,
        mimetype=row.media_type,
        as_attachment=save,
        download_name=row.file_name,
        etag=row.sha256,
        max_age=0,
    )


def init_files(app: Flask) -> None:
    """Register the address; `url_for("attachment", attachment_id=…)`."""
    app.add_url_rule("/files/<int:attachment_id>", "attachment", attachment)
