"""The kinds of all packs, for tests that go over each."""

from __future__ import annotations

from pathlib import Path

from definitions.source import load_yaml
from notices.definition import NoticeKind, load_notice_kind

PACKS = Path(__file__).resolve().parents[2] / "packs"
FILES = sorted(PACKS.glob("*/notices/*.yaml"))


def kind_of(key: str) -> NoticeKind:
    return load_notice_kind(load_yaml(PACKS / "district-2012" / "notices" / f"{key}.yaml"))
