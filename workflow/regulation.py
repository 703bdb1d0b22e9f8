"""The procedure as a regulation: the clauses that an office would print, made from the definition that runs.

Every state, deadline, deduction and step has its clause, each with the clause of the plan it rests on; nothing stands
here that the running procedure does not do. So the printed rule and the running rule cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from definitions.expression import in_words
from workflow.definition import (
    PREVIOUS,
    SAME,
    Clock,
    Expression,
    FieldOr,
    IssueNoticeRule,
    PanelRule,
    RateRule,
    RepeatOffence,
    ReverseDeductionsRule,
    State,
    Suspension,
    Trigger,
    Workflow,
)
from workflow.diagram import labels_of
from workflow.panel import PanelMode
from workflow.repeat_offence import rule_in_words
from workflow.rights import rights_in_words
from workflow.vocabulary import ClockStart, ClockUnit, Firing

_PANELS = {
    PanelMode.ALL: "全部会签人同意",
    PanelMode.ANY: "其中一人同意",
    PanelMode.IN_ORDER: "全部会签人依次同意",
    PanelMode.RATIO: "",
}
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Names:
    """What other definitions call things. points: state → what it costs, in words (每起扣3分).

    ladder: how the deductions of one case count together; empty when nothing is deducted.
    values: names of what conditions compare with and other definitions list: ``channel.inspection`` → 明察暗访.
    """

    roles: Mapping[str, str] = field(default_factory=dict)
    notices: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, str] = field(default_factory=dict)
    ladder: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Article:
    """One clause. number: 第一条. about: state:KEY, step:KEY, pause:KEY or empty. source: what it rests on."""

    number: str
    heading: str
    paragraphs: tuple[str, ...]
    source: str
    about: str = ""


@dataclass(frozen=True)
class Chapter:
    """A heading with its clauses. number: 第一章."""

    number: str
    heading: str
    articles: tuple[Article, ...]


def numeral(number: int) -> str:
    """A number below a thousand in Chinese signs, as clauses are counted.

    >>> [numeral(n) for n in (1, 10, 11, 20, 21, 105, 110)]
    ['一', '十', '十一', '二十', '二十一', '一百零五', '一百一十']
    """
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        words += f"{'' if tens == 1 and not hundreds else _DIGITS[tens]}十"
    elif hundreds and ones:
        words += _DIGITS[0]
    return words + (_DIGITS[ones] if ones or not number else "")


def regulation(workflow: Workflow, names: Names) -> tuple[Chapter, ...]:
    """The whole regulation, clauses counted through all chapters."""
    teller = _Teller(workflow, names)
    parts = [
        ("总则", list(teller.general())),
        ("状态和期限", [teller.state(state) for state in workflow.states]),
        ("办理步骤", [teller.step(trigger) for trigger in workflow.triggers]),
        ("期限的停止计算", [teller.pause(suspension) for suspension in workflow.suspensions]),
    ]
    chapters: list[Chapter] = []
    count = 0
    for heading, drafts in parts:
        if not drafts:
            continue
        articles = []
        for draft in drafts:
            count += 1
            articles.append(
                Article(f"第{numeral(count)}条", draft.heading, draft.paragraphs, draft.source, draft.about)
            )
        chapters.append(Chapter(f"第{numeral(len(chapters) + 1)}章", heading, tuple(articles)))
    return tuple(chapters)


def plain_text(chapters: tuple[Chapter, ...]) -> str:
    """The regulation as text, one paragraph a line."""
    lines = []
    for chapter in chapters:
        lines.append(f"{chapter.number}　{chapter.heading}")
        for article in chapter.articles:
            lines.append(f"{article.number}　{article.paragraphs[0]}")
            lines += [f"　　{paragraph}" for paragraph in article.paragraphs[1:]]
            lines.append(f"　　（{article.source}）")
    return "\n".join(lines) + "\n"


class _Teller:
    """Says the parts of one procedure."""

    def __init__(self, workflow: Workflow, names: Names) -> None:
        self.workflow, self.names = workflow, names
        self.labels = {**labels_of(workflow), **names.values}

    # -- chapters

    def general(self) -> Iterator[Article]:
        workflow = self.workflow
        about = [f"为规范{workflow.name}的办理，依据{workflow.source}，制定本规程。"]
        if workflow.note:
            about.append(_sentence(workflow.note))
        yield _draft("依据", about, workflow.source)
        yield _draft(
            "期限的计算",
            ["期限按工作日历以工作日计算，起算当日不计入；最后一日于办公时间结束时届满。"],
            "实施口径",
        )
        ends = "、".join(f"“{state.name}”" for state in workflow.states if state.final)
        start = workflow.states_by_key[workflow.initial].name
        yield _draft("起止", [f"事项自立案起处于“{start}”状态，至{ends}之一为止办结。"], workflow.source)
        if workflow.repeat_offence is not None:
            yield self._repeat(workflow.repeat_offence)
        if self.names.ladder:
            yield _draft("扣分的计算", [self.names.ladder], workflow.source)

    def _repeat(self, rule: RepeatOffence) -> Article:
        counts = {count.key: count.label for count in self.workflow.counts}
        parts = rule_in_words(rule, counts, {state.key: state.name for state in self.workflow.states})
        if rule.note:
            parts.append(_sentence(rule.note))
        return _draft("屡查屡犯", parts, rule.source)

    def state(self, state: State) -> Article:
        parts = [self._entered(state)]
        if state.tier:
            parts.append(f"进入本状态的，{self.names.points.get(state.key) or f'记扣分档“{state.tier}”'}。")
        parts += [self._clock(clock) for clock in state.clocks]
        if state.holds_clocks:
            parts.append("处于本状态期间，原状态的期限停止计算；返回原状态的，按剩余工作日继续计算。")
        parts += self._effects(state)
        parts += rights_in_words(self.workflow, state, self.names.roles)
        if state.final:
            parts.append("本状态为终结状态，事项就此办结。")
        if state.note:
            parts.append(_sentence(state.note))
        return _draft(state.name, parts, state.source, f"state:{state.key}")

    def step(self, trigger: Trigger) -> Article:
        parts = [f"{trigger.name}，{self._who(trigger)}，{self._from(trigger)}{self._to(trigger)}"]
        if trigger.guard is not None:
            parts.append(f"办理本步骤，须符合下列条件：{self._condition(trigger.guard)}。")
        others = [self.workflow.triggers_by_key[key].name for key in trigger.four_eyes_with]
        if others:
            parts.append(f"办理过{_listed(others)}的人应当回避，由另一人办理。")
        if trigger.panel is not None:
            parts.append(self._panel(trigger.panel))
        must = [ask.label for ask in trigger.asks if ask.required]
        may = [ask.label for ask in trigger.asks if not ask.required]
        if must:
            optional = f"，可以填写{'、'.join(may)}" if may else ""
            parts.append(f"办理时应当填写{'、'.join(must)}{optional}。")
        elif may:
            parts.append(f"办理时可以填写{'、'.join(may)}。")
        parts += self._suspending(trigger)
        parts += self._effects(trigger)
        if trigger.note:
            parts.append(_sentence(trigger.note))
        return _draft(trigger.name, parts, trigger.source, f"step:{trigger.key}")

    def pause(self, suspension: Suspension) -> Article:
        raised = [rule.name for rule in self.workflow.triggers if rule.suspend == suspension.key]
        decided = [
            rule.name for rule in self.workflow.triggers if rule.during == suspension.key and rule.lift
        ]
        parts = [
            f"{suspension.name}：自{_listed(raised)}之时起，各期限停止计算，"
            f"至{_listed(decided, '或者')}之时恢复计算。"
        ]
        parts += [self._clock(clock) for clock in suspension.clocks]
        if suspension.note:
            parts.append(_sentence(suspension.note))
        return _draft(suspension.name, parts, suspension.source, f"pause:{suspension.key}")

    # -- sentences

    def _entered(self, state: State) -> str:
        by = [
            rule.name
            for rule in self.workflow.triggers
            if any(
                branch.state == state.key
                for source in self.workflow.sources_of(rule)
                for branch in self.workflow.branches_from(rule, source)
            )
        ]
        if state.key == self.workflow.initial:
            return f"“{state.name}”为初始状态，立案即进入。"
        return f"“{state.name}”，由{_listed(by, '或者')}进入。"

    def _clock(self, clock: Clock) -> str:
        begins = "自文书送达之日起" if clock.starts is ClockStart.SERVED else "自进入之日起"
        days = clock.words
        if isinstance(clock.length, FieldOr):
            days += "（办理时另行设定的，从其设定）"
        if clock.unit is ClockUnit.MONTHS:
            days += "（届满日为休息日的，顺延至其后第一个工作日）"
        text = f"{clock.label}的期限，{begins}{days}"
        if clock.then:
            text += f"；届满的，由系统办理“{self.workflow.triggers_by_key[clock.then].name}”"
        else:
            text += "；届满只作提醒，不产生其他后果"
        for reminder in clock.remind:
            when = (
                f"届满前{reminder.working_days_before}个工作日"
                if reminder.working_days_before
                else "届满当日"
            )
            acts = [f"发出《{self._notice(reminder.notice)}》"] if reminder.notice else []
            acts += [f"提醒{self._roles(reminder.tell, '和')}"] if reminder.tell else []
            text += f"；{when}{'并'.join(acts)}"
        return f"{text}。（{clock.source}）"

    def _who(self, trigger: Trigger) -> str:
        if trigger.by is Firing.TIMER:
            return "由系统在期限届满时自动办理"
        return f"由{self._roles(trigger.roles)}办理"

    def _from(self, trigger: Trigger) -> str:
        states = self.workflow.sources_of(trigger)
        running = [state.key for state in self.workflow.states if not state.final]
        if list(states) == running:
            return "事项办结以前均可办理，"
        return f"适用于处于{_listed([f'“{self._state(key)}”' for key in states], '或者')}的事项，"

    def _to(self, trigger: Trigger) -> str:
        if len(trigger.branches) == 1:
            only = trigger.branches[0].state
            if only == SAME:
                return "办理后状态不变。"
            return "办理后返回原状态。" if only == PREVIOUS else f"办理后进入“{self._state(only)}”。"
        words = []
        for branch in trigger.branches:
            terms = []
            if branch.sources:
                terms.append(f"来自{_listed([f'“{self._state(key)}”' for key in branch.sources], '或者')}")
            if branch.when is not None:
                terms.append(self._condition(branch.when))
            end = {SAME: "状态不变", PREVIOUS: "返回原状态"}.get(
                branch.state
            ) or f"进入“{self._state(branch.state)}”"
            words.append(f"{'，且'.join(terms)}的，{end}" if terms else f"其他情形，{end}")
        return f"办理后：{'；'.join(words)}。"

    def _panel(self, rule: PanelRule) -> str:
        share = f"不少于{rule.share}的会签人同意" if rule.share else _PANELS[rule.mode]
        text = f"本步骤提出后，由{self._roles(rule.roles, '和')}会签，会签人不少于{rule.at_least}人，{share}后办理"
        return f"{text}。（{rule.source}）"

    def _suspending(self, trigger: Trigger) -> Iterator[str]:
        pauses = self.workflow.suspensions_by_key
        if trigger.suspend:
            yield f"自本步骤办理之时起，因{pauses[trigger.suspend].name}停止计算各期限。"
        if trigger.during and trigger.lift:
            yield f"本步骤答复{pauses[trigger.during].name}，期限自此恢复计算。"

    def _effects(self, owner: State | Trigger) -> Iterator[str]:
        for rule in owner.effects:
            only = f"（{self._condition(rule.when)}的）" if rule.when is not None else ""
            if isinstance(rule, IssueNoticeRule):
                yield f"印发《{self._notice(rule.kind)}》{only}。"
            elif isinstance(rule, ReverseDeductionsRule):
                which = "最近一档扣分" if rule.which == "last" else "本起已记的全部扣分"
                yield f"以冲销分录撤回{which}{only}。"
            elif isinstance(rule, RateRule):
                yield f"填报《{self.names.forms.get(rule.form, rule.form)}》{only}。"
            elif rule.do == "resume_clocks":
                yield f"各期限按剩余工作日加上批准延长的工作日继续计算{only}。"
            elif rule.do == "tell":
                yield f"告知{self._roles(rule.roles, '和')}{only}：“{rule.text}”"
            elif rule.do == "serve":
                yield f"本状态以送达起算的期限，自送达之日起计算{only}。"

    def _condition(self, condition: Expression) -> str:
        return in_words(condition, self.labels).replace(" ", "")

    def _state(self, key: str) -> str:
        return self.workflow.states_by_key[key].name

    def _notice(self, key: str) -> str:
        return self.names.notices.get(key, key)

    def _roles(self, roles: tuple[str, ...], joint: str = "或者") -> str:
        return _listed([self.names.roles.get(str(role), str(role)) for role in roles], joint)


def _draft(heading: str, paragraphs: list[str], source: str, about: str = "") -> Article:
    return Article("", heading, tuple(paragraphs), source, about)


def _sentence(text: str) -> str:
    return text if text.endswith(("。", "！", "？", "”")) else f"{text}。"


def _listed(words: list[str], joint: str = "和") -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{'、'.join(words[:-1])}{joint}{words[-1]}"
