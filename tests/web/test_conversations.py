"""Conversations on pages: begun, read and answered."""

from tests.web.pages import text

HELLO = {"to": "PRY", "title": "Lot L77", "text": "Could you look at it?", "once": "1"}


def test_a_conversation_is_begun_listed_and_answered(signed_in):
    here, there = signed_in("BRA", "trace_analyst"), signed_in("PRY", "trace_analyst")
    address = here.send("/conversations/new", HELLO).location
    assert "Lot L77" in text(here.open("/conversations"))
    assert "Could you look at it?" in text(there.open(address))
    there.send(address, {"text": "We did: nothing.", "once": "2"})
    assert "We did: nothing." in text(here.open(address))
    assert "This field is required." in there.send(address, {"once": "3"}, 422).text
