"""What a step newly asks is offered to the notices it issues by its label, and missed where no step asks it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from definitions.fault import DefinitionFaults
from definitions.source import read_yaml
from notices.completeness import sample_of
from notices.definition import placeholders
from notices.render import render_html
from notices.wording import read_aloud, written_down
from packs.pack import Pack, pack_from, read_folder
from packs.provision import issuers_of
from portal.designer.pages import value_lines

PACK = Path(__file__).resolve().parents[3] / "packs" / "district-2012"
KIND, FLOW = "notices/rectification_notice.yaml", "workflows/rectification.yaml"
NEW: list[dict[str, Any]] = [
    {"field": "witness", "label": "见证人", "type": "text", "required": True},
    {"field": "look_on", "label": "复查日期", "type": "date"},
    {"field": "papers", "label": "佐证材料", "type": "files"},
]


@cache
def files() -> dict[str, bytes]:
    return read_folder(PACK)


def pack_with(*, asks: list[dict[str, Any]], note: str, at: str = "issue") -> Pack:
    changed = dict(files())
    flow = read_yaml(changed[FLOW].decode(), name=FLOW)
    next(step for step in flow["triggers"] if step["key"] == at).setdefault("asks", []).extend(asks)
    kind = read_yaml(changed[KIND].decode(), name=KIND)
    kind["note"] = note
    for name, document in ((FLOW, flow), (KIND, kind)):
        changed[name] = yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode()
    return pack_from(changed)


def test_what_the_issuing_step_asks_is_offered_and_printed() -> None:
    pack = pack_with(asks=NEW, note="见证人：{填报·见证人}；{填报·复查日期}复查")
    kind, issuers = pack.notices["rectification_notice"], issuers_of(pack, "rectification_notice")
    assert {"填报·见证人", "填报·复查日期"} <= placeholders(kind)
    lines = {line.typed: line for line in value_lines(issuers)}
    assert lines["{填报·见证人}"].meaning == "见证人"
    assert lines["{填报·见证人}"].sources == ("本步骤填报的“见证人”",)
    assert lines["{填报·见证人}"].sure
    assert not lines["{填报·复查日期}"].sure
    assert "{填报·佐证材料}" not in lines
    assert "（样张）见证人" in render_html(kind, sample_of(kind), draft=False)


@pytest.mark.parametrize(("asks", "at"), [([], "issue"), (NEW, "close")], ids=["nowhere", "later"])
def test_a_kind_that_prints_what_no_step_before_it_asks_is_found(asks: list[dict[str, Any]], at: str) -> None:
    with pytest.raises(DefinitionFaults) as caught:
        pack_with(asks=asks, note="见证人：{填报·见证人}", at=at)
    [fault] = caught.value.faults
    assert fault.place == f"{KIND}: note"
    assert "步骤“下达整改通知”" in fault.what
    assert "没有“见证人”" in fault.what


def test_the_label_is_the_spelling() -> None:
    assert written_down("由{填报·见证人}见证，{主送单位}知悉") == "由{填报·见证人}见证，{unit}知悉"
    assert read_aloud("由{填报·见证人}见证，{unit}知悉") == "由{填报·见证人}见证，{主送单位}知悉"
