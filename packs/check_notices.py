"""The kinds of notices against the rest of their pack: series, values that the issuing step has, who checks."""

from __future__ import annotations

from collections.abc import Iterator

from definitions.fault import Fault
from notices.definition import NoticeKind
from notices.needs import needs_of
from notices.vocabulary import VOCABULARY
from packs.parts import Pack, PartKind, placed
from packs.provision import Issuer, issuers_of


def notice_faults(pack: Pack) -> Iterator[Fault]:
    """Everything that a kind of notice names or needs and the rest of the pack does not have."""
    series = {entry.key for entry in pack.sheet.series}
    for key, kind in pack.notices.items():
        path = pack.path_of(PartKind.NOTICE_KIND, key)
        if kind.series not in series:
            yield Fault(f"{path}: series", f"封面里没有编号序列“{kind.series}”")
        issuers = issuers_of(pack, key)
        yield from (placed(path, fault) for fault in _unmet(kind, issuers))
        yield from (placed(path, fault) for fault in _unseen(kind, issuers))


def _unmet(kind: NoticeKind, issuers: tuple[Issuer, ...]) -> Iterator[Fault]:
    """A value that the document cannot do without, and that a step which issues it never has."""
    told: set[str] = set()
    for need in needs_of(kind):
        lacking = [
            issuer.words for issuer in issuers if need.name not in issuer.names and need.given <= issuer.names
        ]
        if lacking and need.name not in told:
            told.add(need.name)
            meaning = VOCABULARY[need.name].meaning
            yield Fault(need.place, f"{'、'.join(lacking)}印发时没有“{meaning}”，填不上这个值")


def _unseen(kind: NoticeKind, issuers: tuple[Issuer, ...]) -> Iterator[Fault]:
    """Nobody can look at the draft of a notice that a clock issues."""
    if kind.checked:
        for issuer in issuers:
            if not issuer.by_person:
                yield Fault("checked", f"{issuer.words}由系统自动印发，不能要求先核稿")
