"""Chinese words for the parts of definitions, as differences are told to the office."""

from __future__ import annotations

from packs.parts import PartKind

KINDS: dict[PartKind, str] = {
    PartKind.PACK: "方案包",
    PartKind.ROSTER: "名册",
    PartKind.CALENDAR: "工作日历",
    PartKind.SCHEME: "计分方案",
    PartKind.WORKFLOW: "流程",
    PartKind.FORM: "表单",
    PartKind.NOTICE_KIND: "文书",
    PartKind.DICTIONARY: "字典",
}

#: What an entry of a list is called.
NOUNS: dict[str, str] = {
    "asks": "填报项",
    "attachments": "附件",
    "body": "段落",
    "blocks": "段落",
    "categories": "类别",
    "clauses": "条款",
    "clocks": "期限",
    "columns": "列",
    "days": "日期",
    "delegates": "代表",
    "effects": "效果",
    "entries": "条目",
    "fields": "字段",
    "grades": "档次",
    "methods": "测评方式",
    "monitors": "监测点",
    "options": "选项",
    "outcomes": "结果运用",
    "parts": "组成部分",
    "remind": "提醒",
    "roles": "角色",
    "rows": "行",
    "scales": "档次表",
    "series": "编号序列",
    "settings": "设置",
    "states": "状态",
    "suspensions": "中止情形",
    "targets": "测评对象",
    "tiers": "扣分档",
    "triggers": "步骤",
    "units": "单位",
}

#: What an attribute is called; one that is not listed keeps its key.
ATTRIBUTES: dict[str, str] = {
    "addressee": "主送",
    "advice": "提醒的话",
    "advised_when": "提醒条件",
    "base": "基准分",
    "below": "低于",
    "case_when": "立案条件",
    "category": "所属类别",
    "compare": "比较口径",
    "date": "日期",
    "contact": "联系人",
    "day_ends": "截止时刻",
    "default": "默认值",
    "demonstration": "演示标记",
    "enforcement": "行政执法类",
    "factor": "系数",
    "final": "终结",
    "first": "前几名",
    "floor": "下限",
    "form": "表单",
    "formula": "公式",
    "binding": "绑定",
    "four_eyes_with": "须由另一人办理",
    "from": "可办状态",
    "group": "代表类别",
    "guard": "条件",
    "hint": "提示",
    "kind": "种类",
    "label": "名称",
    "ladder": "逐档扣分口径",
    "last": "后几名",
    "management": "综合管理类",
    "mark": "发文机关标志",
    "missing_method": "缺测评方式的处理",
    "name": "名称",
    "note": "说明",
    "number": "编号",
    "organ": "机关",
    "phone": "电话",
    "places": "小数位",
    "plan": "方案",
    "points": "分值",
    "prefix": "代字",
    "provisional_years": "暂定年度",
    "published_years": "已公布年度",
    "refuse": "不允许时的话",
    "required": "必填",
    "required_when": "必填条件",
    "roles": "角色",
    "settings": "设置",
    "source": "依据",
    "text": "文字",
    "ties": "并列处理",
    "tier": "扣分档",
    "title": "标题",
    "to": "去向",
    "unit": "所属单位",
    "value": "值",
    "version": "版本",
    "visible_when": "显示条件",
    "weight": "权数",
    "when": "条件",
    "working_days": "工作日数",
}

#: Attributes that hold an expression.
CONDITIONS = frozenset({"guard", "visible_when", "required_when", "advised_when", "case_when", "formula"})

#: Attributes that only wrap what they hold.
TRANSPARENT = frozenset({"of", "score"})

#: What tells the entries of one list apart, first found first taken.
IDENTITIES = ("key", "field", "number", "date", "event")
