"""Files for tests of attachments: made here, so that each test says what is in them."""

import io
import json
import struct
import zlib
from typing import Any

import pikepdf
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.PngImagePlugin import PngInfo
from werkzeug.test import TestResponse

from tests.support.actors import Client

PLANTED = "Planted Owner 7"


def photograph(size: tuple[int, int] = (60, 40), colour: str = "white", **more: Any) -> bytes:
    """A JPEG as a telephone makes it: place, owner, a comment, and something behind its end."""
    exif = Image.Exif()
    exif[Base.Artist.value] = PLANTED
    exif[Base.Orientation.value] = 6
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef] = "S"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (25.0, 31.0, 12.0)
    out = io.BytesIO()
    stored = {"exif": exif, "comment": PLANTED.encode(), "icc_profile": PLANTED.encode()} | more
    Image.new("RGB", size, colour).save(out, "JPEG", **stored)
    return out.getvalue() + PLANTED.encode()


def drawing(mode: str = "RGBA", form: str = "PNG", size: tuple[int, int] = (30, 20)) -> bytes:
    """A PNG or WebP, with a text beside it where the form has one."""
    out, result = io.BytesIO(), PngInfo()
    result.add_text("Author", PLANTED)
    more = {"pnginfo": result} if form == "PNG" else {"exif": b"Exif\0\0" + PLANTED.encode()}
    Image.new(mode, size).save(out, form, **more)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of a hundred bytes that says it has `side` by `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        sealed = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + sealed

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def pdf(root: dict[str, bytes] | None = None, **save: Any) -> bytes:
    """A PDF of a blank page; `root` is added to its catalog, `save` are options of pikepdf."""
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    for name, value in (root or {}).items():
        made.Root[f"/{name}"] = pikepdf.Object.parse(value)
    made.save(out, **{"static_id": True} | save)
    return out.getvalue()


def attach(
    client: Client,
    subject: str,
    file: bytes,
    expect: int = 201,
    headers: Any = None,
    **changes: Any,
) -> TestResponse:
    """POST a file; asserts the status."""
    document = {"subject": subject, "kind": "document"} | changes
    parts = {
        "document": (io.BytesIO(json.dumps(document).encode()), "a.json", "application/json"),
        "file": (io.BytesIO(file), "IMG 0001.JPG", "application/octet-stream"),
    }
    sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
    response = client.client.post(
        "/api/v1/attachments",
        data=parts,
        content_type="multipart/form-data",
        headers=sent | {"Authorization": f"Bearer {client.token}"},
    )
    assert response.status_code == expect, response.get_data(as_text=True)
    return response
