"""What happened, to look at, filter and take along: never to be edited behind the services' back."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import defer, joinedload

from admin.base import SafeModelView
from admin.filters import Contains, Exactly, Number, OneOf, OneRow
from admin.lists import campaign_choices, entry_choices, target_choices
from models.case import Case, CaseStep, Deduction
from models.notice import Notice
from models.people import Role
from models.rating import BallotRound, Rating
from models.roster import Target
from portal.access import current_actor
from portal.database import database
from portal.notice_words import notice_state
from services.campaign_words import grade_names, kind_names, method_names, state_names, trigger_names
from services.case_rights import hidden_from, shown_case

GROUP = _l("台账（只读）")

#: Who reads what happened; none of them writes here.
EVIDENCE = (Role.ADMIN, Role.HEAD, Role.AUDITOR)


def _full_name(_view: Any, _context: Any, row: Any, _name: str) -> str:
    return f"{row.target.unit.name} · {row.target.name}" if row.target is not None else "—"


class EvidenceView(SafeModelView):
    """A table nobody writes. Large: no counting, no searching; filters use indexes."""

    readers: tuple[Role, ...] = EVIDENCE
    column_default_sort: Any = ("id", True)
    column_sortable_list: Any = ()
    simple_list_pager = True


class _OfTarget(OneRow):
    """A target within the newest campaigns: the index begins with the campaign."""

    def apply(self, query: Any, value: str, _alias: Any = None) -> Any:
        campaigns = [int(number) for number, _name in campaign_choices()]
        return query.filter(Rating.campaign_id.in_(campaigns), Rating.target_id == int(value))


class RatingView(EvidenceView):
    """Ratings that are not secret; who rated is shown to the head alone."""

    lead = _l("不记名的集中测评选票另列一表。修订和作废请在测评页面办理，须经两人。")
    loading = (
        joinedload(Rating.target).joinedload(Target.unit),
        joinedload(Rating.monitor),
        joinedload(Rating.form),
    )
    column_list = (
        "id", "happened_on", "target", "method", "grade", "period", "source", "counted", "revision", "submitted_at",
    )  # fmt: skip
    column_details_list = (*column_list, "form")
    column_labels = {
        "id": _l("编号"),
        "happened_on": _l("测评日期"),
        "target": _l("测评对象"),
        "method": _l("测评方式"),
        "grade": _l("档次"),
        "period": _l("月份"),
        "source": _l("监测点"),
        "counted": _l("计入"),
        "revision": _l("第几稿"),
        "submitted_at": _l("提交时间"),
        "form": _l("表单"),
    }
    column_formatters = {
        "target": _full_name,
        "source": lambda _view, _context, row, _name: _monitor_of(row),
    }
    column_formatters_detail = column_formatters_export = column_formatters
    column_filters = (
        _OfTarget(Rating.target_id, _l("测评对象"), target_choices),
        Number(Rating.id, _l("编号")),
    )

    def restrict(self, query: Any) -> Any:
        """Ballots of a secret round are not among them: their neighbours' times would tell theirs."""
        return query.filter(Rating.round_id.is_(None))

    def shown_names(self) -> dict[str, dict[str, str]]:
        """See `SafeModelView.shown_names`."""
        return {"method": method_names(database.session), "grade": grade_names(database.session)}


def _monitor_of(row: Rating) -> Any:
    if row.monitor is None:
        return "—"
    return row.monitor.name if current_actor().has(Role.HEAD) else _l("（保密）")


class BallotView(EvidenceView):
    """Ballots of the concentrated evaluation: no number, no time, no person; in an order that tells nothing."""

    lead = _l("选票不记名：不显示编号、时间和次序，只在投票结束后列出。")
    can_view_details = False
    loading = (joinedload(Rating.target).joinedload(Target.unit),)
    column_list = ("target", "method", "grade", "happened_on", "counted")
    column_labels = RatingView.column_labels
    column_formatters = {"target": _full_name}
    column_formatters_detail = column_formatters_export = column_formatters
    column_default_sort = [("campaign_id", True), ("target_id", False), ("method", False), ("grade", False)]
    column_filters = (_OfTarget(Rating.target_id, _l("测评对象"), target_choices),)

    def restrict(self, query: Any) -> Any:
        """Ballots of rounds that are closed, when their rows have been written anew in random order."""
        return query.filter(Rating.round_id.in_(_closed_rounds()))

    def shown_names(self) -> dict[str, dict[str, str]]:
        """See `SafeModelView.shown_names`."""
        return {"method": method_names(database.session), "grade": grade_names(database.session)}


