"""Pages as pictures, for the screen: a PDF's pages as PNG, drawn by PDFium."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

from notices.fonts import fonts_directory
from notices.signer import without_signature

if TYPE_CHECKING:
    from PIL import Image

#: Dots an inch of a page beside its editor; sharp enough to read 仿宋 of size 3.
RESOLUTION = 110
#: Nobody looks at more pages than these in a preview.
MOST_PAGES = 12
#: What 作废 is written in.
STAMP_FONT = "GWHei.otf"
#: PDFium works for one thread at a time.
_DRAWING = threading.Lock()


def page_images(pdf: bytes, *, resolution: int = RESOLUTION) -> tuple[tuple[bytes, ...], int]:
    """The first pages of a PDF as PNG, and how many pages there are in all."""
    import pypdfium2

    with _DRAWING:
        document = pypdfium2.PdfDocument(pdf)
        try:
            count = len(document)
            images = [
                document[index].render(scale=resolution / 72).to_pil()
                for index in range(min(count, MOST_PAGES))
            ]
        finally:
            document.close()
    return tuple(_png(image) for image in images), count


def _png(image: Image.Image) -> bytes:
    """Few colours are on a page: a palette makes the picture a quarter of its size, an octree finds it fast."""
    from PIL import Image

    held = io.BytesIO()
    few = image.convert("RGB").quantize(64, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(held, "PNG", compress_level=6)
    return held.getvalue()


def words_of_pages(pdf: bytes) -> tuple[str, ...]:
    """The words of each page. ValueError for a file that is no PDF or is broken."""
    import pypdfium2

    with _DRAWING:
        try:
            document = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError as error:
            raise ValueError("not a readable PDF") from error
        try:
            return tuple(page.get_textpage().get_text_range() for page in document)
        finally:
            document.close()


def stamped(pdf: bytes, words: str) -> bytes:
    """A copy of a PDF with words across each page, in red and slanted; the original stays as it is.

    The copy bears no electronic signature, for none could cover what was stamped.
    """
    import pypdfium2

    with _DRAWING:
        document = pypdfium2.PdfDocument(without_signature(pdf))
        try:
            bitmap = pypdfium2.PdfBitmap.from_pil(_stamp(words))
            for page in document:
                width, height = page.get_size()
                side = min(width, height) * 0.72
                image = pypdfium2.PdfImage.new(document)
                image.set_bitmap(bitmap)
                place = pypdfium2.PdfMatrix().scale(side, side)
                image.set_matrix(place.translate((width - side) / 2, (height - side) / 2))
                page.insert_obj(image)
                page.gen_content()
            held = io.BytesIO()
            document.save(held)
        finally:
            document.close()
    return held.getvalue()


def _stamp(words: str) -> Image.Image:
    """Red words in a frame on nothing, slanted."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(str(fonts_directory() / STAMP_FONT), 300)
    left, top, right, bottom = font.getbbox(words)
    width, height = int(right - left) + 160, int(bottom - top) + 130
    plate = Image.new("RGBA", (width, height), (255, 255, 255, 0))
    pen = ImageDraw.Draw(plate)
    red = (200, 22, 30, 150)
    pen.rectangle((8, 8, width - 9, height - 9), outline=red, width=16)
    pen.text((80 - left, 65 - top), words, font=font, fill=red)
    turned = plate.rotate(32, expand=True, resample=Image.Resampling.BICUBIC)
    side = max(turned.size)
    square = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    square.paste(turned, ((side - turned.width) // 2, (side - turned.height) // 2))
    return square
