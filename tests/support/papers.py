"""Papers as a person has them: a PDF's pages as text and as pictures, and what a camera reads there."""

import json

import pypdfium2
import zxingcpp
from sqlalchemy import text

from salsa_ext.access import paper_tokens
from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction

SIGNED = {"authentication": "Sello seco 7"}
DOTS = 200 / 72  # a common scanner's 200 dots an inch


def text_of(pdf: bytes) -> str:
    """Return the text of all pages, its words apart by one blank."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return " ".join("\n".join(pages).replace("\u200b", "").split())


def as_copied(pdf: bytes) -> str:
    """Return the text of all pages as a reader of PDF copies and searches it, with what nobody sees."""
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def pages_of(pdf: bytes) -> int:
    """Return how many pages there are."""
    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def code_of(pdf: bytes, dots: float = DOTS) -> str:
    """Return what the one QR code of the first page says, read from a picture of the page."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[0].render(scale=dots, grayscale=True).to_numpy()
    [code] = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return str(code.text)


def paper(client, body):
    """Record a permit; returns it and its paper."""
    permit = client.post("/permits", body).json
    return permit, client.get(f"/permits/{permit['id']}/paper").data


def verify(client, token, expect=200):
    """Ask about a token."""
    return client.post("/papers/verify", {"token": token}, expect).json


def keys(client):
    """Return the public keys, which need no key of a caller."""
    answered = client.client.get("/api/v1/signing-keys")  # without a key of a caller
    return paper_tokens.read_key_set(json.loads(answered.data))


def amend(client, permit, **body):
    """Amend the current version of a permit."""
    path = f"/permits/{permit['id']}"
    etag = client.get(path).headers["ETag"]
    client.post(f"{path}/amend", {"reason": "Huelga"} | body, 200, If_Match=etag)


def set_to(permit, change):
    """Change the row of a permit behind the service's back."""
    with transaction(operator(permit["state"])):
        done = f"UPDATE permit SET {change}, version = version + 1 WHERE id = :id"
        db.session.execute(text(done), {"id": permit["id"]})
