"""A message sent: signed, in time or not at all; the name of the receiver is resolved once and checked.

Signature of a webhook: `Pingdu-Signature: v1=` and the hex HMAC-SHA256, under the connection's secret, of the
timestamp of `Pingdu-Timestamp`, a full stop, and the body. `Idempotency-Key` is the same each time a message is sent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import smtplib
import socket
import ssl
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import SplitResult, quote

from sqlalchemy.orm import Session

from models.outgoing import OutgoingConnection, OutgoingDelivery
from services.outgoing_addresses import resolve, split_address

#: Seconds after which a silent receiver has failed.
PATIENCE = 8
#: Of an answer nobody reads more.
_MOST = 4096
_ROBOTS = ("wecom", "dingtalk")


class NotTaken(Exception):
    """The receiver did not take the message; it is tried again."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a webhook's message.

    >>> sign("key", "1767225600", b"{}")[:12]
    'v1=df344de42'
    """
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"v1={digest}"


def deliver(session: Session, payload: dict[str, Any]) -> str:
    """Send one delivery, outside any transaction; gives the answer in short. Raises NotTaken or what went wrong."""
    row = session.get_one(OutgoingDelivery, payload["delivery"])
    connection = row.connection
    if row.sent_at is not None:
        return row.answer
    if not connection.active:
        return "连接已停用，没有发送"
    if connection.kind == "email":
        return _mail(connection, row)
    return _post(connection, row, datetime.fromisoformat(payload["tried_at"]))


def keep_answer(session: Session, payload: dict[str, Any], prepared: str, now: datetime) -> None:
    """Note that the receiver took it, with the job's own mark."""
    row = session.get_one(OutgoingDelivery, payload["delivery"], with_for_update=True, populate_existing=True)
    if row.sent_at is None:
        row.sent_at, row.answer = now, prepared[:200]


def _post(connection: OutgoingConnection, row: OutgoingDelivery, tried_at: datetime) -> str:
    parts = split_address(connection.kind, connection.address, allow_private=connection.allow_private)
    # The moment of this try: receivers refuse signatures that are old.
    timestamp = str(int(tried_at.timestamp()))
    content = (
        {"msgtype": "text", "text": {"content": row.body["text"]}} if connection.kind in _ROBOTS else row.body
    )
    body = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Pingdu"}
    headers["Idempotency-Key"] = row.key
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if connection.kind == "webhook":
        headers |= {
            "Pingdu-Timestamp": timestamp,
            "Pingdu-Signature": sign(connection.secret, timestamp, body),
        }
    elif connection.kind == "dingtalk" and connection.secret:
        path += ("&" if parts.query else "?") + _dingtalk(connection.secret, tried_at)
    status, said = _exchange(connection, parts, path, body, headers)
    if not 200 <= status < 300:
        raise NotTaken(f"对方答复{status}")
    if connection.kind in _ROBOTS:
        _robot_took(said)
    return str(status)


def _robot_took(said: bytes) -> None:
    try:
        answer = json.loads(said or b"{}")
    except ValueError as error:
        raise NotTaken("对方的答复不是JSON") from error
    if not isinstance(answer, dict) or answer.get("errcode", 0) != 0:
        raise NotTaken(f"对方没有接受：{str(answer)[:100]}")


def _dingtalk(secret: str, tried_at: datetime) -> str:
    """The two parameters by which 钉钉 knows its robot; they hold for an hour."""
    at = str(round(tried_at.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{at}\n{secret}".encode(), hashlib.sha256).digest()
    return f"timestamp={at}&sign={quote(base64.b64encode(digest).decode(), safe='')}"


def _exchange(
    connection: OutgoingConnection, parts: SplitResult, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    """One request to the checked address; redirects are not followed."""
    host = str(parts.hostname)
    ip, port = resolve(parts, allow_private=connection.allow_private)
    line = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        line.sock = socket.create_connection((ip, port), timeout=PATIENCE)
        if parts.scheme == "https":
            line.sock = ssl.create_default_context().wrap_socket(line.sock, server_hostname=host)
        line.request("POST", path, body=body, headers={"Host": parts.netloc, **headers})
        answer = line.getresponse()
        return answer.status, answer.read(_MOST)
    except (OSError, http.client.HTTPException) as error:
        raise NotTaken(f"没有连上或没有答复：{error}") from error
    finally:
        line.close()


def _mail(connection: OutgoingConnection, row: OutgoingDelivery) -> str:
    parts = split_address("email", connection.address, allow_private=connection.allow_private)
    host = str(parts.hostname)
    _, port = resolve(parts, allow_private=connection.allow_private)
    message = EmailMessage()
    message["From"], message["To"] = connection.options["from"], connection.options["to"]
    message["Subject"] = row.body["text"][:120]
    message["Message-ID"] = f"<{row.key}@pingdu>"
    message.set_content(f"{row.body['text']}\n\n{row.body['at']}\n")
    try:
        with smtplib.SMTP(host, port, timeout=PATIENCE) as line:
            if connection.options.get("user"):
                # A password goes over no open line.
                line.starttls(context=ssl.create_default_context())
                line.login(connection.options["user"], connection.secret)
            line.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise NotTaken(f"邮件没有发出：{error}") from error
    return "已交邮件服务器"
