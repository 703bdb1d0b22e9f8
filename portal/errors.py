"""Pages for what went wrong: what, where, why, what to do. Never a stack trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, current_app, g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, SecurityError

from services.refusal import Refusal

Answer = tuple[str, int, dict[str, str]]


@dataclass(frozen=True)
class Sentence:
    """What the page says. what: the heading. why: the reason. todo: the way out."""

    what: str
    why: str
    todo: str


SENTENCES: dict[int, Sentence] = {
    400: Sentence(
        _l("请求无法识别"),
        _l("浏览器送来的内容不完整或写法有误，系统没有办理。"),
        _l("请返回上一页，刷新后重试；仍不行请与效能办联系。"),
    ),
    401: Sentence(
        _l("登录已过期"),
        _l("您已退出或长时间没有操作，刚才提交的内容尚未办理。"),
        _l("请在新窗口登录，再回到本页点“再次提交”；下面保留了您填写的内容。"),
    ),
    403: Sentence(
        _l("您无权打开此页"),
        _l("此页不在您的岗位职责之内。"),
        _l("请从上方菜单进入您的页面；如确需办理，请与效能办管理员联系。"),
    ),
    404: Sentence(
        _l("找不到此页"),
        _l("地址有误，或者内容已被移走，或者您无权查看。"),
        _l("请核对地址，或从菜单、列表重新进入。"),
    ),
    405: Sentence(
        _l("此地址不能这样打开"),
        _l("这个地址只接收表单提交，不能直接访问。"),
        _l("请返回上一页，用页面上的按钮办理。"),
    ),
    409: Sentence(
        _l("情况已经变化"),
        _l("您打开页面之后，别人已经办理了同一事项。"),
        _l("请返回重新打开该事项，看清现状后再办。"),
    ),
    413: Sentence(
        _l("提交的内容太大"),
        _l("文字或附件超过了允许的大小，系统没有接收。"),
        _l("请返回上一页，缩短文字、压缩或减少附件后重新提交。"),
    ),
    422: Sentence(
        _l("填写的内容不符合要求"),
        _l("有的项目没有填写，或者填写的内容不能使用。"),
        _l("请返回上一页改正后重新提交。"),
    ),
    429: Sentence(
        _l("操作过于频繁"),
        _l("短时间内尝试次数过多，系统暂停受理。"),
        _l("请稍等几分钟再试。"),
    ),
    500: Sentence(
        _l("系统出错"),
        _l("程序遇到了没有预料到的情况，这一步没有办成，已有数据不受影响。"),
        _l("请稍后再试；如再次出现，请把本页时间告诉系统管理员。"),
    ),
    503: Sentence(
        _l("系统暂时不能办理"),
        _l("数据库正忙，或者磁盘空间不足，这一步没有办成。"),
        _l("请稍等片刻再试；持续出现请与系统管理员联系。"),
    ),
}

#: Addresses for programs; their errors are not pages.
PROGRAM_PATHS = ("/api/", "/metrics", "/healthz")


def init_errors(app: Flask) -> None:
    """Give every error its page."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(StaleDataError, _changed_meanwhile)
    app.register_error_handler(OperationalError, _unavailable)
    app.register_error_handler(DBAPIError, _unstorable)
    app.register_error_handler(TimeoutError, _unavailable)
    app.register_error_handler(Exception, _unexpected)


def _refused(error: Refusal) -> Answer:
    known = SENTENCES.get(error.status, SENTENCES[409])
    return _page(error.status, Sentence(known.what, error.sentence, ""))


def _http_error(error: HTTPException) -> Answer | HTTPException:
    status = error.code or 500
    if isinstance(error, SecurityError):
        # Without a trusted host no address can be built, so this is the one answer without a page.
        return (
            f"{SENTENCES[400].what}: {request.environ.get('HTTP_HOST')}\n",
            400,
            {"Content-Type": "text/plain; charset=utf-8"},
        )
    if status < 400 or request.path.startswith(PROGRAM_PATHS):
        return error
    if status == 401:
        return _page(401, SENTENCES[401], kept=list(_typed()))
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return _page(status, SENTENCES.get(status, SENTENCES[400 if status < 500 else 500]), headers=headers)


def _stale_form(_error: CSRFError) -> Answer:
    """The page's token is void (new login, other tab). From our own page, what was typed is offered again."""
    sentence = Sentence(
        _("页面已过期"),
        _("打开页面之后您重新登录过，或者浏览器没有保存登录状态，系统没有办理。"),
        _("请核对下面保留的内容，点“再次提交”。")
        if _from_own_page()
        else _("请返回上一页，刷新后重新填写。"),
    )
    return _page(400, sentence, kept=list(_typed()))


def _changed_meanwhile(_error: StaleDataError) -> Answer:
    return _page(409, SENTENCES[409], kept=list(_typed()))


def _unavailable(error: Exception) -> Answer:
    current_app.logger.error("unavailable: %s", error)
    return _bare(503)


def _unstorable(error: DBAPIError) -> Answer:
    """A value the database cannot hold (too large a number, a zero byte) is bad input, not our fault."""
    if type(error).__name__ == "DataError" or isinstance(error.orig, OverflowError):
        return _page(422, SENTENCES[422], kept=list(_typed()))
    return _unexpected(error)


def _unexpected(error: Exception) -> Answer:
    current_app.logger.error("unexpected error at %s %s", request.method, request.path, exc_info=error)
    return _bare(500)


def _from_own_page() -> bool:
    """Whether the browser says that the form was sent from this very site."""
    origin = request.headers.get("Origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.host


def _typed() -> Iterator[tuple[str, str]]:
    """What the person had filled in, without tokens and passwords; nothing for a form from elsewhere."""
    if request.method != "POST" or not _from_own_page():
        return
    for name, value in request.form.items(multi=True):
        if name != "csrf_token" and "password" not in name:
            yield name, value


def _page(
    status: int,
    sentence: Sentence,
    *,
    kept: list[tuple[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """The error inside the usual page, with the menu."""
    html = render_template("errors/page.html", status=status, sentence=sentence, kept=kept or [])
    return html, status, headers or {}


def _bare(status: int) -> Answer:
    """The error on a page that needs no database."""
    g.bare = True
    headers = {"Retry-After": "5"} if status == 503 else {}
    html = render_template("errors/bare.html", status=status, sentence=SENTENCES[status])
    return html, status, headers
