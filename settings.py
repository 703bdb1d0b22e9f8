"""All configuration in one place: environment variables, their meaning, their defaults.

`python settings.py` prints docs/configuration.md; a test keeps that file equal to this one.
"""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
MEGABYTE = 1024 * 1024


class SettingFault(Exception):
    """A variable holds something that cannot be used; says which, what it holds and what would do."""


def yes_or_no(text: str) -> bool:
    """`1 yes true on` or `0 no false off`, in any case."""
    word = text.strip().lower()
    if word in {"1", "yes", "true", "on"}:
        return True
    if word in {"0", "no", "false", "off", ""}:
        return False
    raise ValueError("yes or no")


def whole(text: str) -> int:
    """A whole number, zero or more."""
    number = int(text)
    if number < 0:
        raise ValueError("zero or more")
    return number


def words(text: str) -> tuple[str, ...]:
    """Words separated by commas; spaces around them do not count."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def locale(text: str) -> str:
    """One of the languages there are pages in."""
    if text not in {"zh_CN", "en"}:
        raise ValueError("zh_CN or en")
    return text


@dataclass(frozen=True)
class Setting:
    """One environment variable.

    default: as it would be written in the environment; empty means what `meaning` says.
    """

    name: str
    read: Callable[[str], Any]
    default: str
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting("PINGDU_DATA", str, "var", "Folder of everything that is kept: database, secret key, fonts, files."),
    Setting(
        "PINGDU_DATABASE_URL", str, "",
        "`sqlite:////path/file.db` or `postgresql+psycopg://user:password@host/name`. "
        "Empty: the file `pingdu.db` in PINGDU_DATA.",
    ),
    Setting("PINGDU_BIND", str, "127.0.0.1:8000", "Address and port that the web server listens on."),
    Setting("PINGDU_THREADS", whole, "8", "Requests served at once by the one web process."),
    Setting("PINGDU_WORKER", yes_or_no, "yes", "Fire what is due in a thread of the web process. `no` where `flask --app app worker` runs by itself."),
    Setting("PINGDU_TICK_SECONDS", whole, "10", "How often the worker looks for what is due."),
    Setting("PINGDU_HOSTS", words, "127.0.0.1,localhost,[::1]", "Host names under which the site may be asked for, separated by commas; `.example.gov` allows every name below it. Other names get 400."),
    Setting("PINGDU_HTTPS", yes_or_no, "no", "Visitors come by HTTPS: cookies are sent over HTTPS only and browsers are told to stay with it."),
    Setting("PINGDU_PROXIES", whole, "0", "How many reverse proxies stand before the server; only so many X-Forwarded-* entries are believed."),
    Setting("PINGDU_SECRET_KEY", str, "", "Key that signs session cookies. Empty: made once and kept in PINGDU_DATA/secret_key."),
    Setting("PINGDU_SESSION_HOURS", whole, "8", "After so many hours without a request one has to log in anew."),
    Setting("PINGDU_LANGUAGE", locale, "zh_CN", "Language of pages for those who chose none: `zh_CN` or `en`."),
    Setting("PINGDU_UPLOAD_MB", whole, "32", "Largest request with files (photos, evidence, spreadsheets), in MB."),
    Setting("PINGDU_TEXT_MB", whole, "2", "Largest request without files, in MB."),
    Setting("PINGDU_FORM_PARTS", whole, "20000", "Most fields in one request; a ballot over thousands of targets has one field each."),
    Setting("PINGDU_ARGON2_MEMORY_KIB", whole, "19456", "Memory that checking one password takes, in KiB."),
    Setting("PINGDU_ARGON2_ROUNDS", whole, "2", "Rounds that checking one password takes."),
    Setting("PINGDU_FONTS", str, "", "Folder of the notice fonts, made by `python -m notices.fonts build`. Empty: `fonts` in PINGDU_DATA."),
    Setting("PINGDU_SIGNING_KEY", str, "", "PKCS#12 file (.p12, .pfx) with the certificate and key that sign the PDF of each notice (docs/notices.md). Empty: no certificate signs."),
    Setting("PINGDU_SIGNING_PASSWORD_FILE", str, "", "File that holds the password of PINGDU_SIGNING_KEY in its only line. Empty: it has none."),
    Setting("PINGDU_SIGNING_COMMAND", str, "", "Program of a seal service, with its arguments: reads the PDF of a notice on standard input, writes it signed on standard output. Empty: no program signs. Not together with PINGDU_SIGNING_KEY."),
    Setting("PINGDU_SIGNING_NAME", str, "", "In whose name PINGDU_SIGNING_COMMAND signs, as pages say it. Empty: the program's own name."),
    Setting("PINGDU_SIGNING_SECONDS", whole, "10", "After so many seconds PINGDU_SIGNING_COMMAND is ended and tried again later."),
    Setting("PINGDU_OUTGOING_PRIVATE", yes_or_no, "no", "Outgoing connections may lead into the office's own network, and over plain http."),
    Setting("PINGDU_METRICS_TOKEN", str, "", "Whoever asks for /metrics must send `Authorization: Bearer` and this. Empty: only this machine may ask."),
    Setting("PINGDU_ADMIN_LOGIN", str, "", "Login of the first administrator that `./run --empty` makes; empty: it asks."),
    Setting("PINGDU_ADMIN_PASSWORD", str, "", "Password of that administrator; empty: it asks."),
    Setting("PINGDU_DEBUG", yes_or_no, "no", "For development only: shows /_style. Never a debugger."),
)  # fmt: skip


def read_settings(
    environ: Mapping[str, str] | None = None, given: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Every setting by its name; `given` ones stand as they are.

    Raises SettingFault for a value that cannot be used or a name unknown.
    """
    environ = os.environ if environ is None else environ
    known = {setting.name for setting in SETTINGS}
    ours = (name for name in environ if name.startswith("PINGDU_") and not name.startswith("PINGDU_TEST_"))
    strangers = sorted(name for name in ours if name not in known)
    if strangers:
        raise SettingFault(f"unknown setting {', '.join(strangers)}: see docs/configuration.md")
    values = {}
    for setting in SETTINGS:
        text = environ.get(setting.name, setting.default)
        try:
            values[setting.name] = setting.read(text)
        except ValueError as error:
            raise SettingFault(
                f"{setting.name}={text!r} cannot be used: {error}. {setting.meaning}"
            ) from error
    values |= dict(given or {})
    _refuse_two_signers(values)
    return _with_places(values)


