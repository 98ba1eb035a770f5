"""Rendering of a sheet as PDF/A-2b with its QR code."""

from __future__ import annotations

import io
import json
import re
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
import typst

TEMPLATE = (Path(__file__).parent / "paper.typ").read_bytes()
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
LONG_WORD = re.compile(r"\S{22,}")
ZERO_WIDTH = "\u200b"
TOKEN_LINE = 110
MAX_TAGGED_ROWS = 500  # rows; tags for who hears a document read make up most of a long one


def render_sheet(sheet: dict[str, Any], at: datetime) -> bytes:
    """Return the PDF of a sheet with its creation time.

    The template gets JSON text and an empty root folder, so that nothing in it can name a file. A
    glyph missing in all fonts (an emoji) is not allowed in PDF/A: then it is a common PDF with a
    box in its place.
    """
    is_long = any(len(part.get("rows", ())) > MAX_TAGGED_ROWS for part in sheet["sections"])
    data = json.dumps(_printable(sheet) | _qr_code(sheet.get("token")))
    options = {"timestamp": int(at.timestamp()), "pdf_tags": not is_long}
    try:
        return _compile(data, pdf_standards=["a-2b"], **options)
    except typst.TypstError:
        return _compile(data, **options)


def _compile(data: str, **options: Any) -> bytes:
    with tempfile.TemporaryDirectory() as nowhere:
        compiler = typst.Compiler(
            TEMPLATE,
            root=nowhere,
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            package_path=nowhere,
            package_cache_path=nowhere,
        )
        document = compiler.compile(format="pdf", **options)
    if not isinstance(document, bytes):
        raise AssertionError("one document gives one file")
    return document


def _qr_code(token: str | None) -> dict[str, Any]:
    """Return the QR code as SVG, and its token in lines."""
    if token is None:
        return {"qr": None, "token": None, "token_lines": []}
    buffer = io.BytesIO()
    segno.make(token, error="m", micro=False).save(
        buffer, kind="svg", border=4, xmldecl=False, omitsize=True, light="white"
    )
    lines = [token[start : start + TOKEN_LINE] for start in range(0, len(token), TOKEN_LINE)]
    return {"qr": buffer.getvalue().decode(), "token": token, "token_lines": lines}


def _printable(value: Any) -> Any:
    """Remove control characters and allow breaks in long words.

    Whole texts get no breaks: a serial number is searched for and copied. Drawings stay as they are.
    """
    if isinstance(value, str):
        return LONG_WORD.sub(_breakable, CONTROL.sub(" ", value))
    if isinstance(value, dict) and "whole" in value:
        return value | {"whole": CONTROL.sub(" ", value["whole"])}
    if isinstance(value, dict):
        return {key: inner if key == "svg" else _printable(inner) for key, inner in value.items()}
    return [*map(_printable, value)] if isinstance(value, list | tuple) else value


def _breakable(word: re.Match[str]) -> str:
    return re.sub(r"(.{8})(?=.)", rf"\1{ZERO_WIDTH}", word[0])
