"""The form by which a state that does not participate is asked: what it says, and what may not go out on it."""

import csv
import hashlib
import io

import pytest

from salsa_ext.reference import names
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.papers import as_copied, text_of

WORDS = {
    "en": ("Request for a trace", "Asked state Spain (ESP)", "Intended use"),
    "es": ("Solicitud de rastreo", "Estado requerido España (ESP)", "Uso previsto"),
    "fr": ("Demande de traçage", "État requis Espagne (ESP)", "Usage prévu"),
    "pt": ("Solicitação de rastreamento", "Estado requerido Espanha (ESP)", "Uso previsto"),
}


@beginning
def record(as_actor):
    sale = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    return sale["firearm"]["record"]


def asked(analyst, as_actor, channel="etrace", firearm=None, **changes):
    """A trace of a gun of an own seizure, and the form for Spain, or for eTrace."""
    gun = bodies.firearm(importer_mark="Armas Norte, Madrid") | (firearm or {})
    gun = {name: value for name, value in gun.items() if value is not None}
    body = bodies.seizure(items=[gun])
    seizure = as_actor("BRA", "police_officer").post("/seizures", body).json
    trace = analyst.post("/traces", bodies.trace_of(seizure["id"], **changes)).json
    by_channel = {"channel": channel, "reference": "T-7"}
    state, more = ("USA", {}) if channel == "etrace" else ("ESP", by_channel)
    body = {"state": state, "reason": "Import mark"} | more
    trace = analyst.post(f"/traces/{trace['id']}/legs", body).json
    [leg] = [each for each in trace["legs"] if each["state"] == state]
    path = f"/traces/{trace['id']}/legs/{leg['id']}"
    if channel == "etrace":
        analyst.post(f"{path}/attempts", by_channel | {"confirm_incomplete": True})
    return trace, f"{path}/form"


def fields(client, path):
    return {each["name"]: each["value"] for each in client.get(f"{path}/fields").json["fields"]}


def test_a_form_says_what_the_tracing_instrument_asks(analyst, as_actor):
    _, path = asked(analyst, as_actor, "iarms")
    answer = analyst.get(f"{path}?form_language=en")
    assert answer.mimetype == "application/pdf"
    result = text_of(answer.data)
    for words in (
        "International Tracing Instrument",
        "Asked state Spain (ESP)",
        "INTERPOL iARMS",
        "T-7",
        "Used in a crime",
        "Law 1",
        "For intelligence",
        "ABC123456",
        "Taurus",
        "Found in a vehicle",
        "01/03/2026",
        "09/03/2026 (9 Mar 2026), 15:00 UTC",
        "Foz do Iguaçu, Brazil (BRA)",
        "BRA-TEST",
    ):
        assert words in result
    assert "F 3312.1" not in result


def test_the_form_for_etrace_has_the_fields_of_f_3312_1_in_their_order(analyst, as_actor):
    _, path = asked(analyst, as_actor)
    answer = text_of(analyst.get(path).data)
    assert "Fields of ATF F 3312.1 (February 2018)" in answer
    assert "5h Importer* Armas Norte, Madrid" in answer
    assert (
        answer.index("4e Case number")
        < answer.index("5a Serial number*")
        < answer.index("Recovery date*")
    )


def test_the_fields_are_given_for_machines_with_codes_in_english(analyst, as_actor):
    _, path = asked(
        analyst,
        as_actor,
        priority="urgent",
        priority_reason="A raid tomorrow",
        confidentiality_requested=True,
    )
    result = fields(analyst, path)
    assert result["Serial number"] == "ABC123456" and result["Type"] == "Pistol"
    assert result["Manufacturer"] == "Taurus" and result["Country of origin"] == "Brazil"
    assert (result["Priority"], result["Justification"]) == ("Urgent", "A raid tomorrow")
    assert result["Special instructions"] == "Confidentiality is requested."
    assert result["Obliterated"] == "No" and result["Recovery date"] == "2026-03-01"
    assert result["ORI number"] is None and result["Possessor's name"] is None
    foreign = analyst.get(f"{path}/fields", Accept_Language="es").json
    assert {each["name"]: each["value"] for each in foreign["fields"]} == result


def test_a_serial_that_cannot_be_read_is_said_to_be_obliterated(analyst, as_actor):
    _, path = asked(analyst, as_actor, firearm={"serial": None, "marking": "obliterated"})
    result = fields(analyst, path)
    assert result["Obliterated"] == "Yes" and result["Serial number"] is None
    assert result["Obliterated serial number"] == "Marks obliterated"


