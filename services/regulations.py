"""The procedure in force as a regulation that everyone may read: clauses, drawing, and both as a PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.people import ROLE_NAMES
from notices.definition import NoticeKind
from scoring.definition import Scheme
from services.definitions import form_of, notice_kind_of, scheme_of, workflow_of
from services.notice_values import zh_day_of
from services.procedure_versions import ladder_in_words, points_in_words
from services.refusal import Refusal
from workflow.definition import Workflow
from workflow.picture import Picture, picture_of
from workflow.regulation import Article, Chapter, Names, regulation
from workflow.svg import svg


@dataclass(frozen=True)
class Regulation:
    """A procedure told in clauses. title: 整改督办规程. points: state → what it costs, in words."""

    title: str
    workflow: Workflow
    chapters: tuple[Chapter, ...]
    picture: Picture
    points: Mapping[str, str]


def regulation_of(session: Session, campaign: Campaign) -> Regulation:
    """The regulation that the campaign's procedure amounts to."""
    workflow = workflow_of(session, campaign.workflow_id)
    return told(workflow, _names(session, campaign))


def told(workflow: Workflow, names: Names) -> Regulation:
    """A procedure in clauses, also of a draft."""
    return Regulation(
        f"{workflow.name}规程",
        workflow,
        regulation(workflow, names),
        picture_of(workflow, names.points),
        names.points,
    )


def _names(session: Session, campaign: Campaign) -> Names:
    scheme: Scheme = scheme_of(session, campaign.scheme_id)
    kinds: dict[str, NoticeKind] = {
        key: notice_kind_of(session, number) for key, number in campaign.settings["notice_kinds"].items()
    }
    return Names(
        roles={role.value: name for role, name in ROLE_NAMES.items()},
        notices={key: kind.name for key, kind in kinds.items()},
        forms={key: form_of(session, number).name for key, number in campaign.settings["forms"].items()},
        points=points_in_words(scheme),
        ladder=ladder_in_words(scheme),
        values={
            **{f"category.{category.key}": category.name for category in scheme.categories},
            **{f"channel.{item['key']}": item["name"] for item in campaign.settings["channels"]},
        },
    )


def regulation_pdf(found: Regulation, *, organ: str, now: datetime, draft: bool = False) -> bytes:
    """The regulation with its drawing as PDF, by the engine that draws the notices."""
    from notices.fonts import FontsMissing
    from notices.refusal import NoticeRefused
    from notices.rulebook import Rulebook, render_rulebook

    book = Rulebook(
        title=found.title,
        organ=organ,
        edition=f"第{found.workflow.version}版，{zh_day_of(now)}由正在执行的流程生成",
        chapters=tuple(
            (f"{chapter.number}　{chapter.heading}", tuple(_article(article) for article in chapter.articles))
            for chapter in found.chapters
        ),
        figure=svg(found.picture, title=f"{found.workflow.name}流程图", font="GW Song"),
        figure_title=f"{found.workflow.name}流程图",
    )
    try:
        return render_rulebook(book, draft=draft)
    except FontsMissing as missing:
        raise Refusal("fonts_missing", "本机没有文书字库，请管理员运行 ./run 安装后再试。", 503) from missing
    except NoticeRefused as refused:
        raise Refusal(refused.code, refused.sentence, 422) from refused


def _article(article: Article) -> tuple[str, tuple[str, ...], str]:
    return article.number, article.paragraphs, article.source
