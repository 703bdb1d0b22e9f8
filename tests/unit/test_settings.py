"""Configuration: documented, checked, kept."""

from __future__ import annotations

from pathlib import Path

import pytest

import settings

ROOT = Path(__file__).resolve().parents[2]


def test_the_documentation_is_what_the_table_says() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert written == settings.as_markdown(), "run: python settings.py > docs/configuration.md"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PINGDU_THREADS", "many"),
        ("PINGDU_THREADS", "-1"),
        ("PINGDU_HTTPS", "perhaps"),
        ("PINGDU_LANGUAGE", "fr"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(settings.SettingFault, match=name):
        settings.read_settings({name: value})


def test_a_misspelled_setting_is_not_passed_over_in_silence() -> None:
    with pytest.raises(settings.SettingFault, match="PINGDU_THREAD"):
        settings.read_settings({"PINGDU_THREAD": "4"})


def test_the_data_folder_holds_the_database_by_default(tmp_path: Path) -> None:
    values = settings.read_settings({"PINGDU_DATA": str(tmp_path)})
    assert values["PINGDU_DATABASE_URL"] == f"sqlite:///{tmp_path}/pingdu.db"


def test_the_secret_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = settings.kept_secret(tmp_path / "new")
    assert len(first) >= 48
    assert settings.kept_secret(tmp_path / "new") == first
    assert (tmp_path / "new" / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "given",
    [
        {"PINGDU_SIGNING_KEY": "a.p12", "PINGDU_SIGNING_COMMAND": "seal"},
        {"PINGDU_SIGNING_PASSWORD_FILE": "password"},
        {"PINGDU_SIGNING_COMMAND": "seal 'open"},
        {"PINGDU_SIGNING_COMMAND": "  "},
    ],
)
def test_signing_settings_that_do_not_fit_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(settings.SettingFault, match="PINGDU_SIGNING"):
        settings.read_settings(given)