@pytest.mark.parametrize("formula", ["=1+1", "+1 555 0102+1", "+cmd|' /C calc'!A0"])
def test_the_fields_are_a_table_too_in_which_no_formula_runs(analyst, as_actor, formula):
    _, path = asked(analyst, as_actor, circumstances=formula)
    answer = analyst.get(f"{path}/fields?format=csv")
    assert answer.mimetype == "text/csv" and "leg-" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    [serial] = [row for row in rows if row["item"] == "5a"]
    assert serial["value"] == "ABC123456" and serial["required"] == "Yes"
    [result] = [row for row in rows if row["name"] == "Additional information"]
    assert result["value"] == f"'{formula}"


@pytest.mark.parametrize("language", WORDS)
def test_a_form_speaks_the_language_asked_for(analyst, as_actor, language):
    _, path = asked(analyst, as_actor, "iarms")
    answer = text_of(analyst.get(f"{path}?form_language={language}").data)
    for words in WORDS[language]:
        assert words in answer


@pytest.mark.parametrize(
    ("channel", "words"), [("iarms", "Solicitud de rastreo"), ("etrace", "Request for a trace")]
)
def test_a_form_speaks_the_language_of_who_reads_it(analyst, as_actor, channel, words):
    _, path = asked(analyst, as_actor, channel)
    assert words in text_of(analyst.get(path, Accept_Language="fr").data)


def test_an_answer_of_another_state_is_not_forwarded_without_its_consent(analyst, as_actor, record):
    trace, path = asked(analyst, as_actor)
    assert analyst.get(f"/traces/{trace['id']}/result").json["chain"]
    assert "Domestic sale" not in text_of(analyst.get(path).data)


def test_what_another_state_lets_go_on_goes_to_that_state_alone_and_it_reads_so(
    analyst, as_actor, record, pry_supervisor
):
    trace, path = asked(analyst, as_actor, "iarms")
    consent = analyst.post("/consents", bodies.consent(record, use="onward", to="ESP")).json
    tag = pry_supervisor.get(f"/consents/{consent['id']}").headers["ETag"]
    pry_supervisor.post(
        f"/consents/{consent['id']}/grant", {"expires_on": "2026-12-31"}, 200, If_Match=tag
    )
    assert "Domestic sale" in text_of(analyst.get(f"{path}?form_language=en").data)
    given = as_actor("PRY", "trace_analyst").get(f"/records/{record}/disclosures").json["items"]
    assert "ESP" in [each["state"] for each in given]
    more = {"state": "ITA", "reason": "A witness", "channel": "mla"}
    legs = analyst.post(f"/traces/{trace['id']}/legs", more).json["legs"]
    [other] = [leg["id"] for leg in legs if leg["state"] == "ITA"]
    answer = text_of(analyst.get(f"/traces/{trace['id']}/legs/{other}/form").data)
    assert "Domestic sale" not in answer


def test_a_form_is_in_the_audit_with_its_hash_and_to_whom_it_goes(analyst, as_actor):
    _, path = asked(analyst, as_actor)
    pdf = analyst.get(path).data
    [entry] = as_actor("BRA", "auditor").get("/audit?action=trace:form_made").json["items"]
    result = entry["data"]
    assert result["file"] == hashlib.sha256(pdf).hexdigest()
    assert (result["to"], result["channel"], result["kind"]) == ("USA", "etrace", "pdf")


def test_a_state_that_takes_part_has_no_form(analyst, record):
    trace = analyst.post("/traces", bodies.trace()).json
    [leg] = [each for each in trace["legs"] if each["state"] == "PRY"]
    path = f"/traces/{trace['id']}/legs/{leg['id']}/form"
    assert "takes part" in analyst.get(path, 422).json["errors"]["leg"][0]
    analyst.get(f"/traces/{trace['id']}/legs/{trace['id']}/form", 404)


def office(agency, kind="duty_24h"):
    return {
        "agency": agency,
        "kind": kind,
        "languages": ["pt"],
        "hours": "round the clock",
        "telephone": f"+55 10 5550{len(agency)}",
        "email": f"{agency}@example.org",
    }


