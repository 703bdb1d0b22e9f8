"""会签: every mode with every act, and the promises that hold whatever is done."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.panel import (
    Deed,
    Panel,
    PanelAct,
    PanelMode,
    PanelRefused,
    PanelStatus,
    SeatStatus,
    act,
    convene,
    panel_from,
    replayed,
)

PEOPLE = ("甲", "乙", "丙")
OTHERS = ("丁", "戊")
EVERYBODY = (*PEOPLE, *OTHERS)


def panel_of(mode: PanelMode, *, people: tuple[str, ...] = PEOPLE) -> Panel:
    return convene(mode, proposer="提", persons=people, share=Fraction(2, 3), at_least=2)


def do(
    panel: Panel, what: str, by: str, to: str | None = None, *, seat: str = "", before: bool = False
) -> Panel:
    return act(panel, Deed(PanelAct(what), by, seat or by, to, before), eligible=EVERYBODY)


def words(panel: Panel) -> str:
    """The panel in a line: who has said what, whose turn it is, how it stands."""
    said = {SeatStatus.WAITING: "?", SeatStatus.AGREED: "+", SeatStatus.REFUSED: "-"}
    seats = " ".join(f"{seat.person}{said[seat.status]}" for seat in panel.seats)
    return f"{seats} | {''.join(panel.turns)} | {panel.status.value}"


#: (mode, act, acts before) → what comes of 甲 (or 乙) doing it. One row for each pair of mode and act.
TABLE = [
    ("all", "agree", [], ("甲", None), "甲+ 乙? 丙? | 乙丙 | open"),
    ("any", "agree", [], ("甲", None), "甲+ 乙? 丙? |  | agreed"),
    ("ratio", "agree", [("agree", "乙")], ("甲", None), "甲+ 乙+ 丙? |  | agreed"),
    ("in_order", "agree", [], ("甲", None), "甲+ 乙? 丙? | 乙 | open"),
    ("all", "refuse", [], ("甲", None), "甲- 乙? 丙? |  | refused"),
    ("any", "refuse", [], ("甲", None), "甲- 乙? 丙? | 乙丙 | open"),
    ("ratio", "refuse", [("refuse", "乙")], ("甲", None), "甲- 乙- 丙? |  | refused"),
    ("in_order", "refuse", [], ("甲", None), "甲- 乙? 丙? |  | refused"),
    ("all", "transfer", [], ("甲", "丁"), "丁? 乙? 丙? | 丁乙丙 | open"),
    ("any", "transfer", [], ("甲", "丁"), "丁? 乙? 丙? | 丁乙丙 | open"),
    ("ratio", "transfer", [], ("甲", "丁"), "丁? 乙? 丙? | 丁乙丙 | open"),
    ("in_order", "transfer", [], ("甲", "丁"), "丁? 乙? 丙? | 丁 | open"),
    ("all", "delegate", [], ("甲", "丁"), "甲? 乙? 丙? | 甲乙丙 | open"),
    ("any", "delegate", [], ("甲", "丁"), "甲? 乙? 丙? | 甲乙丙 | open"),
    ("ratio", "delegate", [], ("甲", "丁"), "甲? 乙? 丙? | 甲乙丙 | open"),
    ("in_order", "delegate", [], ("甲", "丁"), "甲? 乙? 丙? | 甲 | open"),
    ("all", "add", [], ("甲", "丁"), "甲? 丁? 乙? 丙? | 甲丁乙丙 | open"),
    ("any", "add", [], ("甲", "丁"), "甲? 丁? 乙? 丙? | 甲丁乙丙 | open"),
    ("ratio", "add", [], ("甲", "丁"), "甲? 丁? 乙? 丙? | 甲丁乙丙 | open"),
    ("in_order", "add", [], ("甲", "丁"), "甲? 丁? 乙? 丙? | 甲 | open"),
    ("all", "remove", [("agree", "甲"), ("agree", "乙")], ("提", "丙"), "甲+ 乙+ |  | agreed"),
    ("any", "remove", [("refuse", "甲"), ("refuse", "乙")], ("提", "丙"), "甲- 乙- |  | refused"),
    ("ratio", "remove", [("agree", "甲")], ("提", "丙"), "甲+ 乙? | 乙 | open"),
    ("in_order", "remove", [("agree", "甲"), ("agree", "乙")], ("提", "丙"), "甲+ 乙+ |  | agreed"),
    ("all", "return", [("agree", "甲")], ("乙", "甲"), "甲? 乙? 丙? | 甲乙丙 | open"),
    ("any", "return", [("refuse", "甲")], ("乙", "甲"), "甲? 乙? 丙? | 甲乙丙 | open"),
    ("ratio", "return", [("agree", "甲")], ("乙", "提"), "甲+ 乙? 丙? |  | returned"),
    ("in_order", "return", [("agree", "甲"), ("agree", "乙")], ("丙", "甲"), "甲? 乙? 丙? | 甲 | open"),
    ("all", "recall", [("agree", "甲")], ("甲", None), "甲? 乙? 丙? | 甲乙丙 | open"),
    ("any", "recall", [("refuse", "甲")], ("甲", None), "甲? 乙? 丙? | 甲乙丙 | open"),
    ("ratio", "recall", [("refuse", "甲")], ("甲", None), "甲? 乙? 丙? | 甲乙丙 | open"),
    ("in_order", "recall", [("agree", "甲")], ("甲", None), "甲? 乙? 丙? | 甲 | open"),
    ("all", "withdraw", [], ("提", None), "甲? 乙? 丙? |  | withdrawn"),
    ("any", "withdraw", [], ("提", None), "甲? 乙? 丙? |  | withdrawn"),
    ("ratio", "withdraw", [], ("提", None), "甲? 乙? 丙? |  | withdrawn"),
    ("in_order", "withdraw", [], ("提", None), "甲? 乙? 丙? |  | withdrawn"),
    ("all", "advise", [("delegate", "甲", "丁")], ("丁", None), "甲? 乙? 丙? | 甲乙丙 | open"),
    ("any", "advise", [("delegate", "甲", "丁")], ("丁", None), "甲? 乙? 丙? | 甲乙丙 | open"),
    ("ratio", "advise", [("delegate", "甲", "丁")], ("丁", None), "甲? 乙? 丙? | 甲乙丙 | open"),
    ("in_order", "advise", [("delegate", "甲", "丁")], ("丁", None), "甲? 乙? 丙? | 甲 | open"),
]


@pytest.mark.parametrize(("mode", "what", "before", "who", "expected"), TABLE)
def test_every_mode_with_every_act(
    mode: str, what: str, before: list[tuple[str, ...]], who: tuple[str, str | None], expected: str
) -> None:
    panel = panel_of(PanelMode(mode))
    for earlier in before:
        panel = do(panel, *earlier)
    assert words(do(panel, what, *who)) == expected


def test_the_table_has_every_pair() -> None:
    assert {(mode, what) for mode, what, *_ in TABLE} == {
        (str(m), str(a)) for m in PanelMode for a in PanelAct
    }


@pytest.mark.parametrize(
    ("mode", "before", "deed", "code"),
    [
        ("in_order", [], ("agree", "乙"), "not_yet"),
        ("all", [], ("agree", "丁"), "no_seat"),
        ("all", [("agree", "甲")], ("agree", "甲"), "signed"),
        ("all", [("refuse", "甲")], ("agree", "乙"), "ended"),
        ("all", [], ("transfer", "甲", "乙"), "twice"),
        ("all", [], ("transfer", "甲", "提"), "proposer"),
        ("all", [], ("transfer", "甲", "己"), "not_eligible"),
        ("all", [], ("transfer", "甲"), "nobody"),
        ("all", [("delegate", "甲", "丁")], ("add", "乙", "丁"), "twice"),
        ("all", [], ("advise", "丁"), "not_asked"),
        ("all", [], ("remove", "甲", "乙"), "not_yours"),
        ("all", [("agree", "甲")], ("remove", "提", "甲"), "signed"),
        ("all", [("remove", "提", "丙")], ("remove", "提", "乙"), "too_few"),
        ("all", [("agree", "甲"), ("agree", "乙")], ("recall", "甲"), "acted_on"),
        ("all", [("agree", "甲")], ("withdraw", "提"), "acted_on"),
        ("all", [], ("withdraw", "甲"), "not_yours"),
        ("all", [], ("recall", "甲"), "not_signed"),
        ("all", [], ("return", "甲", "乙"), "not_signed"),
    ],
)
def test_what_is_refused_and_why(
    mode: str, before: list[tuple[str, ...]], deed: tuple[str, ...], code: str
) -> None:
    panel = panel_of(PanelMode(mode))
    for earlier in before:
        panel = do(panel, *earlier)
    with pytest.raises(PanelRefused) as refused:
        do(panel, *deed)
    assert refused.value.code == code
    assert refused.value.sentence


def test_whoever_added_a_signer_may_take_that_signer_off() -> None:
    panel = do(panel_of(PanelMode.IN_ORDER), "add", "甲", "丁", before=True)
    assert panel.turns == ("丁",)
    assert words(do(panel, "remove", "甲", "丁")) == "甲? 乙? 丙? | 甲 | open"


def test_a_substitute_signs_once_and_both_names_stay() -> None:
    panel = do(panel_of(PanelMode.ALL), "agree", "丁", seat="甲")
    assert panel.signers == ("甲", "丁")
    with pytest.raises(PanelRefused) as twice:
        do(panel, "agree", "丁", seat="乙")
    assert twice.value.code == "two_seats"
    with pytest.raises(PanelRefused) as seated:
        do(panel, "agree", "乙", seat="丙")
    assert seated.value.code == "two_seats"


@pytest.mark.parametrize(
    ("people", "code"),
    [(("甲", "甲"), "twice"), (("甲", "提"), "proposer"), (("甲",), "too_few"), ((), "too_few")],
)
def test_a_panel_needs_the_right_people(people: tuple[str, ...], code: str) -> None:
    with pytest.raises(PanelRefused) as refused:
        panel_of(PanelMode.ALL, people=people)
    assert refused.value.code == code


deeds = st.builds(
    lambda what, by, seat, to, before: Deed(what, by, seat or by, to, before),
    st.sampled_from(PanelAct),
    st.sampled_from((*EVERYBODY, "提")),
    st.sampled_from((None, *EVERYBODY)),
    st.sampled_from((None, *EVERYBODY, "提")),
    st.booleans(),
)


@settings(max_examples=300)
@given(st.sampled_from(PanelMode), st.lists(deeds, max_size=30))
def test_no_task_is_lost_and_none_is_there_twice(mode: PanelMode, wanted: list[Deed]) -> None:
    panel, done = panel_of(mode), []
    for deed in wanted:
        try:
            panel = act(panel, deed, eligible=EVERYBODY)
        except PanelRefused:
            continue
        done.append(deed)
        people = [seat.person for seat in panel.seats]
        assert len(set(people)) == len(people)
        assert not set(people) & set(panel.asked)
        assert panel.proposer not in people
        signed_by = [seat.signed_by for seat in panel.seats if seat.signed_by]
        assert len(set(signed_by)) == len(signed_by)
        assert bool(panel.turns) == (panel.status is PanelStatus.OPEN)
    assert panel_from(json.loads(json.dumps(panel.as_data()))) == panel
    assert replayed(panel_of(mode), done, eligible=EVERYBODY) == panel


@given(st.sampled_from(PanelMode), st.permutations(PEOPLE), st.lists(st.booleans(), min_size=3, max_size=3))
def test_the_outcome_is_that_of_the_count(mode: PanelMode, order: list[str], votes: list[bool]) -> None:
    """Whatever the order, all/any/ratio end as the votes say once everybody has had a turn."""
    panel, said = panel_of(mode), dict(zip(PEOPLE, votes, strict=True))
    for person in PEOPLE if mode is PanelMode.IN_ORDER else order:
        if panel.status is PanelStatus.OPEN:
            panel = do(panel, "agree" if said[person] else "refuse", person)
    agreed = sum(votes)
    enough = {PanelMode.ALL: 3, PanelMode.IN_ORDER: 3, PanelMode.RATIO: 2, PanelMode.ANY: 1}[mode]
    assert panel.status is (PanelStatus.AGREED if agreed >= enough else PanelStatus.REFUSED)