def _closed_rounds() -> Any:
    return select(BallotRound.id).where(BallotRound.closed_at.is_not(None))


class CaseView(EvidenceView):
    """Cases; steps are taken on the officer's desk."""

    simple_list_pager = False
    lead = _l("每起问题一件一号。办理请到督办工作台。")
    loading = (
        joinedload(Case.target).joinedload(Target.unit),
        joinedload(Case.campaign),
        joinedload(Case.opened_by),
    )
    column_list = ("number", "title", "target", "state", "channel", "found_on", "opened_at", "ended_at")
    column_details_list = (
        *column_list, "campaign", "problem", "facts", "requirement", "basis", "grave", "opened_by", "changed_at",
    )  # fmt: skip
    column_export_list = (*column_list, "campaign", "grave", "changed_at")
    column_sortable_list = ("number", "opened_at")
    column_labels = {
        "number": _l("编号"),
        "title": _l("事项"),
        "target": _l("测评对象"),
        "state": _l("状态"),
        "channel": _l("发现渠道"),
        "found_on": _l("发现日期"),
        "opened_at": _l("立案时间"),
        "ended_at": _l("办结时间"),
        "campaign": _l("测评活动"),
        "problem": _l("问题类别"),
        "facts": _l("查明的事实"),
        "requirement": _l("整改要求"),
        "basis": _l("依据"),
        "grave": _l("情节严重"),
        "opened_by": _l("立案人"),
        "changed_at": _l("状态变动"),
    }
    column_formatters = {"target": _full_name}
    column_formatters_detail = column_formatters_export = column_formatters
    column_filters = (
        Contains(Case.number, _l("编号")),
        Contains(Case.title, _l("事项")),
        OneRow(Case.target_id, _l("测评对象"), target_choices),
        OneOf(Case.state, _l("状态"), lambda: list(state_names(database.session).items())),
        OneRow(Case.campaign_id, _l("测评活动"), campaign_choices),
    )

    def shown_names(self) -> dict[str, dict[str, str]]:
        """See `SafeModelView.shown_names`."""
        return {
            "state": state_names(database.session),
            "channel": dict(entry_choices("channels")),
            "problem": dict(entry_choices("problems")),
        }

    def _get_field_value(self, model: Any, name: Any) -> Any:
        """Without what the procedure hides from the reader in the state where the case stands."""
        hidden = hidden_from(database.session, current_actor(), model)
        return super()._get_field_value(shown_case(model, hidden), name)


def _case_number(_view: Any, _context: Any, row: Any, _name: str) -> str:
    return row.case.number if row.case is not None else "—"


class StepView(EvidenceView):
    """Steps of cases."""

    lead = _l("整改事项的每一步：何人何时依何规定由何状态转入何状态。")
    loading = (joinedload(CaseStep.case),)
    column_list = (
        "case",
        "position",
        "trigger",
        "from_state",
        "to_state",
        "actor_name",
        "effective_at",
        "source",
    )
    column_details_list = (*column_list, "recorded_at", "note")
    column_export_list = column_details_list
    column_labels = {
        "case": _l("事项编号"),
        "position": _l("第几步"),
        "trigger": _l("办理"),
        "from_state": _l("原状态"),
        "to_state": _l("新状态"),
        "actor_name": _l("经办"),
        "effective_at": _l("生效时间"),
        "recorded_at": _l("登记时间"),
        "note": _l("说明"),
        "source": _l("依据"),
    }
    column_formatters = {"case": _case_number}
    column_formatters_detail = column_formatters_export = column_formatters

    column_filters = ()

    def get_filters(self) -> Any:
        """Steps of one case, by its number."""
        return [_OfCase(CaseStep.case_id, _l("事项编号"))]

    def shown_names(self) -> dict[str, dict[str, str]]:
        """See `SafeModelView.shown_names`."""
        states = state_names(database.session)
        return {"trigger": trigger_names(database.session), "from_state": states, "to_state": states}


