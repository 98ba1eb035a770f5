"""The report of a trace as a PDF: what it says, in whose language, and that the audit knows it."""

import hashlib
import re

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.papers import as_copied, text_of

MARK = "Police information. Not for use in court without the consent of the states named."


@beginning
def record(as_actor):
    sale = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    return sale["firearm"]["record"]


@pytest.fixture
def trace(analyst, record):
    return analyst.post("/traces", bodies.trace()).json


@pytest.fixture
def court(as_actor, analyst, record):
    """Let Paraguay consent that its record is used in court, in the case of the trace or another."""

    def consent(case_number="C-1"):
        body = bodies.consent(record, use="court", case_number=case_number)
        asked = analyst.post("/consents", body).json
        path = f"/consents/{asked['id']}"
        decider = as_actor("PRY", "supervisor")
        tag = decider.get(path).headers["ETag"]
        decider.post(f"{path}/grant", {"expires_on": "2026-12-31"}, 200, If_Match=tag)

    return consent


def report(client, trace, language="en"):
    answer = client.get(f"/traces/{trace['id']}/report", Accept_Language=language)
    assert answer.mimetype == "application/pdf"
    return answer.data


def hash_of(pdf):
    return re.search(r"SHA-256: ([0-9a-f]{64})", text_of(pdf))[1]


def verify(client, trace, sha256, expect=200):
    return client.post(f"/traces/{trace['id']}/report/verify", {"sha256": sha256}, expect).json


def test_result_and_report_say_that_another_state_had_seized_it_before(as_actor, analyst, record):
    """With the sale that Paraguay recorded; the seizure was told by the service."""
    place = {"country": "ARG", "name": "Posadas"}
    accepted = bodies.seizure(place=place, occurred_on="2025-09-01", visibility="open")
    as_actor("ARG", "police_officer").post("/seizures", accepted)
    made = analyst.post("/traces", bodies.trace()).json
    result = (
        "Argentina had it on 1 Sept 2025 (seized), and records no release; it came up again in Brazil"
        " 181 days later: it left the evidence store, one of the two is a clone, or a mark was misread."
    )
    found = analyst.get(f"/traces/{made['id']}/result").json
    assert [conflict["reason"] for conflict in found["conflicts"]] == [result]
    assert found["remarks"] == ["From the first sale to that day: 483 days."]
    assert "left the evidence store" in " ".join(text_of(report(analyst, made)).split())


def test_a_report_without_a_diversion_has_the_last_lawful_point_under_its_own_name(analyst, trace):
    result = " ".join(text_of(report(analyst, trace)).split())
    assert "Last lawful point" in result and "Point of diversion" not in result


@pytest.mark.parametrize(
    ("language", "sale", "lawful"),
    [
        ("en", "From the first sale to the find", "From the last lawful point to the find"),
        ("pt", "Da primeira venda ao achado", "Do último ponto lícito ao achado"),
    ],
)
def test_the_report_calls_times_as_the_page_does(analyst, trace, language, sale, lawful):
    result = " ".join(text_of(report(analyst, trace, language)).split())
    days = {"en": "664 days", "pt": "664 dias"}[language]
    assert sale in result and lawful in result and result.count(days) == 2


def test_a_report_says_what_the_states_said(analyst, trace):
    result = text_of(report(analyst, trace))
    for value in (
        "Report of a trace",
        "Brazil (BRA)",
        "C-1",
        trace["id"],
        "Law 1",
        "Pistol",
        "ABC123456",
        "Traced",
        "First buyer",
        "664",
        "Chain, in order",
        "Paraguay (PRY)",
        "6 May 2024",
        "Domestic sale",
        "Armas del Sur (PRY)",
        "Individual",
        "Strong evidence",
        "Last lawful point",
        "States searched or asked",
        "States whose consent to use in court is missing",
    ):
        assert value in result, value
    assert "Ana Ejemplo" not in result
    assert "No record in its registers" in result and "that it shares" not in result
    assert "· The service" in result


