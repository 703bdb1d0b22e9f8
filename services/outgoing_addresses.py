"""Where connections may lead: https (or mail), and never unseen into the office's own network."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from services.refusal import Refusal

#: Port to fall back on, by scheme.
PORTS = {"https": 443, "http": 80, "smtp": 25}


def check_address(kind: str, address: str, *, allow_private: bool) -> None:
    """Refuse an address that is none, of another scheme, or inside the own network where that is not allowed."""
    parts = split_address(kind, address, allow_private=allow_private)
    resolve(parts, allow_private=allow_private)


def split_address(kind: str, address: str, *, allow_private: bool) -> SplitResult:
    """The address in parts. Raises Refusal."""
    wanted = ("smtp",) if kind == "email" else ("https", "http") if allow_private else ("https",)
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in wanted or not parts.hostname or parts.username or port == 0:
        ways = "、".join(f"{scheme}://" for scheme in wanted)
        raise Refusal("address_unreadable", f"地址应以{ways}开头并写明主机名，不能带用户名。", 422)
    return parts


def resolve(parts: SplitResult, *, allow_private: bool) -> tuple[str, int]:
    """The one checked IP address and port to connect to; the name is not asked for again. Raises Refusal."""
    port = parts.port or PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Refusal("address_unknown", f"找不到主机“{parts.hostname}”，请核对地址。", 422) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not allow_private and any(not ipaddress.ip_address(ip).is_global for ip in addresses):
        raise Refusal(
            "address_private",
            f"“{parts.hostname}”在本机或内部网络，默认不允许；确需连接的，请设置 PINGDU_OUTGOING_PRIVATE=yes。",
            422,
        )
    return addresses[0], port
