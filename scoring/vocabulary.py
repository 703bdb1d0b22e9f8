"""The words of the scheme language that the code itself knows."""

from __future__ import annotations

from enum import StrEnum


class MissingPolicy(StrEnum):
    """What happens to the weight of a part that has no figure yet."""

    #: 其余权数按比例放大
    RENORMALISE = "renormalise"
    #: 按零分计
    ZERO = "zero"
    #: 不出总分
    BLOCK = "block"


class Ladder(StrEnum):
    """How the tiers that one case has reached are counted."""

    #: 同一起只按最高一档扣
    HIGHEST = "highest"
    #: 逐档累加
    SUM = "sum"


class Comparison(StrEnum):
    """Which value is compared for ranks, bands and lines."""

    #: 按公布的（舍入后的）得分
    PRINTED = "printed"
    #: 按未舍入的精确得分
    EXACT = "exact"


class Ties(StrEnum):
    """What equal scores do to the ranks."""

    #: 并列，后一名顺延（1-2-2-4）
    SHARED = "shared"
    #: 依次比较并列时的比较项，仍相等的并列
    TIEBREAK = "tiebreak"


class Prefer(StrEnum):
    """Which side of a tiebreak figure is the better one."""

    HIGHER = "higher"
    LOWER = "lower"


class BelowLineExplanation(StrEnum):
    """What a target gets that is among the last and also below the line."""

    #: 问责吸收书面说明
    ABSORBED = "absorbed"
    #: 两项并用
    BOTH = "both"


class BelowLinePraise(StrEnum):
    """What a target gets that is among the first and also below the line."""

    #: 不予表扬，作为冲突提示
    BLOCKED = "blocked"
    #: 照常表扬
    ALLOWED = "allowed"


class SmallCategory(StrEnum):
    """What a category is that is too small for its quotas."""

    #: 检查时报错
    ERROR = "error"
    #: 允许
    ALLOWED = "allowed"


class Normaliser(StrEnum):
    """What the points of all ballots are divided by."""

    #: 除以（有效票数×最高档分值），得到满意率
    TOP = "top"
    #: 除以有效票数，得到平均分
    COUNT = "count"


class QuotaRounding(StrEnum):
    """How a share of a category becomes a number of targets."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"


class Span(StrEnum):
    """Among whom the first and last are counted."""

    CATEGORY = "category"
    ALL = "all"


class Combine(StrEnum):
    """How several events of one bonus or penalty are put together."""

    SUM = "sum"
    #: 同类只取绝对值最大的一项
    LARGEST = "largest"