class _OfCase(Exactly):
    """Rows of the case whose number was typed."""

    def apply(self, query: Any, value: str, _alias: Any = None) -> Any:
        number = select(Case.id).where(Case.number == value.strip()[:60]).scalar_subquery()
        return query.filter(self.column == number)


class DeductionView(EvidenceView):
    """The ledger of deductions."""

    lead = _l("扣分只增不改；撤销以反向记录冲回。")
    loading = (joinedload(Deduction.target).joinedload(Target.unit), joinedload(Deduction.case))
    column_list = ("booked_at", "case", "target", "tier", "kind", "points", "reason", "source")
    column_labels = {
        "booked_at": _l("登记时间"),
        "case": _l("事项编号"),
        "target": _l("测评对象"),
        "tier": _l("档"),
        "kind": _l("记录"),
        "points": _l("分值"),
        "reason": _l("理由"),
        "source": _l("依据"),
    }
    column_formatters = {"target": _full_name, "case": _case_number}
    column_formatters_detail = column_formatters_export = column_formatters
    column_filters = (
        OneRow(Deduction.campaign_id, _l("测评活动"), campaign_choices),
        OneRow(Deduction.target_id, _l("测评对象"), target_choices),
        _OfCase(Deduction.case_id, _l("事项编号")),
    )

    def shown_names(self) -> dict[str, dict[str, str]]:
        """See `SafeModelView.shown_names`."""
        return {
            "tier": state_names(database.session),
            "kind": {"booked": str(_l("扣分")), "reversed": str(_l("冲回"))},
        }


def _notice_state(_view: Any, _context: Any, row: Any, _name: str) -> str:
    return notice_state(row).words


class NoticeView(EvidenceView):
    """Issued documents."""

    lead = _l("文书一经印发，内容、编号和文件不再改变；作废的保留原号。")
    loading = (
        joinedload(Notice.target).joinedload(Target.unit),
        joinedload(Notice.case),
        joinedload(Notice.issued_by),
        joinedload(Notice.service),
        defer(Notice.frozen),
    )
    column_list = ("number", "title", "target", "case", "status", "issued_on", "issued_by")
    column_details_list = (*column_list, "kind", "sha256", "voided_at", "void_reason")
    column_labels = {
        "number": _l("文号"),
        "title": _l("标题"),
        "target": _l("测评对象"),
        "case": _l("事项编号"),
        "status": _l("状态"),
        "issued_on": _l("成文日期"),
        "issued_by": _l("经办"),
        "kind": _l("文种"),
        "sha256": _l("内容摘要"),
        "voided_at": _l("作废时间"),
        "void_reason": _l("作废理由"),
    }
    column_formatters = {"target": _full_name, "case": _case_number, "status": _notice_state}
    column_formatters_detail = column_formatters_export = column_formatters
    column_filters = (
        Exactly(Notice.number, _l("文号")),
        OneRow(Notice.target_id, _l("测评对象"), target_choices),
        _OfCase(Notice.case_id, _l("事项编号")),
    )

    def shown_names(self) -> dict[str, dict[str, str]]:
        """See `SafeModelView.shown_names`."""
        return {"kind": kind_names(database.session)}


VIEWS = (
    (RatingView, Rating, "ratings", _l("测评记录")),
    (BallotView, Rating, "ballots", _l("集中测评选票")),
    (CaseView, Case, "cases", _l("整改事项")),
    (StepView, CaseStep, "steps", _l("办理步骤")),
    (DeductionView, Deduction, "deductions", _l("扣分")),
    (NoticeView, Notice, "notices", _l("文书")),
)
