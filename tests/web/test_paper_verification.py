"""The page where anybody checks a paper, and the one with blank forms."""

import re

import pytest
from sqlalchemy import text

from api.papers import blank_forms
from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.movements import act
from tests.support.papers import code_of, text_of


@beginning
def issued(as_actor):
    pry = as_actor("PRY", "licensing_officer")
    return pry.post("/permits", bodies.import_permit()).json | {"client": pry}


@beginning
def token(issued):
    return code_of(issued["client"].get(f"/permits/{issued['id']}/paper").data)


def verified(visitor, token):
    return visitor.send("/verify", {"token": token}, 200).text


def test_visitors_see_what_the_signature_says(visitor, token):
    page = verified(visitor, token)
    assert "The signature is good." in page
    assert "I-1" in page and "Paraguay" in page and "Import certificate" in page
    assert "Armas del Sur" not in page


def test_whoever_is_not_signed_in_learns_nothing_of_the_record(visitor, issued, token):
    with transaction(operator("PRY")):
        db.session.execute(text("UPDATE permit SET status = 'cancelled'"))
    page = verified(visitor, token)
    assert "The signature is good." in page
    assert "Cancelled" not in page and "Status today" not in page


def test_an_authority_that_signed_in_learns_whether_it_stands(signed_in, issued, token):
    officer = signed_in("BRA", "border_officer")
    page = verified(officer, token)
    assert "The document is valid" in page and "Armas del Sur" in page and "Left: " in page
    with transaction(operator("PRY")):
        db.session.execute(text("UPDATE permit SET status = 'cancelled'"))
    page = verified(officer, token)
    assert "the document is not valid" in page and "Cancelled" in page


def test_the_paper_of_a_held_shipment_warns(signed_in, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    shipment = bra.post(f"/permits/{permit}/shipments", bodies.shipment()).json
    token = code_of(bra.get(f"/shipments/{shipment['id']}/paper").data)
    act(bra, shipment, "hold", reason="Seals differ")
    page = verified(signed_in("BRA", "border_officer"), token)
    assert "the shipment is held" in page and 'class="verdict held"' in page


def test_who_may_not_read_permits_sees_the_signature_alone(signed_in, token):
    page = verified(signed_in("BRA", "auditor"), token)
    assert "The signature is good." in page and "Status today" not in page


def test_the_text_may_be_broken_into_lines(visitor, token):
    lines = "\r\n".join(token[start : start + 60] for start in range(0, len(token), 60))
    assert "The signature is good." in verified(visitor, f" {lines}\r\n")


def test_a_changed_letter_is_refused(visitor, token):
    page = verified(visitor, token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert "Do not accept it" in page and "Paraguay" not in page


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ("", "which begins with SALSA1"),
        ("<script>alert(1)</script>", "which begins with SALSA1"),
        ("SALSA1.PRY-2026-00000000.AAAA.AAAA", "has the key PRY-2026-00000000"),
    ],
)
def test_any_other_text_is_reported_as_no_token(visitor, wrong, expected):
    page = verified(visitor, wrong)
    assert expected in page and "<script>alert" not in page


def test_every_form_is_listed_in_every_language_and_can_be_had(visitor):
    found = re.findall(r'href="(/forms/[^"]+)"', visitor.open("/forms"))
    assert len(found) == len(blank_forms.FORM_KINDS) * 4
    for path in found:
        answer = visitor.client.get(path.replace("&amp;", "&"))
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert answer.data.startswith(b"%PDF")


def test_a_form_is_in_the_language_of_the_page_unless_another_is_asked_for(visitor):
    own = visitor.client.get("/forms/import.pdf", headers={"Accept-Language": "fr"}).data
    assert "Certificat d’importation" in text_of(own)
    other = visitor.client.get("/forms/import.pdf?language=pt").data
    assert "Certificado de importação" in text_of(other)


@pytest.mark.parametrize("path", ["/forms/licence.pdf", "/forms/import.pdf?language=xx"])
def test_there_is_no_other_form(visitor, path):
    visitor.open(path, 404)


@pytest.fixture
def printed(analyst):
    """Return a trace and the hash on the foot of its report."""
    trace = analyst.post("/traces", bodies.trace()).json
    pdf = analyst.get(f"/traces/{trace['id']}/report").data
    return trace, re.search(r"SHA-256: ([0-9a-f]{64})", text_of(pdf))[1]


def test_the_hash_on_a_trace_report_says_which_trace_it_is_of_and_when_it_was_made(
    signed_in, printed
):
    trace, shown = printed
    analyst = signed_in("BRA", "trace_analyst")
    for typed in (shown, f"SHA-256: {shown[:40]}\r\n{shown[40:].upper()}"):
        page = verified(analyst, typed)
        assert "Your state made this trace report." in page
        assert f'href="/traces/{trace["id"]}"' in page and "9 Mar 2026, 15:00" in page
    changed = ("0" if shown[0] != "0" else "1") + shown[1:]
    assert "made no trace report with this hash" in verified(analyst, changed)


def test_who_reads_no_traces_of_the_state_learns_nothing_of_its_reports(
    signed_in, visitor, printed
):
    trace, shown = printed
    assert "made no trace report" in verified(signed_in("PRY", "trace_analyst"), shown)
    for other in (visitor, signed_in("BRA", "border_officer")):
        page = verified(other, shown)
        assert "an officer of the state that made it" in page and trace["id"] not in page
