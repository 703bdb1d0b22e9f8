"""What a start may load before its first page: whatever else is loaded makes everyone wait."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import sqlite_copy

ROOT = Path(__file__).resolve().parents[2]

#: Packages of ours and libraries that the front page and the login page must do without.
NOT_AT_START = {
    "admin", "api", "forms", "notices", "packs", "scoring", "workflow",
    "PIL", "aiohttp", "alembic", "cryptography", "flask_admin", "fontTools", "json_logic", "lxml", "openpyxl", "psycopg", "pydantic",
    "pyhanko", "segno", "transitions", "weasyprint", "yaml",
}  # fmt: skip

FIRST_PAGES = """
import json, sys
from app import create_front
from cli import db, demo, first_start
front = create_front()
db.stored_revision(front.extensions["engine"]), db.newest_revision()
client = front.test_client()
answers = [client.get(path).status_code for path in ("/", "/public", "/account/login", "/healthz")]
print(json.dumps({"answers": answers, "modules": sorted(sys.modules)}))
"""


def test_first_pages_load_nothing_they_do_not_show(sqlite_template: Path, tmp_path: Path) -> None:
    environment = {
        "PINGDU_DATA": str(tmp_path),
        "PINGDU_DATABASE_URL": sqlite_copy(sqlite_template, tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAGES],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["answers"] == [302, 200, 200, 200]
    loaded = {name for name in found["modules"] if name.partition(".")[0] in NOT_AT_START}
    assert not loaded, f"loaded before the first page: {sorted(loaded)}"
