"""The index of an archive package as one page that any browser opens, without server, script or network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

_STYLE = (
    "body{font:16px/1.7 serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111}h1{font-size:1.5em}"
    "h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #999}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #999;padding:.35em .6em;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#f2f2f2}code{font-size:.8em}dl{display:grid;grid-template-columns:9em 1fr;gap:.3em 1em}"
    "dt{color:#555}dd{margin:0;white-space:pre-line}"
)
_FACTS = (
    ("unit", "单位"), ("target", "测评对象"), ("campaign", "测评活动"), ("channel", "发现渠道"),
    ("problem", "问题类别"), ("facts", "事实"), ("basis", "依据"), ("requirement", "整改要求"),
    ("found_on", "发现日期"), ("opened_at", "立案时间"),
    ("ended_at", "办结时间"), ("state", "办结状态"), ("points", "扣分合计"),
)  # fmt: skip
_STATUS = {"issued": "已印发", "served": "已送达", "voided": "作废", "superseded": "已被代替"}


def index_page(index: dict[str, Any]) -> str:
    """The page of a package; `index` as in index.json. Whatever people typed stands as text."""
    case = index["case"]
    title = f"{case['number']}　{case['title']}"
    facts = "".join(f"<dt>{label}</dt><dd>{escape(str(case[key]) or '—')}</dd>" for key, label in _FACTS)
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        "<p>一案一档归档包。各文件的校验值在 <code>SHA256SUMS</code> 中，"
        "解压后可用 <code>sha256sum -c SHA256SUMS</code> 核验；"
        f"全部数据在 <code>index.json</code> 中。</p><dl>{facts}</dl>"
        f"{_section('文书', ('文号', '文书', '标题', '成文日期', '状态', '送达'), map(_notice, index['notices']))}"
        f"{_section('佐证材料', ('文件', '类型', 'SHA-256'), map(_evidence, index['evidence']))}"
        f"{_section('办理经过', ('步骤', '办理人', '生效时间', '状态', '填写内容'), map(_step, index['steps']))}"
        f"{_section('扣分记录', ('扣分', '情形', '依据'), map(_entry, index['deductions']))}"
        f"{_section('日志', ('时间', '何人', '何事', '校验值'), map(_log, index['log']))}</body></html>\n"
    )


def _section(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    if not lines:
        return f"<h2>{title}</h2><p>无。</p>"
    head = "".join(f'<th scope="col">{word}</th>' for word in heads)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<h2>{title}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _link(path: str, text: str) -> str:
    return f'<a href="{escape(quote(path))}">{escape(text)}</a>'


def _notice(row: dict[str, Any]) -> list[str]:
    service = row["service"]
    served = f"{service['served_at'][:10]}　{service['receiver']}" if service else "—"
    status = _STATUS.get(row["status"], row["status"]) + (
        f"：{row['void_reason']}" if row["void_reason"] else ""
    )
    words = (row["kind"], row["title"], row["issued_on"], status, served)
    return [_link(row["path"], row["number"]), *map(escape, words)]


def _evidence(row: dict[str, Any]) -> list[str]:
    return [_link(row["path"], row["name"]), escape(row["media_type"]), f"<code>{row['sha256']}</code>"]


def _step(row: dict[str, Any]) -> list[str]:
    moved = f"{row['from']} → {row['to']}" if row["from"] and row["from"] != row["to"] else row["to"]
    answers = "<br>".join(f"{escape(label)}：{escape(text)}" for label, text in row["answers"]) or "—"
    return [*map(escape, (row["name"], row["who"], row["effective_at"], moved)), answers]


def _entry(row: dict[str, Any]) -> list[str]:
    return [escape(str(row[key])) for key in ("points", "reason", "source")]


def _log(row: dict[str, Any]) -> list[str]:
    return [*map(escape, (row["at"], row["who"], row["act"])), f"<code>{row['commitment'][:16]}…</code>"]