def test_guns_that_a_mark_fits_are_possible_records_with_why_and_why_not(analyst, bra):
    for serial in ("ABC123451", "ABC123458"):
        bra.post(
            "/transfers",
            bodies.transfer(kind="registration", firearm=bodies.firearm(serial=serial)),
        )
    asked = bodies.trace(firearm=bodies.firearm(serial="ABC12345?"))
    answer = text_of(report(analyst, analyst.post("/traces", asked).json))
    assert "Records that may be of this gun" in answer and "Registration" in answer
    assert all(serial in answer for serial in ("ABC123451", "ABC123458"))
    assert "The make is the same." in answer and "do not tell whether" in answer
    assert "Chain, in order" not in answer and "None" not in answer


def test_an_event_that_contradicts_the_chain_is_reported_with_the_reason(as_actor, analyst):
    for state, on in (("PRY", "2021-01-01"), ("URY", "2022-01-01")):
        body = bodies.transfer(kind="registration", occurred_on=on)
        as_actor(state, "licensing_officer").post("/transfers", body)
    trace = analyst.post("/traces", bodies.trace()).json
    result = " ".join(text_of(report(analyst, trace)).split())
    assert "no export or import between them is recorded" in result
    found = analyst.get(f"/traces/{trace['id']}/result", Accept_Language="es").json
    [conflict] = found["conflicts"]
    assert "dos armas" in conflict["reason"]


@pytest.mark.parametrize(
    "language,title,mark",
    [
        ("es", "Informe de un rastreo", "Información policial."),
        ("fr", "Rapport de traçage", "Information policière."),
        ("pt", "Relatório de rastreamento", "Informação policial."),
    ],
)
def test_a_report_speaks_the_readers_language_alone(analyst, trace, language, title, mark):
    result = text_of(report(analyst, trace, language))
    assert title in result and mark in result
    assert "Report of a trace" not in result and "Domestic sale" not in result


def test_police_information_is_marked_until_each_state_consents(analyst, trace, court):
    assert MARK in text_of(report(analyst, trace))
    court("Another case")
    assert MARK in text_of(report(analyst, trace))
    court()
    result = text_of(report(analyst, trace))
    assert MARK not in result and "consent to use in court is missing" not in result


def test_a_report_in_which_nobody_said_anything_is_marked(analyst):
    found = analyst.post("/traces", bodies.trace(firearm=bodies.firearm(serial="NONE99871"))).json
    assert MARK in text_of(report(analyst, found))


def test_own_words_need_no_consent_of_another(record, pry_analyst):
    found = pry_analyst.post("/traces", bodies.trace()).json
    assert MARK not in text_of(report(pry_analyst, found))


def test_the_audit_knows_the_hash_on_the_pages_and_that_of_the_file(analyst, trace):
    pdf = report(analyst, trace, "es")
    assert verify(analyst, trace, hash_of(pdf)) == {
        "known": True,
        "hash_of": "content",
        "created_at": "2026-03-09T15:00:00+00:00",
        "language": "es",
    }
    assert verify(analyst, trace, hashlib.sha256(pdf).hexdigest().upper())["hash_of"] == "file"


def test_a_hash_is_known_as_it_is_copied_from_the_page(analyst, trace):
    found = hash_of(report(analyst, trace)).upper()
    pasted = "\u200b".join(found[at : at + 8] for at in range(0, 64, 8))
    for copied in (pasted, f" {pasted[:40]}\n{pasted[40:]}\u00a0", " ".join(pasted)):
        assert verify(analyst, trace, copied)["hash_of"] == "content"


@pytest.mark.parametrize("wrong", ["en", "0" * 63, "0" * 65, "g" * 64])
def test_what_is_no_hash_is_refused(analyst, trace, wrong):
    errors = verify(analyst, trace, wrong, 422)["errors"]
    assert errors == {"sha256": ["A SHA-256 has 64 hexadecimal digits."]}


def test_the_audit_does_not_know_what_was_changed_or_is_of_another_trace(analyst, trace, as_actor):
    pdf = report(analyst, trace)
    changed = hashlib.sha256(pdf + b" ").hexdigest()
    unknown = {"known": False, "hash_of": None, "created_at": None, "language": None}
    assert verify(analyst, trace, changed) == unknown
    other = analyst.post("/traces", bodies.trace(case_number="C-2")).json
    assert verify(analyst, other, hash_of(pdf)) == unknown
    verify(as_actor("PRY", "trace_analyst"), trace, hash_of(pdf), 404)


