"""A form on paper: blank, to be filled with a pen, or filled, to be kept. HTML for `forms/paper.css`.

On a blank form everything is shown: what the screen hides until it is asked says in words when to fill it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from markupsafe import Markup, escape

from definitions.expression import in_words
from forms.choices import ChoiceSource
from forms.context import Context
from forms.definition import FormDefinition
from forms.fields.base import Field
from forms.handwriting import Picture, remark, said


@dataclass(frozen=True)
class Surroundings:
    """What stands around the questions.

    organ: whose form it is. address: of the same form on the web, empty where there is none.
    mark: said at the top of every page (演示数据, 草稿), empty for none. serial: printed at the top right of a
    filled form; a blank one has a line to write it on. facts: (label, value) of a filled form, above the questions.
    ballot: set tightly, with room for a code at the top right of the first page instead of a line for the number.
    coded: a blank form has room for the one-time code of the card that comes with it.
    """

    organ: str
    address: str = ""
    mark: str = ""
    serial: str = ""
    facts: Sequence[tuple[str, str]] = ()
    ballot: bool = False
    coded: bool = False


@dataclass(frozen=True)
class _Sheet:
    """What one printing knows: the form, its lists, the words for conditions, and what goes beside a question."""

    form: FormDefinition
    context: Context
    labels: Mapping[str, str]
    cell: Callable[[Field], Markup]
    blank: bool


@dataclass
class _Run:
    """Questions beside each other in one table, until one takes the whole width."""

    rows: list[Markup] = field(default_factory=list)

    def taken(self) -> Markup:
        """The table of what was gathered; empty when nothing was."""
        rows, self.rows = self.rows, []
        return Markup('<table class="asked">{}</table>').format(Markup("").join(rows)) if rows else Markup("")


def style() -> str:
    """The style sheet of forms on paper."""
    return resources.files("forms").joinpath("paper.css").read_text(encoding="utf-8")


def blank_page(definition: FormDefinition, *, choices: ChoiceSource, around: Surroundings) -> str:
    """The form to be filled with a pen."""
    context = Context(choices)
    sheet = _Sheet(definition, context, _labels(definition, context), lambda spec: spec.blank(context), True)
    how = "请用黑色或蓝黑色笔填写，在□内打√。"
    if any(spec.required for spec in definition.fields):
        how += "标有＊的必须填写。"
    if around.coded:
        how += "请抄写卡片上的代码，或把卡片钉在表上；一张卡只收一份。"
    if around.ballot:
        how += "也可以扫右上方的码在手机上投；一票一码，两种只能用一种。"
    lead = Markup("{}{}").format(
        Markup('<p class="intro">{}</p>').format(definition.intro) if definition.intro else "",
        Markup('<p class="how">{}</p>')
        .format(how.replace("□", ""))
        .replace("在内", Markup('在<i class="box"></i>内')),
    )
    return _page(sheet, around, lead, definition.fields)


def filled_page(
    definition: FormDefinition,
    answers: Mapping[str, Any],
    *,
    choices: ChoiceSource,
    around: Surroundings,
    pictures: Mapping[str, Sequence[Picture]],
    with_empty: bool = False,
) -> str:
    """A filled form as it was made. pictures: by field. with_empty: also questions that were not answered."""
    context = Context(choices)

    def cell(spec: Field) -> Markup:
        answer = answers.get(spec.key)
        return (
            said("（未填写）") if answer is None else spec.filled(answer, context, pictures.get(spec.key, ()))
        )

    sheet = _Sheet(definition, context, _labels(definition, context), cell, False)
    facts = Markup("").join(Markup("<span>{}：{}</span>").format(*fact) for fact in around.facts)
    lead = Markup('<p class="facts">{}</p>').format(facts) if around.facts else Markup("")
    kept = definition.fields if with_empty else tuple(_answered(definition, answers))
    return _page(sheet, around, lead, kept)


def _labels(definition: FormDefinition, context: Context) -> dict[str, str]:
    """The words for conditions, entries of rosters and dictionaries among them."""
    listed = {
        f"{spec.key}.{entry.key}": entry.label
        for spec in definition.fields
        for entry in spec.options_for(context)
    }
    return {**listed, **definition.words_for_expressions()}


def _answered(definition: FormDefinition, answers: Mapping[str, Any]) -> Iterator[Field]:
    """The questions that were answered, and the headings that still have one below them."""
    waiting: list[Field] = []
    for spec in definition.fields:
        if spec.type == "page":
            waiting = [spec]
        elif spec.type == "section":
            waiting = [*(item for item in waiting if item.type == "page"), spec]
        elif spec.asks and answers.get(spec.key) is not None:
            yield from waiting
            waiting = []
            yield spec


def _page(sheet: _Sheet, around: Surroundings, lead: Markup, fields: Sequence[Field]) -> str:
    form = sheet.form
    body = Markup("").join(_body(sheet, fields))
    return str(
        Markup(
            '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title></head>'
            '<body class="{kind}">'
            '<div class="running"><span class="run-name">{title} · 第{version}版</span>'
            '<span class="run-organ">{organ}</span><span class="run-mark">{mark}</span></div>'
            "{head}{lead}{body}{foot}</body></html>"
        ).format(
            title=form.name,
            kind="ballot" if around.ballot else "form",
            version=form.version,
            organ=around.organ,
            mark=around.mark,
            head=_head(sheet, around),
            lead=lead,
            body=body,
            foot=_foot(form, blank=sheet.blank),
        )
    )


def _head(sheet: _Sheet, around: Surroundings) -> Markup:
    code = Markup("")
    if around.ballot:
        code = Markup('<div class="code"><div class="slot"></div><p>扫码投票</p></div>')
    elif around.address:
        code = Markup('<div class="code">{}<p>{}</p></div>').format(
            code_picture(around.address), "扫码在线填写" if sheet.blank else "扫码核对"
        )
    facts = [f"第{sheet.form.version}版"]
    if around.ballot:
        facts = [f"{label}：{value}" for label, value in around.facts]
    elif sheet.blank or around.serial:
        facts.append(Markup("编号：{}").format(around.serial or Markup('<i class="gap"></i>')))
    if around.coded and sheet.blank:
        facts.append(Markup('卡片代码：<i class="gap code-gap"></i>'))
    return Markup(
        '<header>{code}<p class="organ">{organ}</p><h1>{name}</h1><p class="meta">{facts}</p></header>'
    ).format(
        code=code,
        organ=around.organ,
        name=sheet.form.name,
        facts=Markup("").join(Markup("<span>{}</span>").format(fact) for fact in facts),
    )


def code_picture(text: str) -> Markup:
    """A text as a code to scan, drawn from lines; the text itself stays in its alternative text."""
    import segno

    drawn = segno.make(text, error="m", micro=False)
    return Markup(drawn.svg_inline(border=0, omitsize=True, title=text, svgclass=None))  # noqa: S704


def _foot(form: FormDefinition, *, blank: bool) -> Markup:
    privacy = Markup("")
    if form.privacy and blank:
        told = form.privacy
        privacy = Markup('<p class="privacy"><b>个人信息处理告知</b>　{}</p>').format(
            f"谁在收集：{told.who}　为了什么：{told.why}　收集什么：{told.what}　"
            f"保存多久：{told.how_long}　您的权利：{told.rights}"
        )
    return Markup('{}<p class="source">依据：{}</p>').format(privacy, form.source)


def _body(sheet: _Sheet, fields: Sequence[Field]) -> Iterator[Markup]:
    run = _Run()
    first = True
    for spec in fields:
        if spec.type in ("page", "section", "note") or spec.wide:
            yield run.taken()
        if spec.type == "page":
            turn = "" if first else " turn"
            yield _heading(sheet, spec, 2, f"page{turn}", "本页")
        elif spec.type == "section":
            yield _heading(sheet, spec, 3, "section", "本节")
        elif not spec.asks:
            yield Markup('<div class="note"><p>{}</p>{}{}</div>').format(
                spec.label, _hint(spec), _when(sheet, spec, "看")
            )
        elif spec.wide:
            yield Markup('<div class="bar">{}</div>{}').format(_asked(sheet, spec), sheet.cell(spec))
        else:
            run.rows.append(
                Markup("<tr><th>{}</th><td>{}</td></tr>").format(_asked(sheet, spec), sheet.cell(spec))
            )
        first = False
    yield run.taken()


def _heading(sheet: _Sheet, spec: Field, level: int, css_class: str, word: str) -> Markup:
    title = (
        Markup("<h2>{}</h2>").format(spec.label) if level == 2 else Markup("<h3>{}</h3>").format(spec.label)
    )
    return Markup('<div class="{css_class}">{title}{hint}{when}</div>').format(
        css_class=css_class,
        title=title,
        hint=_hint(spec),
        when=_when(sheet, spec, f"填写{word}"),
    )


def _hint(spec: Field) -> Markup:
    return remark(spec.hint)


def _when(sheet: _Sheet, spec: Field, act: str = "填写") -> Markup:
    if not sheet.blank or spec.visible_when is None:
        return Markup("")
    return Markup('<p class="when">仅当 {} 时{}</p>').format(in_words(spec.visible_when, sheet.labels), act)


def _asked(sheet: _Sheet, spec: Field) -> Markup:
    """The question with all that a reader of paper has to know; just its name on a filled form."""
    if not sheet.blank:
        return Markup('<p class="label">{}</p>').format(spec.label)
    must = Markup('<span class="must">＊</span>') if spec.required else Markup("")
    also = Markup("")
    if spec.required_when is not None:
        also = Markup('<p class="when">{} 时必填</p>').format(in_words(spec.required_when, sheet.labels))
    bounds = remark(spec.paper_remark(sheet.labels))
    return Markup('<p class="label">{}{}</p>{}{}{}{}').format(
        must, spec.label, _hint(spec), bounds, _when(sheet, spec), also
    )


__all__ = ["Picture", "Surroundings", "blank_page", "code_picture", "escape", "filled_page", "style"]
