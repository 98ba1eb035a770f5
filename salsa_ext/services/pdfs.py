"""PDFs are kept as they are, since laboratories sign them; what could act on its reader is refused.

The rule: no encryption, which nobody here could look into, and no name of an action or of an embedded
file, neither in the open nor in any stream that inflates (ISO 32000, 7.5.7, 7.11.4 and 12.6). It may
refuse a harmless file, which is printed to PDF once more.
"""

from __future__ import annotations

import re
import zlib
from typing import Final, NoReturn

from salsa_ext.config import MIB
from salsa_ext.errors import Invalid, Message, say
from salsa_ext.values.attachments import Content

TYPE: Final = "application/pdf"
MOST_INFLATED: Final = 64 * MIB
MOST_RATIO: Final = 100
"""So many times its size a file may inflate to: text does ten times, what is made to be large a thousand."""
FREE: Final = 4 * MIB
"""What any file may inflate to: a small one may hold a blank picture."""
FEW: Final = 1_000
"""Names that may begin with an escape, which no writer needs; each costs as much as 1,000 other bytes."""
MOST_STREAMS: Final = 50_000


def _name(text: str) -> str:
    """Return a pattern of a name, of which any letter may be escaped: `/J#61vaScript` is `/JavaScript`."""
    return "".join(
        f"(?:{glyph}|#{re.sub('[a-f]', lambda hex_: f'[{hex_[0]}{hex_[0].upper()}]', f'{ord(glyph):02x}')})"
        for glyph in text
    )


_LETTER: Final = "[A-Za-z]|#[46][1-9A-Fa-f]|#[57][0-9Aa]"
_ACTS: Final = (
    "JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "SubmitForm", "ImportData", "GoToR", "GoToE",
    "Rendition", "Movie", "Sound", "XFA",
)  # fmt: skip
ACTIVE: Final = re.compile(
    f"/(?=[JLERSIGMX#])(?:{_name('RichMedia')}|(?:{'|'.join(map(_name, _ACTS))})(?!{_LETTER}))".encode()
)
_ENCRYPT: Final = re.compile(f"/{_name('Encrypt')}".encode())
_OBJECTS: Final = re.compile(f"/{_name('ObjStm')}".encode())
PIECE: Final = 64 * 1024
OVERLAP: Final = 64  # more than the longest name, each of its letters escaped
HEAD: Final = 4096
CUT_OFF: Final = say("This PDF is damaged or cut off.")
ENCRYPTED: Final = say("This PDF is encrypted; attach it without a password.")
IS_ACTIVE: Final = say(
    "This PDF holds programs, actions or other files; print it to PDF once more."
)
PACKED: Final = say(
    "This PDF is packed in a way that cannot be looked into; print it to PDF once more."
)
_STREAM: Final = re.compile(rb"stream\r?\n")
_END: Final = re.compile(rb"%%EOF\s*\Z")


def check(received: bytes) -> Content:
    """Return the PDF as it came; raises Invalid for one that is cut off, encrypted or active."""
    if not _END.search(received[-1024:].rstrip(b"\0")):
        _refuse(CUT_OFF)
    if _ENCRYPT.search(received):
        _refuse(ENCRYPTED)
    _search(received)
    most = min(MOST_INFLATED, FREE + MOST_RATIO * len(received))
    inflated = after = 0
    for count, begin in enumerate(_STREAM.finditer(received)):
        head = received[max(after, begin.start() - HEAD) : begin.start()]
        size, is_whole = _look_into(memoryview(received)[begin.end() :], most - inflated)
        inflated, after = inflated + size, begin.end()
        if count > MOST_STREAMS or inflated > most:
            _refuse(PACKED)
        if not is_whole and _OBJECTS.search(head, head.rfind(b"obj") + 1):
            _refuse(PACKED)
    return Content(received, TYPE)


def _refuse(said: Message) -> NoReturn:
    raise Invalid({"file": [said]})


def _search(text: bytes) -> None:
    if text.count(b"/#") > FEW + len(text) // 256:
        _refuse(PACKED)
    if ACTIVE.search(text):
        _refuse(IS_ACTIVE)


def _look_into(packed: memoryview, most: int) -> tuple[int, bool]:
    """Search what a stream inflates to, a piece at a time; returns its size, and whether it ended well.

    What is beyond `most` is not looked at any more.
    """
    engine, rest, at, size, end = zlib.decompressobj(), b"", 0, 0, b""
    try:
        while not engine.eof and (rest or at < len(packed)) and size <= most:
            fed = rest or packed[at : at + PIECE]
            at += 0 if rest else PIECE
            piece, rest = engine.decompress(fed, MIB), engine.unconsumed_tail
            _search(end + piece)
            size, end = size + len(piece), (end + piece)[-OVERLAP:]
    except zlib.error:
        return size, False
    return size, engine.eof