def test_a_report_is_in_the_audit_and_owners_read_that_firms_were_named(analyst, trace, as_actor):
    report(analyst, trace)
    [entry] = as_actor("BRA", "auditor").get("/audit?action=trace:reported").json["items"]
    assert entry["data"].keys() == {"content", "file", "language", "court"}
    theirs = as_actor("PRY", "auditor").get("/audit?action=party:disclosed").json["items"]
    assert [each["subject_id"] for each in theirs] == [trace["id"]]


def test_a_gun_of_which_a_field_is_unknown_is_reported_with_its_marks(analyst, trace):
    gun = bodies.firearm(marks=[{"kind": "import", "text": "MAR 2019"}])
    del gun["model"]
    asked = analyst.post("/traces", bodies.trace(firearm=gun, case_number="C-9")).json
    assert "MAR 2019" in text_of(report(analyst, asked))


def test_a_report_of_several_guns_has_a_chain_of_each_and_says_before_them_that_it_may_be_any(
    analyst, pry, pry_analyst
):
    pry.post("/transfers", bodies.transfer(firearm=bodies.firearm(serial="TKA5238?")))
    trace = analyst.post("/traces", bodies.trace(firearm=bodies.firearm(serial="TKA5238?"))).json
    [asked] = pry_analyst.get("/requests").json["items"]
    sold = {"event": "domestic_sale", "occurred_on": "2021-01-01", "make": "Taurus"}
    entries = [sold | {"serial": serial, "model": "G2C"} for serial in ("TKA52381", "TKA52382")]
    pry_analyst.post(
        f"/requests/{asked['id']}/answer",
        {"completeness": "full", "events": entries},
        200,
        If_Match=f'"{asked["version"]}"',
    )
    result = " ".join(text_of(report(analyst, trace)).split())
    places = [
        result.index(words)
        for words in (
            "Chain, in order",
            "The mark fits several guns: it may be any of these.",
            "Gun 1: TKA52381 G2C",
            "Gun 2: TKA52382 G2C",
        )
    ]
    assert places == sorted(places)
    assert "TKA52382" not in result[places[2] : places[3]]


def test_a_report_says_how_where_and_in_which_seizure_the_gun_was_found(as_actor, analyst):
    seizure = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure()).json["id"]
    trace = analyst.post("/traces", bodies.trace_of(seizure)).json
    result = " ".join(text_of(report(analyst, trace)).split())
    find = result[result.index("Circumstances of the find") :].partition("Result")[0]
    for words in ("Foz do Iguaçu", "S-1", "Found in a vehicle at a road block", "01/03/2026"):
        assert words in find, (words, find)


REFUSED = {
    "en": ("All that were asked refused", "Refused by Paraguay"),
    "es": ("Todos los Estados consultados denegaron la respuesta", "Denegado por Paraguay"),
    "fr": ("Tous les États interrogés ont refusé de répondre", "Refusé par Paraguay"),
    "pt": ("Todos os Estados consultados recusaram-se a responder", "Recusado por Paraguai"),
}


def test_a_report_does_not_call_answered_what_a_state_refused(
    as_actor, analyst, pry_administrator, pry_analyst
):
    pry_administrator.post("/settings", {"answers_automatically": False}, 200, If_Match='"0"')
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    trace = analyst.post("/traces", bodies.trace()).json
    [asked] = pry_analyst.get("/requests").json["items"]
    why = {"reason": "ongoing_investigation", "text": "Not now"}
    pry_analyst.post(f"/requests/{asked['id']}/refuse", why, 200, If_Match=f'"{asked["version"]}"')
    assert analyst.get(f"/traces/{trace['id']}").json["status"] == "completed"
    for language, words in REFUSED.items():
        result = " ".join(text_of(report(analyst, trace, language)).split())
        assert all(each in result for each in words), result


@pytest.mark.parametrize(
    "serial",
    ["TKA52385", "TKA-52385/0019-0012", "12345678901234567890123", "W9M" * 21 + "1"],
    ids=len,
)
def test_a_serial_is_found_whole_in_the_text_of_a_report(as_actor, analyst, serial):
    sold = bodies.transfer(firearm=bodies.firearm(serial=serial))
    as_actor("PRY", "licensing_officer").post("/transfers", sold)
    trace = analyst.post("/traces", bodies.trace(firearm=bodies.firearm(serial=serial))).json
    gun, chain = as_copied(report(analyst, trace)).split("Chain, in order")
    assert serial in gun and serial in chain
