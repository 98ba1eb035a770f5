"""Checks of attached files: type by content, PDFs unchanged, pictures re-encoded.

PDFs are stored as received, since laboratories sign them. A PDF is refused if encrypted, or if it
names an action or an embedded file, in the open or in any stream that inflates (ISO 32000, 7.5.7,
7.11.4 and 12.6). This may refuse a harmless file, which can be printed to PDF again.

Pictures are re-encoded from their pixels, so that metadata (place, time, owner, serial number, a
preview of cropped parts) and hidden data are removed.
"""

from __future__ import annotations

import io
import re
import zlib
from contextlib import suppress
from threading import Lock
from typing import Final, NoReturn

from PIL import Image, ImageOps

from salsa_ext.administration.values import FileContent
from salsa_ext.core.config import MIB
from salsa_ext.core.errors import Invalid, Message, message

MAX_RECEIVED: Final = 20 * MIB
MAX_STORED: Final = 32 * MIB


def clean_file(received: bytes) -> FileContent:
    """Return the storable form of a file; raises Invalid."""
    if len(received) > MAX_RECEIVED:
        raise Invalid(
            {"file": [message("A file has at most {count} MiB.", count=MAX_RECEIVED // MIB)]}
        )
    if received.startswith(b"%PDF-"):
        return check_pdf(received)
    if not _is_picture(received):
        raise Invalid({"file": [message("A file is a photograph (JPEG, PNG or WebP) or a PDF.")]})
    stored = clean_picture(received)
    if len(stored.data) > MAX_STORED:
        raise Invalid(
            {
                "file": [
                    message(
                        "Made anew, this picture has more than {count} MiB; attach a smaller one.",
                        count=MAX_STORED // MIB,
                    )
                ]
            }
        )
    return stored


def _is_picture(received: bytes) -> bool:
    is_webp = received[:4] == b"RIFF" and received[8:12] == b"WEBP"
    return is_webp or received.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


PDF_TYPE: Final = "application/pdf"
MAX_INFLATED: Final = 64 * MIB
MAX_INFLATE_RATIO: Final = 100
"""Allowed inflation: text reaches 10, decompression bombs 1,000."""
ALWAYS_INFLATED: Final = 4 * MIB
"""Inflated size allowed for any file: a small one may hold a blank picture."""
MAX_ESCAPED_NAMES: Final = 1_000
"""Allowed names with an initial escape; no writer needs one, and each is slow to check."""
MAX_STREAMS: Final = 50_000


def _name_pattern(text: str) -> str:
    """Return a pattern of a name with any letter escaped: `/J#61vaScript`."""
    return "".join(
        f"(?:{glyph}|#{re.sub('[a-f]', lambda hex_: f'[{hex_[0]}{hex_[0].upper()}]', f'{ord(glyph):02x}')})"
        for glyph in text
    )


_LETTER: Final = "[A-Za-z]|#[46][1-9A-Fa-f]|#[57][0-9Aa]"
_ACTION_NAMES: Final = (
    "JavaScript",
    "Launch",
    "EmbeddedFile",
    "EmbeddedFiles",
    "SubmitForm",
    "ImportData",
    "GoToR",
    "GoToE",
    "Rendition",
    "Movie",
    "Sound",
    "XFA",
)
ACTIVE_PATTERN: Final = re.compile(
    f"/(?=[JLERSIGMX#])(?:{_name_pattern('RichMedia')}"
    f"|(?:{'|'.join(map(_name_pattern, _ACTION_NAMES))})(?!{_LETTER}))".encode()
)
_ENCRYPT: Final = re.compile(f"/{_name_pattern('Encrypt')}".encode())
_OBJECT_STREAM: Final = re.compile(f"/{_name_pattern('ObjStm')}".encode())
PIECE_SIZE: Final = 64 * 1024
OVERLAP: Final = 64  # more than the longest name, each of its letters escaped
HEADER_SIZE: Final = 4096
DAMAGED_PDF: Final = message("This PDF is damaged or cut off.")
ENCRYPTED_PDF: Final = message("This PDF is encrypted; attach it without a password.")
ACTIVE_PDF: Final = message(
    "This PDF holds programs, actions or other files; print it to PDF once more."
)
UNREADABLE_PDF: Final = message(
    "This PDF is packed in a way that cannot be looked into; print it to PDF once more."
)
_STREAM: Final = re.compile(rb"stream\r?\n")
_END: Final = re.compile(rb"%%EOF\s*\Z")


def check_pdf(received: bytes) -> FileContent:
    """Return the PDF unchanged; raises Invalid if damaged, encrypted or active."""
    if not _END.search(received[-1024:].rstrip(b"\0")):
        _refuse_pdf(DAMAGED_PDF)
    if _ENCRYPT.search(received):
        _refuse_pdf(ENCRYPTED_PDF)
    _check_text(received)
    most = min(MAX_INFLATED, ALWAYS_INFLATED + MAX_INFLATE_RATIO * len(received))
    inflated = after = 0
    for count, begin in enumerate(_STREAM.finditer(received)):
        head = received[max(after, begin.start() - HEADER_SIZE) : begin.start()]
        size, is_whole = _check_stream(memoryview(received)[begin.end() :], most - inflated)
        inflated, after = inflated + size, begin.end()
        if count > MAX_STREAMS or inflated > most:
            _refuse_pdf(UNREADABLE_PDF)
        if not is_whole and _OBJECT_STREAM.search(head, head.rfind(b"obj") + 1):
            _refuse_pdf(UNREADABLE_PDF)
    return FileContent(received, PDF_TYPE)


def _refuse_pdf(problem: Message) -> NoReturn:
    raise Invalid({"file": [problem]})


def _check_text(text: bytes) -> None:
    if text.count(b"/#") > MAX_ESCAPED_NAMES + len(text) // 256:
        _refuse_pdf(UNREADABLE_PDF)
    if ACTIVE_PATTERN.search(text):
        _refuse_pdf(ACTIVE_PDF)


def _check_stream(packed: memoryview, most: int) -> tuple[int, bool]:
    """Check an inflated stream in pieces; return size and whether complete.

    Stops at `most` bytes.
    """
    engine, rest, at, size, end = zlib.decompressobj(), b"", 0, 0, b""
    try:
        while not engine.eof and (rest or at < len(packed)) and size <= most:
            fed = rest or packed[at : at + PIECE_SIZE]
            at += 0 if rest else PIECE_SIZE
            piece, rest = engine.decompress(fed, MIB), engine.unconsumed_tail
            _check_text(end + piece)
            size, end = size + len(piece), (end + piece)[-OVERLAP:]
    except zlib.error:
        return size, False
    return size, engine.eof


MAX_PIXELS: Final = 50_000_000
MAX_WEBP_PIXELS: Final = 16_000_000  # its decoder takes four times the memory of the others
QUALITY: Final = 95
_PICTURE_LOCK = Lock()  # a picture takes up to 500 MB while it is made: one at a time in a process
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def clean_picture(received: bytes) -> FileContent:
    """Re-encode a JPEG, PNG or WebP picture; raises Invalid.

    Invalid if damaged or too large. PNG remains PNG, without loss; others become JPEG. The picture
    is rotated as its metadata say. Only the first of several pictures is used.
    """
    with _PICTURE_LOCK:
        try:
            image = _open_picture(received)
            return _encode(image, "PNG" if image.format == "PNG" else "JPEG")
        except Invalid:
            raise
        except Exception:  # a decoder raises whatever the bytes lead it to
            raise Invalid({"file": [message("This picture is damaged or cut off.")]}) from None


def _open_picture(received: bytes) -> Image.Image:
    """Read only the header, and refuse pictures with too many pixels."""
    most = MAX_WEBP_PIXELS if received.startswith(b"RIFF") else MAX_PIXELS
    try:
        image = Image.open(io.BytesIO(received), formats=("JPEG", "PNG", "WEBP"))
        pixels = image.width * image.height
    except _TOO_LARGE:
        pixels = most + 1
    if pixels > most:
        raise Invalid(
            {
                "file": [
                    message(
                        "A picture has at most {count} million pixels.", count=most // 1_000_000
                    )
                ]
            }
        )
    return image


def _encode(image: Image.Image, form: str) -> FileContent:
    image.load()
    with suppress(Exception):  # what the camera wrote may be damaged where the picture is whole
        ImageOps.exif_transpose(image, in_place=True)
    plain = _convert_mode(image, form)
    plain.info.clear()  # what the writer would take over: comments, profiles, resolutions
    out = io.BytesIO()
    plain.save(out, form, quality=QUALITY)
    return FileContent(out.getvalue(), f"image/{form.lower()}", plain.width, plain.height)


def _convert_mode(image: Image.Image, form: str) -> Image.Image:
    """Return the picture in a mode of the format, without a palette."""
    modes = ("L", "RGB") if form == "JPEG" else ("1", "L", "I;16", "RGB", "RGBA")
    is_clear = form == "PNG" and (image.has_transparency_data or image.mode == "LA")
    mode = "RGBA" if is_clear else image.mode if image.mode in modes else "RGB"
    return image if image.mode == mode else image.convert(mode)
