"""Many documents at once: drawn on all processors, bound into one file, with sheets for their envelopes."""

from __future__ import annotations

import io
import multiprocessing
from pathlib import Path

import pdfplumber
import pytest

from notices.addresses import Letter, address_sheets
from notices.binding import bind
from notices.completeness import sample_of
from notices.pool import Drawing, close, draw, draw_many, part_size, processors
from tests.notices.kinds import kind_of


def drawings(count: int) -> list[Drawing]:
    kind = kind_of("deduction_notice")
    return [
        Drawing(kind, {**sample_of(kind), "number": f"效扣〔2012〕{n}号"}, None) for n in range(1, count + 1)
    ]


def test_a_pool_draws_the_same_bytes_in_the_same_order() -> None:
    wanted = drawings(6)
    try:
        drawn = draw_many(wanted, processes=2)
    finally:
        close()
    assert drawn == [draw(drawing) for drawing in wanted]
    assert multiprocessing.active_children() == [], "processes that hold the fonts stay at rest"


def test_a_part_keeps_every_processor_busy_and_few_results_in_memory() -> None:
    assert processors() * 10 <= part_size() <= max(20, processors() * 10)


@pytest.mark.parametrize("duplex", [False, True])
def test_files_are_bound_in_order_each_on_its_own_sheet(duplex: bool, tmp_path: Path) -> None:
    kind = kind_of("extension_reply")
    files = [draw(Drawing(kind, {**sample_of(kind), "number": f"效整改〔2012〕{n}号"}, None)) for n in (1, 2)]
    with pdfplumber.open(io.BytesIO(files[0])) as one:
        length = len(one.pages)
    target = tmp_path / "run.pdf"
    pages = bind(iter(files * 15), target, duplex=duplex)
    each = length + length % 2 if duplex else length
    assert pages == 30 * each
    with pdfplumber.open(target) as bound:
        for place in range(4):
            assert f"〔2012〕{place % 2 + 1}号" in bound.pages[place * each].extract_text()
    assert [path.name for path in tmp_path.iterdir()] == ["run.pdf"]


def test_an_address_stands_in_the_window() -> None:
    long = "某某区机关效能建设领导小组暨影响发展环境的干部作风突出问题集中整治活动办公室"
    letters = [
        Letter("区民政局", "区效能办", (("效扣〔2012〕1号", "扣分告知书"),)),
        Letter(long, "区效能办", ()),
    ]
    with pdfplumber.open(io.BytesIO(address_sheets(letters))) as pages:
        assert len(pages.pages) == 2
        for page in pages.pages:
            words = [char for char in page.chars if char["top"] < 280]
            assert min(char["x0"] for char in words) > 20 / 25.4 * 72
            assert max(char["x1"] for char in words) < 110 / 25.4 * 72
            assert min(char["top"] for char in words) > 48 / 25.4 * 72
            assert max(char["bottom"] for char in words) < 95 / 25.4 * 72
        assert "效扣〔2012〕1号" in pages.pages[0].extract_text()
