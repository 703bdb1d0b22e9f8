"""电子签名: can this installation sign as its settings say?"""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import with_appcontext


@click.group("signature", help="电子签名。退出码：0 可以签名或没有启用，1 不能签名。")
def command() -> None:
    """Group of commands."""


@command.command("check", help="试签一页空白文件，核对证书、口令、有效期，或者签章程序。")
@with_appcontext
def check() -> None:
    """Sign an empty page and check it; nothing is kept."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # it is a proxy
    source = app.extensions["signer"]
    if source is None:
        click.echo("没有启用电子签名：PINGDU_SIGNING_KEY 和 PINGDU_SIGNING_COMMAND 都没有设置。")
        return
    from notices.signer import SigningFailed, blank_page
    from portal.clock import now

    try:
        signer = source()
        signer.check(now())
        signed = signer.sign(blank_page(), at=now())
    except SigningFailed as failed:
        raise click.ClickException(failed.sentence) from failed
    if signer.certificate is not None:
        from notices.pades import signature_fault

        fault = signature_fault(signed, signer.certificate)
        if fault is not None:
            raise click.ClickException(f"试签的文件没有通过核验：{fault}。")
        click.echo(f"证书 SHA-256：{signer.certificate}，有效期至{signer.valid_until:%Y-%m-%d}")
    click.echo(f"试签成功，签名人：{signer.name}")
