"""A procedure out of a file: the difference in words first, every fault with its place, nobody's change lost."""

from __future__ import annotations

import io
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Definition, DefinitionKind, DefinitionStatus
from models.people import Role
from tests.web.conftest import CarefulClient
from tests.web.test_procedures import DRAFT, act, admin, db, draft, hidden, office

__all__ = ["admin", "db", "draft", "office"]

IMPORT = f"{DRAFT}/import"


def kept(db: Session) -> dict[str, Any]:
    db.rollback()
    row = db.execute(
        select(Definition).where(
            Definition.kind == DefinitionKind.WORKFLOW, Definition.status == DefinitionStatus.DRAFT
        )
    ).scalar_one()
    document: dict[str, Any] = row.body["document"]
    return document


def bring(client: CarefulClient, document: Any, **more: str) -> Any:
    text = document if isinstance(document, str) else yaml.safe_dump(document, allow_unicode=True)
    return act(client, IMPORT, page=IMPORT, text=text, **more)


def test_a_file_goes_out_and_comes_back_the_same(draft: CarefulClient, db: Session) -> None:
    before = kept(db)
    exported = draft.get(f"{DRAFT}.yaml").text
    assert "文件与草稿完全一样" in bring(draft, exported).text
    changed = {**before, "key": "other", "states": [dict(state) for state in before["states"]]}
    changed["states"][0]["name"] = "已经登记"
    page = bring(draft, changed)
    assert page.status_code == 200
    assert "已经登记" in page.text.split("导入会改动")[1].split("</section>")[0]
    assert kept(db) == before  # shown, not done
    assert bring(draft, changed, sure="1").status_code == 302
    # The key stays that of the draft, whatever the file says.
    assert kept(db) == {**changed, "key": before["key"]}
    assert "已经登记" in draft.get(DRAFT).text
    assert act(draft, f"{DRAFT}/undo").status_code == 302
    assert kept(db) == before
    file = (io.BytesIO(exported.encode()), "p.yaml")
    page = act(draft, IMPORT, page=IMPORT, file=file)
    assert "文件与草稿完全一样" in page.text


def test_what_must_be_mended_is_said_before_it_is_brought_in(draft: CarefulClient, db: Session) -> None:
    before = kept(db)
    changed = {**before, "triggers": [dict(trigger) for trigger in before["triggers"]]}
    changed["triggers"][0]["to"] = "nowhere"
    page = bring(draft, changed)
    assert page.status_code == 200
    assert "导入后要改好的地方" in page.text
    assert bring(draft, changed, sure="1").status_code == 302
    assert draft.get(DRAFT).status_code == 200


def test_a_change_of_another_designer_is_not_lost(draft: CarefulClient, db: Session) -> None:
    page = draft.get(IMPORT).text
    seen = {name: hidden(page, name) for name in ("csrf_token", "seen")}
    first = {**kept(db), "name": "先改的名称"}
    second = yaml.safe_dump({**kept(db), "name": "后改的名称"}, allow_unicode=True)
    assert bring(draft, first, sure="1").status_code == 302
    refused = draft.post(IMPORT, data={**seen, "text": second, "sure": "1"})
    assert refused.status_code == 409
    assert "没有保存" in refused.text
    assert "后改的名称" in refused.text  # what was pasted stays
    assert kept(db)["name"] == "先改的名称"


SMALL = "key: a\nname: x\nversion: 1\ncalendar: c\ninitial: a\nsource: s\n"
HOSTILE = {
    "nothing": "",
    "no mapping": "- 1",
    "a broken line": "states: [",
    "only a number": "5",
    "code": "!!python/object/apply:os.system ['true']",
    "a reference": "a: &x [*x]",
    "references that multiply": "a: &a [x, x]\nb: &b [*a, *a]",
    "deep nesting": "a: " + "[" * 3_000 + "]" * 3_000,
    "a deep guard": SMALL + "triggers: [{guard: " + "{'!': " * 100 + "1" + "}" * 100 + "}]",
    "a key twice": "name: a\nname: b",
    "a strange key": SMALL + "states: []\ntriggers: []\nstrange: 1",
    "a number as key": SMALL + "1: 2",
    "no number": SMALL + "states: .nan",
    "a number without end": SMALL + "counts: " + "9" * 5_000,
    "a large number": SMALL + "counts: 99999999999",
    "a zero byte": SMALL + 'note: "a\\0b"',
    "half a character": SMALL + 'note: "\\ud800"',
    "states of a wrong kind": SMALL + "states: {a: 1}\ntriggers: 5",
    "too many states": SMALL + "states: [" + "{}, " * 101 + "]",
    "a raw zero byte": "name: \x00",
}


@pytest.mark.parametrize("sure", ["", "1"])
def test_a_bad_file_is_refused_with_the_place(draft: CarefulClient, db: Session, sure: str) -> None:
    before = kept(db)
    for name, text in HOSTILE.items():
        answer = bring(draft, text, **({"sure": "1"} if sure else {}))
        assert answer.status_code == 422, name
        assert 'role="alert"' in answer.text, name
    assert kept(db) == before
    large = act(draft, IMPORT, page=IMPORT, file=(io.BytesIO(b"a: " + b"x" * 400_001), "p.yaml"))
    assert large.status_code == 422
    foreign = act(draft, IMPORT, page=IMPORT, file=(io.BytesIO(b"\xff\xfe\x00"), "p.yaml"))
    assert foreign.status_code == 422


def test_every_fault_is_told_with_its_place(draft: CarefulClient, db: Session) -> None:
    document = kept(db)
    states = [dict(state) for state in document["states"]]
    states[1]["name"], states[2]["strange"] = 5, "x"
    page = bring(draft, {**document, "states": states, "source": ["<script>alert(1)</script>"]}).text
    for place in ("states[2].strange", "source"):
        assert f"<code>{place}</code>" in page, place
    assert "<script>alert" not in page


def test_only_the_administrator_brings_files_in(draft: CarefulClient, signed_in: Any) -> None:
    assert signed_in(Role.OFFICER, login="clerk").get(IMPORT).status_code == 403
