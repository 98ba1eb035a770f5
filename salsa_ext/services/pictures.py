"""Pictures are made anew from what they show: nothing else of the file that came is kept.

What a camera writes beside the picture (place, time, owner, serial number, a preview of what was cut
off) goes with the old file, and so does whatever was hidden behind it.
"""

from __future__ import annotations

import io
from contextlib import suppress
from threading import Lock
from typing import Final

from PIL import Image, ImageOps

from salsa_ext.errors import Invalid, say
from salsa_ext.values.attachments import Content

MOST_PIXELS: Final = 50_000_000
MOST_OF_WEBP: Final = 16_000_000  # its decoder takes four times the memory of the others
QUALITY: Final = 95
_ONE = Lock()  # a picture takes up to 500 MB while it is made: one at a time in a process
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def clean(received: bytes) -> Content:
    """Return a JPEG, PNG or WebP picture made anew; raises Invalid for what is none or too large.

    A PNG stays one, without loss; the others become JPEG. It stands upright, as its camera said. Of
    several pictures in one file the first is taken.
    """
    with _ONE:
        try:
            image = _open(received)
            return _written(image, "PNG" if image.format == "PNG" else "JPEG")
        except Invalid:
            raise
        except Exception:  # a decoder raises whatever the bytes lead it to
            raise Invalid({"file": [say("This picture is damaged or cut off.")]}) from None


def _open(received: bytes) -> Image.Image:
    """Read the head of the file alone, and refuse there what would grow beyond all bounds."""
    most = MOST_OF_WEBP if received.startswith(b"RIFF") else MOST_PIXELS
    try:
        image = Image.open(io.BytesIO(received), formats=("JPEG", "PNG", "WEBP"))
        pixels = image.width * image.height
    except _TOO_LARGE:
        pixels = most + 1
    if pixels > most:
        raise Invalid({"file": [say("A picture has at most {count} million pixels.",
                                    count=most // 1_000_000)]})  # fmt: skip
    return image


def _written(image: Image.Image, form: str) -> Content:
    image.load()
    with suppress(Exception):  # what the camera wrote may be damaged where the picture is whole
        ImageOps.exif_transpose(image, in_place=True)
    plain = _plain(image, form)
    plain.info.clear()  # what the writer would take over: comments, profiles, resolutions
    out = io.BytesIO()
    plain.save(out, form, quality=QUALITY)
    return Content(out.getvalue(), f"image/{form.lower()}", plain.width, plain.height)


def _plain(image: Image.Image, form: str) -> Image.Image:
    """Return the picture in a mode that the form can hold, without a palette."""
    modes = ("L", "RGB") if form == "JPEG" else ("1", "L", "I;16", "RGB", "RGBA")
    is_clear = form == "PNG" and (image.has_transparency_data or image.mode == "LA")
    wanted = "RGBA" if is_clear else image.mode if image.mode in modes else "RGB"
    return image if image.mode == wanted else image.convert(wanted)