def _refuse_two_signers(values: Mapping[str, Any]) -> None:
    """One signature on a notice, made with what the settings say and nothing else."""
    key, command = values["PINGDU_SIGNING_KEY"], values["PINGDU_SIGNING_COMMAND"]
    if key and command:
        raise SettingFault(
            "PINGDU_SIGNING_KEY and PINGDU_SIGNING_COMMAND are both set: keep the one that signs"
        )
    if values["PINGDU_SIGNING_PASSWORD_FILE"] and not key:
        raise SettingFault("PINGDU_SIGNING_PASSWORD_FILE is set without PINGDU_SIGNING_KEY")
    if command and not _is_command(command):
        raise SettingFault(
            f"PINGDU_SIGNING_COMMAND={command!r} cannot be used: quotation marks do not match, or no program named"
        )


def _is_command(text: str) -> bool:
    try:
        return bool(shlex.split(text))
    except ValueError:
        return False


def _with_places(values: dict[str, Any]) -> dict[str, Any]:
    """Places that depend on the data folder, as full paths."""
    data = (ROOT / values["PINGDU_DATA"]).resolve()
    return values | {
        "PINGDU_DATA": str(data),
        "PINGDU_DATABASE_URL": values["PINGDU_DATABASE_URL"] or f"sqlite:///{data / 'pingdu.db'}",
        "PINGDU_FONTS": values["PINGDU_FONTS"] or str(data / "fonts"),
    }


def flask_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """What Flask and its extensions call the same things, and what no installation may change."""
    return {
        **values,
        "SECRET_KEY": values["PINGDU_SECRET_KEY"] or kept_secret(Path(values["PINGDU_DATA"])),
        "TRUSTED_HOSTS": list(values["PINGDU_HOSTS"]) or None,
        "MAX_CONTENT_LENGTH": values["PINGDU_UPLOAD_MB"] * MEGABYTE,
        "MAX_FORM_MEMORY_SIZE": values["PINGDU_TEXT_MB"] * MEGABYTE,
        "MAX_FORM_PARTS": values["PINGDU_FORM_PARTS"],
        "SESSION_COOKIE_NAME": "pingdu",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": values["PINGDU_HTTPS"],
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=values["PINGDU_SESSION_HOURS"]),
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(days=365),
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session; a form left open over lunch must not be lost
        "WTF_CSRF_SSL_STRICT": False,  # Referrer-Policy is same-origin, and SameSite stands in for it
        "BABEL_DEFAULT_LOCALE": values["PINGDU_LANGUAGE"],
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
        "JSON_AS_ASCII": False,
    }


def kept_secret(data: Path) -> str:
    """The key of this installation, made at the first start and readable by its owner alone."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / "secret_key"
    if not path.exists():
        draft = data / f"secret_key.{secrets.token_hex(4)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        # Two processes may start at once: the first link wins, and both read the same key.
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def as_markdown() -> str:
    """docs/configuration.md."""
    rows = [
        f"| `{item.name}` | {f'`{item.default}`' if item.default else ''} | {item.meaning} |"
        for item in SETTINGS
    ]
    head = [
        "# Configuration",
        "",
        "Environment variables, read once at start. Written by `python settings.py > docs/configuration.md`; "
        "a test compares the two.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


if __name__ == "__main__":
    print(as_markdown(), end="")
