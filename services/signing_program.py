"""The seam for an external seal service: a program that gets the PDF and gives it back signed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from datetime import datetime

from notices.images import words_of_pages
from notices.signer import COVERED, SigningFailed

_LONGEST_COMPLAINT = 300


class ProgramSigner:
    """Signs through a program: the PDF on its standard input, the signed one on its standard output, exit status 0.

    words: the program and its arguments; no shell reads them. seconds: after so many it is ended, with whatever
    it has started. The moment is told as PINGDU_SIGNING_AT; no other setting of ours reaches it.
    """

    #: What the program made is checked by its maker's tools, not here.
    certificate: str | None = None

    def __init__(self, words: Sequence[str], *, name: str, seconds: int) -> None:
        self._words = tuple(words)
        self._seconds = seconds
        self.name = name

    def check(self, _at: datetime) -> None:
        """SigningFailed unless there is such a program."""
        if shutil.which(self._words[0]) is None:
            raise SigningFailed(
                f"签章程序“{self._words[0]}”找不到，或者不能执行。请核对PINGDU_SIGNING_COMMAND。"
            )

    def sign(self, pdf: bytes, *, at: datetime) -> bytes:
        """The file that the program gives back: a signed PDF with the same pages, else SigningFailed."""
        signed = self._run(pdf, at)
        if not signed.startswith(b"%PDF-"):
            raise SigningFailed("签章程序输出的不是PDF文件，请联系其供应商。")
        if COVERED not in signed:
            raise SigningFailed("签章程序送回的文件没有电子签名，请检查它的设置。")
        try:
            same = words_of_pages(signed) == words_of_pages(pdf)
        except ValueError:
            same = False
        if not same:
            raise SigningFailed("签章程序送回的文件打不开，或者页数、文字与原文书不同，没有采用。")
        return signed

    def _run(self, pdf: bytes, at: datetime) -> bytes:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("PINGDU_")}
        try:
            process = subprocess.Popen(  # noqa: S603 - named by whoever installs; nothing typed in a page reaches it
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**ours, "PINGDU_SIGNING_AT": at.isoformat()},
                start_new_session=True,
            )
        except OSError as error:
            raise SigningFailed(
                f"签章程序“{self._words[0]}”不能启动：{error.strerror}。请核对PINGDU_SIGNING_COMMAND。"
            ) from error
        with process:
            try:
                signed, said = process.communicate(pdf, timeout=self._seconds)
            except subprocess.TimeoutExpired as error:
                _end(process)
                raise SigningFailed(f"签章程序{self._seconds}秒内没有完成，已中止。") from error
            except BaseException:
                _end(process)
                raise
        if process.returncode:
            words = said.decode("utf-8", "replace").strip()[-_LONGEST_COMPLAINT:]
            raise SigningFailed(
                f"签章程序没有成功（退出码{process.returncode}）：{words or '没有说明原因'}。"
            )
        return signed


def _end(process: subprocess.Popen[bytes]) -> None:
    """The program and whatever it has started, which would else hold its output open."""
    os.killpg(process.pid, signal.SIGKILL)
