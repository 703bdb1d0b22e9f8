"""The good pack has no fault; each small fault put into it is found at its place."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from definitions.fault import DefinitionFaults
from definitions.source import read_yaml
from packs.__main__ import main
from packs.pack import load_pack, pack_from, read_folder

ROOT = Path(__file__).resolve().parents[3]
PACK = ROOT / "packs" / "district-2012"
CASES = yaml.safe_load((ROOT / "tests" / "cases" / "packs" / "broken.yaml").read_text("utf-8"))


@cache
def good_files() -> dict[str, bytes]:
    return read_folder(PACK)


def patched(case: dict[str, Any]) -> dict[str, bytes]:
    files = dict(good_files())
    if "text" in case:
        files[case["file"]] = case["text"].encode()
    elif "at" not in case:
        del files[case["file"]]
    else:
        document = read_yaml(files[case["file"]].decode(), name=case["file"])
        put(document, case["at"], case)
        files[case["file"]] = yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode()
    return files


def put(document: Any, at: str, case: dict[str, Any]) -> None:
    steps = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", at)]
    for step in steps[:-1]:
        document = document[step]
    if "put" in case:
        document[steps[-1]] = case["put"]
    else:
        del document[steps[-1]]


def matches(place: str, expected: str) -> bool:
    return fnmatchcase(
        place.replace("[", "<").replace("]", ">"), expected.replace("[", "<").replace("]", ">")
    )


def test_the_pack_of_the_plan_is_sound() -> None:
    pack = load_pack(PACK)
    assert pack.key == "district-2012"
    assert set(pack.forms) >= {"instant", "comprehensive", "inspection", "concentrated"}
    assert "rectification" in pack.workflows


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_fault_is_found_at_its_place(case: dict[str, Any]) -> None:
    with pytest.raises(DefinitionFaults) as caught:
        pack_from(patched(case))
    places = [fault.place for fault in caught.value.faults]
    for expected in case["expect"]:
        assert any(matches(place, expected) for place in places), caught.value
    for fault in caught.value.faults:
        if "also" not in case:
            assert any(matches(fault.place, expected) for expected in case["expect"]), fault


def test_faults_of_several_files_come_at_once() -> None:
    files = dict(good_files())
    files["calendar.yaml"] = b"key: calendar"
    files["pack.yaml"] = b"key: district-2012"
    with pytest.raises(DefinitionFaults) as caught:
        pack_from(files)
    assert {fault.place.partition(":")[0] for fault in caught.value.faults} == {"calendar.yaml", "pack.yaml"}


def test_what_a_campaign_freezes_of_the_cover() -> None:
    settings = load_pack(PACK).campaign_settings()
    assert settings["series"]["rectification"] == "效整改"
    assert settings["calendar"]["key"] == "calendar"
    assert settings["calendar"]["day_ends"] == "17:30"
    assert [channel["key"] for channel in settings["channels"]][:2] == ["complaint", "monitoring"]
    assert settings["answer_working_days"] == 15
    assert settings["organ"]["demonstration"] is True


def test_the_command_says_that_a_pack_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(PACK)]) == 0
    assert capsys.readouterr().out.startswith("方案包完好")


def test_the_command_lists_every_fault_and_exits_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in good_files().items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    path = tmp_path / "notices" / "reminder.yaml"
    path.write_text(path.read_text("utf-8").replace("series: rectification", "series: letters"), "utf-8")
    assert main(["check", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[0] == "notices/reminder.yaml: series: 封面里没有编号序列“letters”"


def test_the_command_says_that_a_folder_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "nowhere"]) == 2
    assert "没有这个目录" in capsys.readouterr().err
