"""Papers as a person has them: a PDF's pages as text and as pictures, and what a camera reads there."""

from __future__ import annotations

import pypdfium2
import zxingcpp

DOTS = 200 / 72  # a common scanner's 200 dots an inch


def text_of(pdf: bytes) -> str:
    """Return the text of all pages, its words apart by one blank."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return " ".join("\n".join(pages).replace("\u200b", "").split())


def pages_of(pdf: bytes) -> int:
    """Return how many pages there are."""
    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def code_of(pdf: bytes, dots: float = DOTS) -> str:
    """Return what the one QR code of the first page says, read from a picture of the page."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[0].render(scale=dots, grayscale=True).to_numpy()
    [found] = zxingcpp.read_barcodes(picture)
    return str(found.text)
