"""Settings of a pack's cover that know their values."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from packs.sheet import Setting


def test_a_value_that_means_nothing_is_a_fault() -> None:
    given = {"key": "rated_see", "name": "所见", "source": "本系统默认", "one_of": ("monthly", "live")}
    assert Setting.model_validate({**given, "value": "live"}).value == "live"
    with pytest.raises(ValidationError, match="只能是：monthly、live"):
        Setting.model_validate({**given, "value": "daily"})


def test_a_setting_without_a_list_takes_any_value() -> None:
    assert (
        Setting.model_validate({"key": "days", "name": "天数", "source": "实施口径", "value": 5}).value == 5
    )
