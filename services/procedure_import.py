"""从文件导入流程: a YAML file in the place of a draft, once its difference was shown; a step that can be taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from definitions.fault import DefinitionFaults, Fault
from definitions.source import read_yaml
from packs.diff import changes_between
from services.definition_drafts import MOST_BYTES
from services.definition_publishing import issued
from services.definition_versions import Document, Draft
from services.procedure_checks import inspected
from services.procedure_drafts import Hand, Unfit
from services.refusal import Refusal
from workflow.definition import Workflow
from workflow.foreign import sound_document

#: So many faults are told at once.
_MOST_FAULTS = 50


@dataclass(frozen=True)
class Difference:
    """What a file would change. changes: sentences. workflow: of the file. faults: those that it would bring along."""

    changes: tuple[str, ...]
    workflow: Workflow
    faults: tuple[Fault, ...]


def read_document(text: str, draft: Draft) -> Document:
    """A procedure out of a YAML text. Raises Unfit with every fault and its place: a line, or a part."""
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise Refusal("procedure_too_large", "文件太大，不像是一个流程。", 422)
    version = draft.document.get("version", draft.version)
    try:
        return sound_document(read_yaml(text, name="文件"), key=draft.key, version=version)
    except DefinitionFaults as refused:
        raise Unfit(refused.faults[:_MOST_FAULTS]) from refused


def difference_to(session: Session, draft: Draft, text: str) -> Difference:
    """What a YAML file would change of a draft; nothing is changed."""
    document = read_document(text, draft)
    pair = (issued(body, version=draft.version) for body in (draft.document, document))
    known = set(inspected(session, draft).faults)
    found = inspected(session, replace(draft, document=document))
    faults = tuple(fault for fault in found.faults if fault not in known)
    return Difference(tuple(changes_between(*pair)), found.workflow, faults)


def replace_draft(hand: Hand, draft: Draft, text: str) -> Draft:
    """All of the draft by a YAML file; DraftChanged when somebody else changed it after the page was opened."""
    document = read_document(text, draft)
    return hand.edit("导入文件", lambda _document: document)
