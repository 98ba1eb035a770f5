"""Program that rewrites an attached file, as a process of its own with limits.

A file comes on standard input; a line of JSON and the new file go to standard output. It imports
nothing of the service and has neither its environment nor its memory, is bounded in time and memory,
and writes no files. It runs as the same user, though, who may read the service's files and use the
network; only an operating system's rules shut it off from those.

PDFs are parsed by qpdf, which finds every object however it is packed, and rewritten. One is
refused for what acts on its reader (ISO 32000, 12.6), embeds or names other files (7.11) or plays.
Links, forms, signatures, metadata and private data of programs are left out. Pictures are re-encoded
from their pixels, so that metadata (place, time, owner, serial number, a preview of cropped parts)
is gone.
"""

import io
import json
import os
import resource
import sys
from contextlib import suppress
from typing import Any, Final, NamedTuple

MIB: Final = 1024 * 1024
CPU_SECONDS: Final = 20
MAX_MEMORY: Final = 1536 * MIB
"""Of addresses: a picture of 50 million pixels takes 500 MiB."""
MAX_INFLATED: Final = 64 * MIB
MAX_INFLATE_RATIO: Final = 100
"""Allowed inflation: text reaches 10, decompression bombs 1,000."""
ALWAYS_INFLATED: Final = 4 * MIB
"""Inflated size allowed for any file: a small one may hold a blank picture."""
MAX_OBJECTS: Final = 200_000
MAX_DEPTH: Final = 100
ACTIONS: Final = frozenset(
    f"/{name}"
    for name in (
        "JavaScript Launch SubmitForm ImportData ResetForm GoToR GoToE GoToDp Rendition Movie Sound"
        " Thread Named Hide Trans SetOCGState GoTo3DView RichMediaExecute"
    ).split()
)
ACTIVE_KEYS: Final = frozenset(
    f"/{name}"
    for name in (
        "JS JavaScript EF EmbeddedFiles AF XFA Ref OnInstantiate RichMediaContent 3DD Launch"
    ).split()
)
ACTIVE_SUBTYPES: Final = frozenset(
    f"/{name}" for name in "RichMedia 3D Movie Sound Screen FileAttachment U3D PRC".split()
)
DROPPED_KEYS: Final = "/URI /Metadata /PieceInfo".split()
"""Left out wherever they are, not refused: many papers have some. A link without /URI leads nowhere."""
MAX_PIXELS: Final = 50_000_000
MAX_WEBP_PIXELS: Final = 16_000_000  # its decoder takes four times the memory of the others
QUALITY: Final = 95


class Refused(Exception):
    """The file is not accepted, by the code in `args`."""


class Cleaned(NamedTuple):
    """The new file and what is known of it."""

    data: bytes
    media_type: str
    width: int | None = None
    height: int | None = None


def clean_pdf(received: bytes) -> Cleaned:
    """Return the rewritten PDF; raises Refused."""
    import pikepdf

    if b"%%EOF" not in received[-1024:]:
        raise Refused("damaged_pdf")
    try:
        pdf = pikepdf.open(io.BytesIO(received), attempt_recovery=False)
    except pikepdf.PasswordError:
        raise Refused("encrypted") from None
    except pikepdf.PdfError:
        raise Refused("damaged_pdf") from None
    with pdf:
        if pdf.is_encrypted:
            raise Refused("encrypted")
        if len(pdf.objects) > MAX_OBJECTS:
            raise Refused("unreadable")
        left = min(MAX_INFLATED, ALWAYS_INFLATED + MAX_INFLATE_RATIO * len(received))
        for item in pdf.objects:
            left -= _check_object(item, 0)
            if left < 0:
                raise Refused("unreadable")
        for key in "/AcroForm /Perms /Legal /Collection".split():
            if key in pdf.Root:
                del pdf.Root[key]
        if "/Info" in pdf.trailer:
            del pdf.trailer["/Info"]
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return Cleaned(out.getvalue(), "application/pdf")


def _check_object(item: Any, depth: int) -> int:
    """Check an object and what is directly in it; return how many bytes its stream inflates to."""
    import pikepdf

    if depth > MAX_DEPTH:
        raise Refused("unreadable")
    if isinstance(item, pikepdf.Array):
        for inner in item:
            if not getattr(inner, "is_indirect", False):
                _check_object(inner, depth + 1)
        return 0
    if not isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        return 0
    is_stream = isinstance(item, pikepdf.Stream)
    for name in DROPPED_KEYS:
        if name in item:
            del item[name]
    names = set(item.keys())
    if (
        names & ACTIVE_KEYS
        or item.get("/S") in ACTIONS
        or item.get("/Subtype") in ACTIVE_SUBTYPES
        or (is_stream and "/F" in names)  # whose content is in another file
    ):
        raise Refused("active")
    for name in names:
        value: Any = item.get(name)
        if not getattr(value, "is_indirect", False):  # else it is checked by itself
            _check_object(value, depth + 1)
    if not is_stream:
        return 0
    try:
        return len(item.read_bytes())
    except pikepdf.PdfError:  # pictures, in filters of their own
        return len(item.read_raw_bytes())


def clean_picture(received: bytes) -> Cleaned:
    """Re-encode a JPEG, PNG or WebP picture; raises Refused.

    PNG remains PNG, without loss; others become JPEG. The picture is rotated as its metadata say.
    Only the first of several pictures is used.
    """
    from PIL import Image

    most = MAX_WEBP_PIXELS if received.startswith(b"RIFF") else MAX_PIXELS
    try:
        image = Image.open(io.BytesIO(received), formats=("JPEG", "PNG", "WEBP"))
        pixels = image.width * image.height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pixels = most + 1
    if pixels > most:
        raise Refused("webp_pixels" if received.startswith(b"RIFF") else "pixels")
    return _encode(image, "PNG" if image.format == "PNG" else "JPEG")


def _encode(image: Any, form: str) -> Cleaned:
    from PIL import ImageOps

    image.load()
    with suppress(Exception):  # what the camera wrote may be damaged where the picture is whole
        ImageOps.exif_transpose(image, in_place=True)
    plain = _convert_mode(image, form)
    plain.info.clear()  # what the writer would take over: comments, profiles, resolutions
    out = io.BytesIO()
    plain.save(out, form, quality=QUALITY)
    return Cleaned(out.getvalue(), f"image/{form.lower()}", plain.width, plain.height)


def _convert_mode(image: Any, form: str) -> Any:
    """Return the picture in a mode of the format, without a palette."""
    modes = ("L", "RGB") if form == "JPEG" else ("1", "L", "I;16", "RGB", "RGBA")
    is_clear = form == "PNG" and (image.has_transparency_data or image.mode == "LA")
    mode = "RGBA" if is_clear else image.mode if image.mode in modes else "RGB"
    return image if image.mode == mode else image.convert(mode)


def main() -> None:
    """Clean the file on standard input."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)
    received = sys.stdin.buffer.read()
    is_pdf = received.startswith(b"%PDF-")
    try:
        cleaned = clean_pdf(received) if is_pdf else clean_picture(received)
    except Refused as error:
        head: dict[str, Any] = {"refused": error.args[0]}
        data = b""
    except Exception:  # a decoder raises whatever the bytes lead it to
        head, data = {"refused": "damaged_pdf" if is_pdf else "damaged_picture"}, b""
    else:
        head, data = cleaned._asdict(), cleaned.data
        del head["data"]
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + data)


if __name__ == "__main__":
    main()
