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
MOST_INFLATED: Final = 512 * MIB
MOST_STREAMS: Final = 50_000
ACTIVE: Final = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia\w*|SubmitForm|ImportData|GoToR|GoToE|Rendition"
    rb"|Movie|Sound|XFA)(?![A-Za-z])"
)
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
_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM: Final = re.compile(rb"stream\r?\n")
_END: Final = re.compile(rb"%%EOF\s*\Z")


def check(received: bytes) -> Content:
    """Return the PDF as it came; raises Invalid for one that is cut off, encrypted or active."""
    if not _END.search(received[-1024:].rstrip(b"\0")):
        _refuse(CUT_OFF)
    if b"/Encrypt" in _unescaped(received):
        _refuse(ENCRYPTED)
    _search(received)
    inflated = after = 0
    for count, begin in enumerate(_STREAM.finditer(received)):
        head = received[max(after, begin.start() - HEAD) : begin.start()]
        size, is_whole = _look_into(memoryview(received)[begin.end() :])
        inflated, after = inflated + size, begin.end()
        if count > MOST_STREAMS or inflated > MOST_INFLATED:
            _refuse(PACKED)
        if not is_whole and b"/ObjStm" in _unescaped(head[head.rfind(b"obj") + 1 :]):
            _refuse(PACKED)
    return Content(received, TYPE)


def _refuse(said: Message) -> NoReturn:
    raise Invalid({"file": [said]})


def _search(text: bytes) -> None:
    if ACTIVE.search(_unescaped(text)):
        _refuse(IS_ACTIVE)


def _look_into(packed: memoryview) -> tuple[int, bool]:
    """Search what a stream inflates to, a piece at a time; returns its size, and whether it ended well."""
    engine, rest, at, size, end = zlib.decompressobj(), b"", 0, 0, b""
    try:
        while not engine.eof and (rest or at < len(packed)) and size <= MOST_INFLATED:
            fed = rest or packed[at : at + PIECE]
            at += 0 if rest else PIECE
            piece, rest = engine.decompress(fed, MIB), engine.unconsumed_tail
            _search(end + piece)
            size, end = size + len(piece), (end + piece)[-OVERLAP:]
    except zlib.error:
        return size, False
    return size, engine.eof


def _unescaped(text: bytes) -> bytes:
    """Return the bytes with names as they are meant: `/J#61vaScript` is `/JavaScript`."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text)
