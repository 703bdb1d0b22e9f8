"""Page images of drafts and of issued notices, each drawn once and found again by the hash of what they show."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from definitions.canonical import sha256_of
from notices.definition import NoticeKind, Value
from notices.fonts import FontsMissing
from notices.refusal import NoticeRefused
from services.refusal import Refusal

#: Bytes of pictures that one process keeps.
MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Pages:
    """digest: hash of what the pages show. images: the first pages as PNG. count: of all pages."""

    digest: str
    images: tuple[bytes, ...]
    count: int


class _Shelf:
    """The pictures used last."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Pages] = OrderedDict()
        self._size = 0
        self._guard = threading.Lock()

    def find(self, digest: str) -> Pages | None:
        with self._guard:
            if digest in self._held:
                self._held.move_to_end(digest)
            return self._held.get(digest)

    def keep(self, pages: Pages) -> None:
        with self._guard:
            if pages.digest in self._held:
                return
            self._held[pages.digest] = pages
            self._size += sum(map(len, pages.images))
            while self._size > MOST_BYTES and len(self._held) > 1:
                _, gone = self._held.popitem(last=False)
                self._size -= sum(map(len, gone.images))


_shelf = _Shelf()


def draft_pages(kind: NoticeKind, values: Mapping[str, Value]) -> Pages:
    """The pages of a draft: 样张 on each, gaps marked. Refusal with the sentence when nothing can be drawn."""
    from notices.images import page_images
    from notices.render import render_pdf

    digest = sha256_of({"kind": kind.model_dump(mode="json"), "values": dict(values), "draft": True})
    found = _shelf.find(digest)
    if found is not None:
        return found
    try:
        images, count = page_images(render_pdf(kind, values, draft=True))
    except NoticeRefused as refused:
        raise Refusal(refused.code, refused.sentence, 422) from refused
    except FontsMissing as missing:
        sentence = "本机没有文书字库，不能显示版面。请管理员运行 ./run 安装后再看。"
        raise Refusal("fonts_missing", sentence, 503) from missing
    pages = Pages(digest, images, count)
    _shelf.keep(pages)
    return pages


def kept_pages(sha256: str, pdf: bytes) -> Pages:
    """The pages of an issued notice's kept file, whose hash is given."""
    from notices.images import page_images

    found = _shelf.find(sha256)
    if found is None:
        images, count = page_images(pdf)
        found = Pages(sha256, images, count)
        _shelf.keep(found)
    return found
