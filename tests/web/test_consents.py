"""The pages of consents: a use of another state's record is asked for, and its origin decides."""

import re

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.web.pages import text

SEEN = re.compile(r'name="expected_version" value="([0-9]+)"')


@beginning
def trace(as_actor):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    return as_actor("BRA", "trace_analyst").post("/traces", bodies.trace()).json


@pytest.fixture
def asking(signed_in):
    return signed_in("BRA", "trace_analyst")


@pytest.fixture
def origin(signed_in):
    return signed_in("PRY", "trace_analyst")


@beginning
def path(asking, trace):
    link = re.search(r'href="(/consents/new[^"]*)"', asking.open(f"/traces/{trace['id']}"))[1]
    form = asking.open(link.replace("&amp;", "&"))
    record = re.search(r'name="record"[^>]* value="([0-9a-f-]+)"', form)[1]
    asked = {"record": record, "use": "names", "case_number": "C-1", "reason": "To hear the buyer"}
    return asking.send("/consents/new", asked).location.split("?")[0]


def decide(visitor, path, name, **fields):
    visible = SEEN.search(visitor.open(f"{path}/{name}"))[1]
    return visitor.open(
        visitor.send(f"{path}/{name}", {"expected_version": visible} | fields).location
    )


def test_who_may_not_be_named_is_asked_for_from_the_trace_and_named_after_the_consent(
    asking, origin, trace, path
):
    assert "Ana Ejemplo" not in asking.open(f"/traces/{trace['id']}")
    assert "Name private persons, C-1" in text(origin.open("/consents"))
    page = decide(origin, path, "grant", expires_on="2026-12-31")
    assert "The other state is informed that you consent." in text(page)
    assert "Ana Ejemplo" in asking.open(f"/traces/{trace['id']}")
    accepted = decide(origin, path, "revoke", reason="The inquiry is over")
    assert "The inquiry is over" in text(accepted)
    assert "Ana Ejemplo" not in asking.open(f"/traces/{trace['id']}")


def test_it_is_refused_with_a_reason_that_the_asking_state_reads(asking, origin, path):
    decide(origin, path, "refuse", reason="The inquiry is not over")
    shown = text(asking.open(path))
    assert "Refused" in shown and "The inquiry is not over" in shown
    assert "/grant" not in asking.open(path) and "/grant" in origin.open(path)


def test_what_cannot_be_asked_stays_in_the_form_with_the_reason(asking):
    sent = {"record": "nothing", "use": "onward", "case_number": "", "reason": "Why not"}
    page = asking.send("/consents/new", sent, 422).get_data(as_text=True)
    assert "Why not" in page and 'aria-invalid="true"' in page


def test_who_decides_reads_of_which_gun_it_is_and_what_would_be_given(asking, origin, path):
    for shown in (path, f"{path}/grant", f"{path}/refuse"):
        page_text = text(origin.open(shown))
        for words in (
            "ABC123456",
            "Taurus",
            "G2C",
            "Domestic sale",
            "What would be given",
            "Ana Ejemplo",
            "To hear the buyer",
        ):
            assert words in page_text, (shown, words)
    assert "Ana Ejemplo" not in asking.open(path)
    page_text = text(origin.open(path, Accept_Language="es"))
    assert "Los nombres de los particulares de este registro" in page_text and "Brasil" in page_text
