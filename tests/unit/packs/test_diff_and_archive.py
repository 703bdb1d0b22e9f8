"""Two packs are compared in words; a pack travels as one file that cannot be altered unseen."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest

from definitions.fault import DefinitionFaults
from packs.__main__ import main
from packs.archive import MANIFEST, ArchiveRefused, export_pack, import_pack, unpack
from packs.diff import difference
from packs.pack import Pack, pack_from, read_folder

PACK = Path(__file__).resolve().parents[3] / "packs" / "district-2012"


@cache
def good_files() -> dict[str, bytes]:
    return read_folder(PACK)


@cache
def good_pack() -> Pack:
    return pack_from(good_files())


@cache
def good_archive() -> bytes:
    return export_pack(PACK)


def changed(file: str, old: str, new: str) -> Pack:
    files = dict(good_files())
    text = files[file].decode()
    assert old in text
    files[file] = text.replace(old, new, 1).encode()
    return pack_from(files)


def test_nothing_differs_from_itself() -> None:
    assert difference(good_pack(), pack_from(good_files())) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        (
            "scheme.yaml",
            "不到位, points: 3",
            "不到位, points: 4",
            "计分方案“2012年区直单位内设机构测评计分方案”："
            "组成部分“整改情况”的扣分档“未按时间节点整改或整改不到位”的分值 3 → 4",
        ),
        (
            "dictionaries/inspection_ways.yaml",
            "  - {key: accompanied, name: 跟办}\n",
            "",
            "字典“明察暗访方式”：条目“跟办”删除",
        ),
        (
            "dictionaries/inspection_ways.yaml",
            "name: 跟办",
            "name: 全程跟办",
            "字典“明察暗访方式”：条目“跟办”的名称 “跟办” → “全程跟办”",
        ),
        (
            "dictionaries/matter_kinds.yaml",
            "entries:\n",
            "entries:\n  - {key: other, name: 其他}\n",
            "字典“事由类型”：条目“其他”新增",
        ),
        (
            "calendar.yaml", 'day_ends: "17:30"', 'day_ends: "18:00"',
            "工作日历“国务院放假安排工作日历”：截止时刻 “17:30” → “18:00”",
        ),
        (
            "roster.yaml", "  - {key: fire_1, unit: fire, name: 防火监督科}\n", "",
            "名册“测评活动名册”：测评对象“防火监督科”删除",
        ),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(file: str, old: str, new: str, sentence: str) -> None:
    assert difference(good_pack(), changed(file, old, new)) == [sentence]


def test_a_deeper_change_names_its_way() -> None:
    after = changed("scheme.yaml", "when: {below: 70}", "when: {below: 65}")
    (sentence,) = difference(good_pack(), after)
    assert sentence.endswith("结果运用“限期整改并问责”的条件·低于 70 → 65")


def test_whole_definitions_come_and_go() -> None:
    files = dict(good_files())
    files["dictionaries/weather.yaml"] = (
        "key: weather\nname: 天气\nversion: 1\nsource: 示例\nentries: [{key: rain, name: 雨}]".encode()
    )
    with_weather = pack_from(files)
    assert difference(good_pack(), with_weather) == ["字典“天气”新增"]
    assert difference(with_weather, good_pack()) == ["字典“天气”删除"]


def test_moving_an_entry_is_no_new_entry() -> None:
    line = "  - {key: telephone, name: 电话咨询}\n"
    files = dict(good_files())
    text = files["dictionaries/inspection_ways.yaml"].decode().replace(line, "") + line
    files["dictionaries/inspection_ways.yaml"] = text.encode()
    assert difference(good_pack(), pack_from(files)) == ["字典“明察暗访方式”：条目的顺序改变"]


def test_the_same_pack_always_gives_the_same_bytes() -> None:
    assert export_pack(PACK) == good_archive()


def test_a_pack_comes_back_as_it_was() -> None:
    pack, files = import_pack(good_archive())
    assert files == good_files()
    assert difference(good_pack(), pack) == []


def rezipped(change: Callable[[dict[str, bytes]], None]) -> bytes:
    source = zipfile.ZipFile(BytesIO(good_archive()))
    files = {name: source.read(name) for name in source.namelist()}
    change(files)
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return buffer.getvalue()


def listed(files: dict[str, bytes]) -> None:
    manifest = json.loads(files[MANIFEST])
    manifest["format"] = "another/9"
    files[MANIFEST] = json.dumps(manifest).encode()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "not_archive"),
    "text": (lambda: b"PK but not really", "not_archive"),
    "cut off": (lambda: good_archive()[:-200], "not_archive"),
    "too large": (lambda: b"PK" + bytes(11 * 1024 * 1024), "too_large"),
    "bomb": (lambda: rezipped(lambda files: files.update(big=bytes(41 * 1024 * 1024))), "too_large"),
    "altered": (lambda: rezipped(lambda files: files.update({"scheme.yaml": b"key: x"})), "altered"),
    "added": (lambda: rezipped(lambda files: files.update({"more.yaml": b"key: x"})), "not_listed"),
    "left out": (lambda: rezipped(lambda files: files.__delitem__("scheme.yaml")), "not_listed"),
    "no manifest": (lambda: rezipped(lambda files: files.__delitem__(MANIFEST)), "manifest"),
    "broken manifest": (lambda: rezipped(lambda files: files.update({MANIFEST: b"["})), "manifest"),
    "another format": (lambda: rezipped(listed), "manifest"),
    "climbing path": (lambda: rezipped(lambda files: files.update({"../evil": b"x"})), "names"),
    "absolute path": (lambda: rezipped(lambda files: files.update({"/etc/evil": b"x"})), "names"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_an_unsound_archive_is_refused(data: Callable[[], bytes], code: str) -> None:
    with pytest.raises(ArchiveRefused) as caught:
        unpack(data())
    assert caught.value.code == code
    assert "请" in caught.value.sentence


def test_an_unsound_pack_in_a_sound_archive_is_told_by_its_faults() -> None:
    from packs.archive import pack_bytes

    files = {**good_files(), "scheme.yaml": b"key: x"}
    with pytest.raises(DefinitionFaults):
        import_pack(pack_bytes(files, key="district-2012", version=1))


def test_the_command_exports_and_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "district-2012.pack"
    assert main(["export", str(PACK), str(file)]) == 0
    assert main(["diff", str(PACK), str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "两个方案包没有差别。"
    file.write_bytes(b"PK")
    assert main(["diff", str(PACK), str(file)]) == 2
    assert "不是方案包" in capsys.readouterr().err
