"""Conversations on pages: begun, read and answered."""

import io
import re

from tests.support import files
from tests.web.pages import text
from tests.web.trucks import picture

HELLO = {"to": "PRY", "title": "Lot L77", "text": "Could you look at it?", "once": "1"}


def test_a_conversation_is_begun_listed_and_answered(signed_in):
    here, there = signed_in("BRA", "trace_analyst"), signed_in("PRY", "trace_analyst")
    address = here.send("/conversations/new", HELLO).location
    assert "Lot L77" in text(here.open("/conversations"))
    assert "Could you look at it?" in text(there.open(address))
    there.send(address, {"text": "We did: nothing.", "once": "2"})
    assert "We did: nothing." in text(here.open(address))
    assert "This field is required." in there.send(address, {"once": "3"}, 422).text


def test_a_message_takes_a_picture_or_a_pdf_that_the_other_state_opens(signed_in):
    here, there = signed_in("BRA", "trace_analyst"), signed_in("PRY", "trace_analyst")
    address = here.send("/conversations/new", HELLO | {"photo": picture()}).location
    pdf = (io.BytesIO(files.pdf()), "report.pdf")
    there.send(address, {"text": "Our report.", "once": "2", "photo": pdf})
    shown = here.open(address)
    assert re.findall(r"(image|application)/(\w+)", text(shown)) == [
        ("image", "jpeg"),
        ("application", "pdf"),
    ]
    links = re.findall(r'href="(/attachments/[^"]+/file)"', shown)
    assert [there.client.get(link).status_code for link in links] == [200, 200]
    wrong = {"text": "And this", "once": "3", "photo": (io.BytesIO(b"MZ program"), "a.pdf")}
    there.send(address, wrong, 422)
    assert "And this" not in text(here.open(address))
