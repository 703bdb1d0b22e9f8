"""The values a notice may show: name, Chinese meaning, type, sample. Services fill these; kinds use no others
but ``填报·label``, what a step of the procedure asks under that label.

Values are finished text as it is printed (dates ``2012年4月9日``, points ``3``), or rows of text for a table.
Samples are simulated: they show the layout and name no real person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from notices.template import ASKED


@dataclass(frozen=True)
class Placeholder:
    """One value.

    meaning: Chinese, shown to the designer and in 【缺：…】. fact: its type in conditions (a ValueType word).
    optional: may be blank on an issued document; what prints it then disappears or stays empty.
    columns: for rows of a table, column name to Chinese meaning; empty for text.
    """

    meaning: str
    sample: Any
    fact: str = "text"
    optional: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)


def _text(meaning: str, sample: str, **more: Any) -> Placeholder:
    return Placeholder(meaning, sample, **more)


_ISSUE: dict[str, Placeholder] = {
    "number": _text("发文字号", "效整改〔2012〕12号"),
    "org": _text("署名的发文机关", "青原区效能办"),
    "org_mark": _text("发文机关标志", "青原区效能办"),
    "office": _text("文中自称", "区效能办"),
    "issued_on": _text("成文日期", "2012年4月9日"),
    "signer": _text("签发人", "（样张）", optional=True),
    "cc": _text("抄送机关", "", optional=True),
    "contact": _text("联系人", "值班人员（样张）"),
    "phone": _text("联系电话", "0796-0000000"),
    "verify_url": _text("核验网址（印成二维码）", "https://example.invalid/notices/verify/7Q2M-K4PX-93"),
    "copy_number": _text("份号（六位数字）", "", optional=True),
    "secrecy": _text("密级和保密期限", "", optional=True),
    "urgency": _text("紧急程度", "", optional=True),
    "campaign": _text("测评活动名称", "2012年区直单位内设机构测评活动"),
    "year": _text("测评年度", "2012"),
    "plan": _text("活动方案名称", "《投诉中心测评活动方案》"),
    "clause": _text("所依据的方案条款", "《投诉中心测评活动方案》第六条第三款"),
}

_CASE: dict[str, Placeholder] = {
    "unit": _text("主送单位", "区民政局"),
    "target": _text("测评对象", "婚姻登记处"),
    "category": _text("测评对象所属类别", "综合管理类"),
    "person_in_charge": _text("测评对象主要负责人的称谓", "婚姻登记处主要负责人"),
    "case_number": _text("整改事项编号", "效整2012-012"),
    "repeat_grounds": _text("重复发生的依据", "12个月内同一问题已有1起：效案〔2026〕3号（实施口径）"),
    "case_title": _text("整改事项名称", "办事窗口服务效能问题"),
    "problem": _text("问题类别", "工作时间窗口无人值守、群众办事往返多次"),
    "facts": _text(
        "查明的事实",
        "2012年3月29日上午9时20分至10时05分，婚姻登记处2个对外窗口均无人值守，11名群众在大厅等候，窗口未放置去向告知牌；"
        "办事指南未列明所需材料，有2名群众因材料不全往返3次。",
    ),
    "basis": _text("所违反的规定", "公开服务承诺第二项“首问负责、一次性告知”"),
    "channel": _text("发现渠道", "明察暗访"),
    "found_on": _text("发现日期", "2012年3月29日"),
    "previous_number": _text("前文的发文字号", "效整改〔2012〕12号"),
    "previous_date": _text("前文的成文日期", "2012年4月9日"),
    "previous_name": _text("前文的名称", "整改通知书"),
    "grave": _text("是否严重事项", "否", fact="boolean", optional=True),
}

_TIME: dict[str, Placeholder] = {
    "deadline": _text("期限截止日", "2012年5月2日"),
    "deadline_words": _text("期限的完整说法", "自收到本通知之日起15个工作日内（即2012年5月2日前）"),
    "working_days": _text("期限的工作日数", "15", fact="number"),
    "remaining_working_days": _text("距期限还有的工作日数", "3", fact="number"),
    "overdue_days": _text("逾期的工作日数", "4", fact="number", optional=True),
    "granted_working_days": _text("准予延长的工作日数", "5", fact="number", optional=True),
    "new_deadline": _text("新的期限截止日", "2012年5月10日", optional=True),
    "explanation_working_days": _text("书面说明的工作日数", "10", fact="number"),
    "served_on": _text("送达日期", "2012年4月10日"),
    "closed_on": _text("办结日期", "2012年5月4日"),
}

_DECISION: dict[str, Placeholder] = {
    "shortfall": _text("逾期或未到位的情形", "窗口值守制度未建立，办事指南未公开所需材料清单", optional=True),
    "requirement": _text(
        "整改要求", "立即恢复窗口值守并公示去向告知制度，逐项公开所需材料清单，对责任人员作出处理"
    ),
    "points": _text("本起扣分", "3", fact="number"),
    "points_next": _text("再不到位的每起扣分", "5", fact="number"),
    "points_refusal": _text("拒不整改的每起扣分", "10", fact="number"),
    "points_total": _text("累计扣分", "3", fact="number"),
    "points_left": _text("整改情况得分余额", "17", fact="number"),
    "tier_words": _text("扣分情形", "未按时间节点整改或整改不到位"),
    "reason": _text("理由", "窗口改造工期须配合大厅整体施工，已提交施工合同和进度证明"),
    "granted": _text("是否准许或支持", "是", fact="boolean", optional=True),
    "refusal_facts": _text(
        "拒不整改的事实", "经二次督办后仍未恢复窗口值守，且书面答复“不再整改”，未说明理由", optional=True
    ),
    "conclusion": _text(
        "复核结论",
        "窗口值守制度已建立并执行，所需材料清单已公开，责任人员已作出处理，整改到位",
        optional=True,
    ),
    "plea": _text("陈述申辩内容", "因大厅改造，窗口暂时合并办公，已在原处张贴告示", optional=True),
    "appeal_words": _text(
        "申诉请求和理由", "认为扣分所依据的在岗情况与考勤记录不符，请求撤销扣分", optional=True
    ),
}

_RESULT: dict[str, Placeholder] = {
    "total": _text("总得分", "68.44", optional=True),
    "rank": _text("名次", "54"),
    "grade": _text("档次或等次", "优秀"),
    "pass_line": _text("合格分数线", "70", fact="number", optional=True),
    "praise_count": _text("每一类别表扬的名额", "6", fact="number"),
    "satisfaction_weight": _text("综合满意度所占百分比", "80", fact="number"),
    "rectification_weight": _text("整改情况所占百分比", "20", fact="number"),
    "rating_count": _text("有效测评次数", "12 460", fact="text"),
    "target_count": _text("测评对象数", "96", fact="text"),
    "unit_count": _text("参评单位数", "32", fact="text"),
    "method_words": _text(
        "测评方式及权重的说法",
        "监测点即时测评占20%，监测点综合测评占20%，明察暗访测评占10%，集中测评占50%",
    ),
    "outcome_words": _text("结果运用的说法", "评为满意科室，予以通报表扬"),
}

_ROWS: dict[str, Placeholder] = {
    "ranking_tables": Placeholder(
        "分类别名次表",
        [
            {
                "category": category,
                "rank": str(index + 1),
                "unit": unit,
                "target": target,
                "satisfaction": f"{96 - 2 * index}.{index}0%",
                "rectification": str(20 - 3 * (index % 2)),
                "total": f"{94 - 3 * index}.{index}2",
                "outcome": "满意科室" if index < 2 else "—",
            }
            for category, rows in (
                ("行政执法类", (("公安", "出入境办证窗口"), ("国税", "办税服务厅"), ("质监", "计量股"))),
                ("综合管理类", (("民政", "婚姻登记处"), ("卫生", "医政股"), ("发改", "项目审批股"))),
            )
            for index, (unit, target) in enumerate(rows)
        ],
        columns={
            "category": "类别",
            "rank": "名次",
            "unit": "单位",
            "target": "测评对象",
            "satisfaction": "综合满意度",
            "rectification": "整改得分",
            "total": "总得分",
            "outcome": "结果运用",
        },
    ),
    "commended": Placeholder(
        "表扬名单",
        [
            {
                "category": "行政执法类",
                "rank": "1",
                "unit": "公安",
                "target": "出入境办证窗口",
                "total": "94.02",
            },
            {"category": "行政执法类", "rank": "2", "unit": "国税", "target": "办税服务厅", "total": "91.12"},
            {"category": "综合管理类", "rank": "1", "unit": "民政", "target": "婚姻登记处", "total": "94.02"},
            {"category": "综合管理类", "rank": "2", "unit": "卫生", "target": "医政股", "total": "91.12"},
        ],
        columns={"category": "类别", "rank": "名次", "unit": "单位", "target": "测评对象", "total": "总得分"},
    ),
    "problems": Placeholder(
        "问题清单（一起事项有多个情形时）",
        [],
        optional=True,
        columns={"problem": "问题", "facts": "事实", "basis": "依据"},
    ),
    "served_documents": Placeholder(
        "送达文书",
        [{"name": "整改通知书", "number": "效整改〔2012〕12号", "copies": "1"}],
        columns={"name": "文书名称", "number": "发文字号", "copies": "份数"},
    ),
}

_SERVICE: dict[str, Placeholder] = {
    "service_method": _text("送达方式", "直接送达", optional=True),
    "service_address": _text("送达地点", "", optional=True),
    "receiver": _text("签收人", "", optional=True),
    "service_note": _text("代收或留置理由", "", optional=True),
    "server": _text("送达人", "", optional=True),
    "document_hash": _text("文书摘要（SHA-256）", "", optional=True),
}


class _Vocabulary(dict[str, Placeholder]):
    """The values of every procedure; besides them whatever a step asks, by its label, though none is listed."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and bool(_ASKED.fullmatch(name)))

    def __missing__(self, name: str) -> Placeholder:
        if name not in self:
            raise KeyError(name)
        label = name.removeprefix(ASKED)
        return Placeholder(label, f"（样张）{label}")

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


_ASKED = re.compile(rf"{ASKED}[^{{}}\n]{{1,60}}")
#: Every value by name.
VOCABULARY: Mapping[str, Placeholder] = _Vocabulary(
    {**_ISSUE, **_CASE, **_TIME, **_DECISION, **_RESULT, **_ROWS, **_SERVICE}
)


def fact_types() -> dict[str, Any]:
    """Name to ValueType of every text value, for the check of conditions."""
    from definitions.expression import ValueType

    return {name: ValueType(entry.fact) for name, entry in VOCABULARY.items() if not entry.columns}


def sample_values() -> dict[str, str | list[dict[str, str]]]:
    """A full set of simulated values; a kind's own sample goes over it."""
    return {
        name: [dict(row) for row in entry.sample] if entry.columns else entry.sample
        for name, entry in VOCABULARY.items()
    }
