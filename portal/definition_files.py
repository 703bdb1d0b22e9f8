"""A definition as a file that somebody hands in."""

from __future__ import annotations

from flask import request

from services.refusal import Refusal

#: Larger files are no definitions.
LARGEST = 400_000


def uploaded_definition(noun: str) -> str:
    """The YAML text that was uploaded; Refusal when there is none or it is no text."""
    upload = request.files.get("file")
    content = upload.stream.read(LARGEST + 1) if upload else b""
    if not content:
        raise Refusal("no_file", "请选择一个 YAML 文件，或者把内容粘贴进来。", 422)
    if len(content) > LARGEST:
        raise Refusal("file_too_large", f"文件太大，不像是一{noun}。", 422)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal("not_text", "文件不是 UTF-8 编码的文字，请另存为 UTF-8 后再试。", 422) from error