def test_the_office_that_asks_is_named_and_never_one_that_the_trace_is_kept_from(
    analyst, as_actor, administrator
):
    administrator.post("/contacts", office("BRA-POLICE"))
    _, path = asked(analyst, as_actor, hidden_from=["BRA-POLICE"])
    answer = text_of(analyst.get(path).data)
    assert "Asking authority BRA-TEST" in answer and "BRA-POLICE" not in answer
    assert "No office that may see this trace is in the register" in answer
    assert fields(analyst, path)["Telephone"] is None
    administrator.post("/contacts", office("BRA-LICENSING"))
    assert fields(analyst, path)["Telephone"] == "+55 10 555013"
    administrator.post("/contacts", office("BRA-TEST", "liaison_authority"))
    assert fields(analyst, path)["Telephone"] == "+55 10 55508"
    assert fields(analyst, path)["Department or unit"] == "BRA-TEST"


@pytest.mark.parametrize("serial", ["TKA52385", "12345678901234567890123", "W" * 23 + "?"], ids=len)
def test_a_serial_is_found_whole_in_the_text_of_a_form(analyst, as_actor, serial):
    _, path = asked(analyst, as_actor, firearm={"serial": serial})
    answer, marks = as_copied(analyst.get(path).data).split("Fields of")
    assert serial in answer and serial in marks


def test_an_unreadable_text_is_explained_and_nothing_invented(analyst, as_actor):
    _, path = asked(analyst, as_actor, firearm={"serial": "TK?523?*", "marking": "unknown"})
    result = fields(analyst, path)
    assert result["Obliterated"] is None
    assert result["Serial number"] == (
        "TK?523?* (characters: 2 unread, each written ?; * means unread characters)"
    )


def test_a_telephone_number_is_in_the_table_as_it_is_dialled(analyst, as_actor):
    as_actor("BRA", "state_administrator").post("/contacts", office("BRA-TEST"))
    _, path = asked(analyst, as_actor)
    answer = analyst.get(f"{path}/fields?format=csv").data.decode("utf-8-sig")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(answer))}
    assert rows["Telephone"]["value"] == "+55 10 55508" and rows["Telephone"]["required"] == "No"


@pytest.mark.parametrize("parties", [{"BRA", "PRY"}, {"BRA", "ESP"}])
def test_a_form_cites_the_convention_to_its_parties_alone(analyst, as_actor, monkeypatch, parties):
    known = names.cifta_parties()
    assert "BRA" in known and not {"ESP", "USA", "CAN"} & known
    monkeypatch.setattr(names, "cifta_parties", lambda: frozenset(parties))
    _, path = asked(analyst, as_actor, "iarms")
    answer = text_of(analyst.get(f"{path}?form_language=en").data)
    assert "International Tracing Instrument" in answer
    assert ("CIFTA XIII" in answer) == ("ESP" in parties)
    in_portuguese = text_of(analyst.get(f"{path}?form_language=pt").data)
    assert "Instrumento Internacional de Rastreamento (A/60/88) V, 17" in in_portuguese
    assert "International Tracing Instrument" not in in_portuguese


def test_the_channel_of_a_state_that_takes_no_part_is_chosen_until_something_came_back(
    as_actor, analyst
):
    _, path = asked(analyst, as_actor, "iarms")
    leg = path.removesuffix("/form")
    changed = analyst.post(f"{leg}/channel", {"channel": "mla", "reference": "MLA-3"}, 200).json
    [spain] = [each for each in changed["legs"] if each["state"] == "ESP"]
    assert (spain["channel"], spain["reference"]) == ("mla", "MLA-3")
    assert "MLA-3" in text_of(analyst.get(path).data)
    assert set(analyst.post(f"{leg}/channel", {"channel": "service"}, 422).json["errors"]) == {
        "channel"
    }
    [entry] = as_actor("BRA", "auditor").get("/audit?action=trace:channel_changed").json["items"]
    assert entry["data"] == {"leg": spain["id"], "channel": "mla"}
    as_actor("PRY", "trace_analyst").post(f"{leg}/channel", {"channel": "mail"}, 404)
    analyst.post(f"{leg}/reply", {"status": "no_record", "text": "Nothing"})
    detail = analyst.post(f"{leg}/channel", {"channel": "mail"}, 409).json["detail"]
    assert "Spain has answered by this channel" in detail


def test_a_state_that_takes_part_has_no_other_channel(as_actor, analyst):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    trace = analyst.post("/traces", bodies.trace()).json
    [leg] = [each["id"] for each in trace["legs"] if each["state"] == "PRY"]
    path = f"/traces/{trace['id']}/legs/{leg}/channel"
    errors = analyst.post(path, {"channel": "mail"}, 422).json["errors"]
    assert errors == {"channel": ["This state takes part, and is asked by the service itself."]}
