"""Papers: what stands on them, who may have them, and that their QR code is proof of it."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from api.papers import forms
from salsa_ext.db import db, transaction
from salsa_ext.models import Permit, Shipment
from salsa_ext.policy.rules import operator
from salsa_ext.readmodels.papers import PERMIT, SHIPMENT, SIDES
from salsa_ext.services import signing
from salsa_ext.services.sealing import Vault
from salsa_ext.values import jwks, tokens
from salsa_ext.values.codes import LANGUAGES
from tests import bodies
from tests.conftest import NOW
from tests.papers import code_of, pages_of, text_of

MARKUP = '#import "x": * _not italic_ *not bold* $x^2$ `code` @ref <b> [a](b) \\ // -- ~ = h'
ACCENTS = "Ñandutí, São João, façade, œuvre, Ångström, Łódź, ção"
LONG = "Importadora y Distribuidora de Armas Deportivas del Alto Paraná Sociedad Anónima " * 3
PLAN = {"route": "Puerto Iguazú – Posadas", "port_of_entry": "Puerto Iguazú", "mode": "road",
        "port_of_exit": "Posadas", "enters_on": "2026-04-01", "leaves_on": "2026-04-03",
        "carrier": "Transportes Ejemplo", "expected_location": "Depósito fiscal"}  # fmt: skip
SIGNED = {"authentication": "Sello seco 7"}


@pytest.fixture
def pry(as_actor):
    return as_actor("PRY", "licensing_officer")


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "licensing_officer")


def paper(client, body):
    permit = client.post("/permits", body).json
    return permit, client.get(f"/permits/{permit['id']}/paper").data


def verify(client, token, expect=200):
    return client.post("/permits/verify", {"token": token}, expect).json


def keys(client):
    answered = client.client.get("/api/v1/signing-keys")  # without a key of a caller
    return jwks.keys_of(json.loads(answered.data))


def test_an_import_certificate_has_every_field_in_its_states_language_and_in_english(pry):
    who = bodies.party() | {"address": "Avda. Ejemplo 1", "contact": "+595 61 500 000",
                            "identification": "RUC 80012345-6", "licence": "L-9"}  # fmt: skip
    body = bodies.import_permit(importer=who, latest_import_on="2026-10-01", source="Fábrica",
                                end_use="Venta", conditions="Ninguna", replaces="I-0")  # fmt: skip
    said = text_of(paper(pry, body)[1])
    for told in (
        "Certificado de importación", "Import certificate", "Paraguay (PRY)", "I-1",
        "Fecha de expedición / Date of issue", "10/01/2026", "Válido hasta / Valid through",
        "01/10/2026", "31/12/2026", "Organismo que autoriza / Authorizing agency",
        "PRY-LICENSING", "Eva Ejemplo", "Importador / Importer", "Armas del Sur", "Avda. Ejemplo 1",
        "+595 61 500 000", "RUC 80012345-6", "L-9", "Destinatario final / Final consignee",
        "Exportador / Exporter", "Fábrica Exemplo", "Estado exportador / Exporting state",
        "Brasil / Brazil (BRA)", "Pistola / Pistol", "Taurus G2C", "9x19", "Fábrica", "Venta",
        "Ninguna", "I-0", "Arma de fuego / Firearm: 10", "Firmas / Signatures",
        "Página / Page 1 / 2", "SALSA1.PRY-2026-",
    ):  # fmt: skip
        assert told in said, told


def test_an_export_certificate_names_the_import_certificate(bra):
    permits = [{"state": "ARG", "number": "T-1"}]
    body = bodies.permit(transit_states=["ARG"], transit_permits=permits)
    said = text_of(paper(bra, body)[1])
    assert "Certificado de importação / Import certificate I-1" in said
    assert "Autorizações de trânsito / In-transit authorizations ARG T-1" in said
    assert "Estados de trânsito / Transit states Argentina (ARG)" in said


def test_an_in_transit_authorization_has_its_plan(as_actor):
    body = bodies.permit(kind="in_transit", number="T-1", transit_states=["ARG"], plan=PLAN,
                         authority=bodies.authority("ARG"),
                         export_permit={"state": "BRA", "number": "E-1"})  # fmt: skip
    said = text_of(paper(as_actor("ARG", "licensing_officer"), body)[1])
    assert "Autorización de embarque en tránsito" in said
    for told in ("Puerto Iguazú – Posadas", "01/04/2026", "Carretera / Road",
                 "Transportes Ejemplo", "Depósito fiscal", "E-1", "I-1"):  # fmt: skip
        assert told in said, told


def test_a_state_whose_language_is_english_has_its_paper_in_english_alone(as_actor):
    body = bodies.import_permit(importing_state="SUR") | {"authority": bodies.authority("SUR")}
    said = text_of(paper(as_actor("SUR", "licensing_officer"), body)[1])
    assert "Import certificate" in said and "/ Import certificate" not in said


def test_what_somebody_wrote_is_printed_as_he_wrote_it(pry):
    body = bodies.import_permit(conditions=MARKUP, source=ACCENTS, importer=bodies.party(MARKUP))
    said = text_of(paper(pry, body)[1])
    assert said.count(MARKUP) == 2
    assert ACCENTS in said


def test_a_long_word_and_a_glyph_that_no_font_has_do_no_harm(pry):
    body = bodies.import_permit(conditions="🔫 枪 " + "W" * 1000, importer=bodies.party("🔫"))
    assert pages_of(paper(pry, body)[1]) == 2


def test_forty_lines_and_long_names_take_their_pages_and_repeat_the_head(pry):
    line = bodies.permit()["lines"][0] | {"model": "Modelo de nombre muy largo, edición especial"}
    lines = [line | {"line": number} for number in range(1, 41)]
    made = paper(pry, bodies.import_permit(lines=lines, importer=bodies.party(LONG.strip())))[1]
    assert pages_of(made) >= 2
    assert text_of(made).count("Marca, modelo / Make, model") >= 2
    assert "Total Arma de fuego / Firearm: 400" in text_of(made)


def test_a_paper_is_one_for_archives(pry):
    made = paper(pry, bodies.import_permit())[1]
    assert b"<pdfaid:part>2</pdfaid:part>" in made
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in made


def test_a_file_is_named_after_the_permit(pry):
    permit = pry.post("/permits", bodies.import_permit(number='I/1 "ñ"; x')).json
    headers = pry.get(f"/permits/{permit['id']}/paper").headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"] == 'inline; filename="PRY-I-1-x.pdf"'


@pytest.mark.parametrize("dots", [150 / 72, 300 / 72])
def test_the_code_on_the_page_is_read_by_a_camera_and_verifies_without_the_service(pry, dots):
    made = paper(pry, bodies.import_permit())[1]
    reading = tokens.read(code_of(made, dots), keys(pry))
    assert reading.verdict == "valid"
    assert (reading.claims.state, reading.claims.number) == ("PRY", "I-1")
    assert reading.claims.quantities == {"firearm": "10"}


def test_the_code_of_a_long_number_is_still_read(pry):
    number = "MINISTERIO/DIRECCIÓN-GENERAL/" + "Ñ" * 70
    made = paper(pry, bodies.import_permit(number=number))[1]
    assert tokens.read(code_of(made), keys(pry)).claims.number == number


def test_a_token_holds_nothing_personal(pry):
    body = bodies.import_permit(importer=bodies.party("Ana Ejemplo", "PRY", "individual"))
    told = tokens.read(code_of(paper(pry, body)[1]), keys(pry)).claims
    assert "Ana" not in str(told) and "Eva" not in str(told)


def test_a_paper_that_stands_is_told_with_its_record_to_the_states_concerned(pry, bra):
    permit, made = paper(pry, bodies.import_permit())
    found = verify(bra, code_of(made))
    assert (found["verdict"], found["paper"], found["status"]) == ("valid", "current", "issued")
    assert (found["state"], found["kind"], found["number"]) == ("PRY", "import", "I-1")
    assert (found["issued_on"], found["valid_through"]) == ("2026-01-10", "2026-12-31")
    assert found["permit"]["id"] == permit["id"]
    assert found["permit"]["importer"]["name"] == "Armas del Sur"


def test_a_state_that_it_does_not_concern_learns_whether_it_stands_and_no_more(pry, as_actor):
    made = paper(pry, bodies.import_permit())[1]
    found = verify(as_actor("URY", "border_officer"), code_of(made))
    assert (found["verdict"], found["status"], found["permit"]) == ("valid", "issued", None)


def test_who_checked_a_paper_stands_in_its_owners_audit(pry, as_actor):
    made = paper(pry, bodies.import_permit())[1]
    verify(as_actor("URY", "border_officer"), code_of(made))
    seen = as_actor("PRY", "auditor").get("/audit").json["items"]
    assert "permit:verified" in [entry["action"] for entry in seen]


@pytest.mark.parametrize("status", ["cancelled", "suspended", "replaced"])
def test_a_permit_that_stands_no_more_says_so_on_its_paper_and_to_who_checks(pry, bra, status):
    permit, made = paper(pry, bodies.import_permit())
    set_to(permit, f"status = '{status}'")
    found = verify(bra, code_of(made))
    assert (found["verdict"], found["status"], found["paper"]) == (
        "not_standing", status, "current")  # fmt: skip
    marked = text_of(pry.get(f"/permits/{permit['id']}/paper").data).lower()
    assert status in marked


def test_an_expired_permit_does_not_stand(pry, bra):
    body = bodies.import_permit(issued_on="2025-02-01", expires_on="2026-01-31")
    made = paper(pry, body)[1]
    assert verify(bra, code_of(made))["status"] == "expired"
    assert verify(bra, code_of(made))["verdict"] == "not_standing"
    assert "VENCIDO" in text_of(made)


def amend(client, permit, **body):
    path = f"/permits/{permit['id']}"
    etag = client.get(path).headers["ETag"]
    client.post(f"{path}/amend", {"reason": "Huelga"} | body, 200, If_Match=etag)


def test_amendments_stand_on_the_paper_with_who_authenticated_them(as_actor):
    arg = as_actor("ARG", "licensing_officer")
    body = bodies.permit(kind="in_transit", number="T-1", transit_states=["ARG"], plan=PLAN,
                         authority=bodies.authority("ARG"),
                         export_permit={"state": "BRA", "number": "E-1"})  # fmt: skip
    permit, before = paper(arg, body)
    amend(arg, permit, plan={"enters_on": "2026-04-02", "carrier": "Otra Línea"}, **SIGNED)
    amend(arg, permit, plan={"mode": "rail"})
    said = text_of(arg.get(f"/permits/{permit['id']}/paper").data)
    assert "Modificaciones / Amendments" not in text_of(before)
    for told in (
        "Modificaciones / Amendments", "Autenticado por / Authenticated by", "09/03/2026",
        "Entra el / Enters on 01/04/2026 (1 abr 2026) 02/04/2026 (2 abr 2026)",
        "Transportista / Carrier Transportes Ejemplo Otra Línea", "ARG-LICENSING: Sello seco 7",
        "Medio de transporte / Mode of shipment Carretera / Road Ferrocarril / Rail –",
    ):  # fmt: skip
        assert told in said, told


def test_the_table_of_amendments_is_under_the_signature(pry, bra):
    permit, _ = paper(pry, bodies.import_permit())
    amend(pry, permit, source="Otra fábrica", **SIGNED)
    made = pry.get(f"/permits/{permit['id']}/paper").data
    assert verify(bra, code_of(made))["verdict"] == "valid"
    amend(pry, permit, source="Una tercera", **SIGNED)
    amend(pry, permit, source="Otra fábrica", **SIGNED)
    assert verify(bra, code_of(made))["paper"] == "superseded"


def test_a_paper_outlives_the_erasure_of_a_carrier_that_was_amended_away(as_actor, bra):
    arg = as_actor("ARG", "licensing_officer")
    permit, _ = paper(arg, bodies.transit_permit("ARG"))
    amend(arg, permit, plan={"carrier": "Otra Línea"}, **SIGNED)
    made = arg.get(f"/permits/{permit['id']}/paper").data
    with transaction(operator("ARG")):
        erased = "UPDATE party SET name = NULL, erased_at = now() WHERE name = 'Línea Uno'"
        db.session.execute(text(erased))
    assert verify(bra, code_of(made))["verdict"] == "valid"


@pytest.mark.parametrize("change", [
    "conditions = 'other'", "expires_on = '2026-11-30'", "source = 'elsewhere'",
])  # fmt: skip
def test_a_paper_of_before_an_amendment_is_superseded(pry, bra, change):
    permit, made = paper(pry, bodies.import_permit())
    set_to(permit, change)
    found = verify(bra, code_of(made))
    assert (found["verdict"], found["paper"]) == ("not_standing", "superseded")
    again = pry.get(f"/permits/{permit['id']}/paper").data
    assert verify(bra, code_of(again))["verdict"] == "valid"


def test_a_party_named_otherwise_on_the_record_is_noticed(pry, bra):
    made = paper(pry, bodies.import_permit())[1]
    with transaction(operator("PRY")):
        db.session.execute(text("UPDATE party SET name = 'Other' WHERE kind = 'dealer'"))
    assert verify(bra, code_of(made))["paper"] == "superseded"


def test_a_paper_outlives_the_erasure_of_its_parties(pry, bra):
    made = paper(pry, bodies.import_permit())[1]
    with transaction(operator("PRY")):
        db.session.execute(text("UPDATE party SET name = NULL, erased_at = now()"))
    assert verify(bra, code_of(made))["verdict"] == "valid"


def test_what_is_shipped_under_a_certificate_does_not_make_its_paper_old(bra):
    permit, made = paper(bra, bodies.permit())
    bra.post(f"/permits/{permit['id']}/shipments", bodies.shipment())
    assert verify(bra, code_of(made))["verdict"] == "valid"


def test_a_permit_that_is_on_no_record_does_not_stand(pry, bra, app):
    made = paper(pry, bodies.import_permit())[1]
    claims = tokens.read(code_of(made), keys(pry)).claims
    forged = signed_by_pry(app, replace(claims, number="I-2"))
    found = verify(bra, forged)
    assert (found["verdict"], found["paper"]) == ("not_standing", "not_recorded")


@pytest.mark.parametrize(("wrong", "verdict"), [
    ("x", "malformed"), ("SALSA1.PRY-2026-00000000.AAAA.AAAA", "unknown_key"),
])  # fmt: skip
def test_what_is_no_token_is_told_as_such(bra, wrong, verdict):
    found = verify(bra, wrong)
    assert (found["verdict"], found.get("state")) == (verdict, None)


def test_an_altered_token_is_told_as_such_and_nothing_of_what_it_says(pry, bra):
    token = code_of(paper(pry, bodies.import_permit())[1])
    found = verify(bra, token[:40] + ("A" if token[40] != "A" else "B") + token[41:])
    assert (found["verdict"], found.get("number"), found.get("permit")) == ("altered", None, None)


def test_blanks_around_a_token_do_no_harm(pry, bra):
    token = code_of(paper(pry, bodies.import_permit())[1])
    assert verify(bra, f"  {token}\n")["verdict"] == "valid"


def test_another_state_has_no_copy_where_none_was_agreed(pry, bra):
    permit = pry.post("/permits", bodies.import_permit()).json
    refused = bra.get(f"/permits/{permit['id']}/paper", 409).json
    assert refused["code"] == "electronic_copies_not_agreed"
    assert "Model Regulations 8.4" in refused["detail"]


def test_a_state_that_it_does_not_concern_finds_no_paper(pry, as_actor):
    permit = pry.post("/permits", bodies.import_permit()).json
    as_actor("URY", "licensing_officer").get(f"/permits/{permit['id']}/paper", 404)


SHIPPED = {
    "seals": ["S-100", "S-101"], "port_of_exit": "Foz do Iguaçu", "port_of_entry": "Hernandarias",
    "carrier": bodies.party("Transportadora Exemplo", "BRA", "carrier"),
    "transport": {"document_kind": "mic_dta", "document_number": "BR-2026-118",
                  "plates": ["BRA2E19"], "container": "C-1"},
    "expected": [{"stage": "exit", "post": "ciudad-del-este-foz-do-iguacu",
                  "at": "2026-03-12T09:30:00-03:00"}],
}  # fmt: skip


def attachment(client, count=2, **changes):
    lines = [bodies.permit()["lines"][0] | {"quantity": count + 10}]
    permit = client.post("/permits", bodies.permit(lines=lines)).json
    serials = tuple(f"ABC{number:06}" for number in range(count))
    body = bodies.shipment(serials, **SHIPPED | changes)
    shipment = client.post(f"/permits/{permit['id']}/shipments", body).json
    return shipment, client.get(f"/shipments/{shipment['id']}/paper").data


def test_an_attachment_lists_its_items_route_seals_and_times(bra):
    said = text_of(attachment(bra)[1])
    for told in (
        "Anexo de exportação", "Export attachment", "A-1", "E-1", "I-1", "ABC000000", "ABC000001",
        "Foz do Iguaçu", "Hernandarias", "Ciudad del Este–Foz do Iguaçu", "Rodoviário / Road",
        "Transportadora Exemplo", "MIC/DTA BR-2026-118", "BRA2E19", "C-1", "S-100, S-101",
        "12/03/2026 09:30 (UTC-0300)", "01/02/2026", "Arma de fogo / Firearm: 2",
        "Averbações da alfândega / Customs endorsements", "Embarque n.º",
    ):  # fmt: skip
        assert told in said, told


def test_the_code_of_an_attachment_verifies(bra, as_actor):
    shipment, made = attachment(bra)
    found = verify(as_actor("PRY", "border_officer"), code_of(made))
    assert (found["verdict"], found["kind"], found["number"]) == ("valid", "attachment", "A-1")
    assert (found["quantities"], found["status"]) == ({"firearm": "2"}, shipment["status"])
    assert found["shipment"]["items"][0]["serial"] == "ABC000000"


def test_an_attachment_of_other_serials_is_superseded(bra):
    made = attachment(bra)[1]
    with transaction(operator("BRA")):
        db.session.execute(text("UPDATE shipment SET seals = '{S-102}'"))
    assert verify(bra, code_of(made))["paper"] == "superseded"


def test_an_attachment_of_five_hundred_items_lists_them_all(bra):
    made = attachment(bra, 520)[1]
    assert pages_of(made) > 10
    assert all(f"ABC{number:06}" in text_of(made) for number in (0, 250, 519))


def test_more_items_than_can_be_read_stand_in_the_manifest_and_under_the_code(bra, monkeypatch):
    monkeypatch.setattr("salsa_ext.readmodels.attachments.MOST_ITEMS", 1)
    made = attachment(bra)[1]
    assert "2 items stand in the electronic manifest" in text_of(made)
    assert "ABC000000" not in text_of(made)
    assert verify(bra, code_of(made))["verdict"] == "valid"


def test_goods_without_serials_are_listed_from_their_line(bra):
    line = {"line": 1, "quantity": 5000, "category": "ammunition", "calibre": "9x19",
            "unit": "rounds"}  # fmt: skip
    permit = bra.post("/permits", bodies.permit(lines=[line])).json
    body = bodies.shipment((), bulk=[{"line": 1, "quantity": 2000, "lot": "L-7"}])
    shipment = bra.post(f"/permits/{permit['id']}/shipments", body).json
    made = bra.get(f"/shipments/{shipment['id']}/paper").data
    assert "2000 rounds" in text_of(made) and "L-7" in text_of(made)
    assert verify(bra, code_of(made))["quantities"] == {"ammunition:rounds": "2000"}


def test_a_first_paper_makes_a_key_and_the_second_uses_it(pry):
    first, second = (code_of(paper(pry, bodies.import_permit(number=number))[1])
                     for number in ("I-1", "I-2"))  # fmt: skip
    assert first.split(".")[1] == second.split(".")[1]
    assert len(keys(pry)) == 1


def test_a_new_key_signs_and_the_old_one_still_verifies(pry, bra, as_actor):
    before = code_of(paper(pry, bodies.import_permit())[1])
    made = as_actor("PRY", "state_administrator").post("/signing-keys/rotate").json
    after = code_of(paper(pry, bodies.import_permit(number="I-2"))[1])
    assert after.split(".")[1] == made["kid"] != before.split(".")[1]
    assert [verify(bra, token)["verdict"] for token in (before, after)] == ["valid", "valid"]
    retired = {key["kid"]: key["retired_at"] is not None for key in public(pry)}
    assert retired == {before.split(".")[1]: True, made["kid"]: False}


def test_the_private_part_of_a_retired_key_is_gone(pry, as_actor):
    paper(pry, bodies.import_permit())
    made = as_actor("PRY", "state_administrator").post("/signing-keys/rotate").json
    with transaction(operator("PRY")):
        left = db.session.scalars(text("SELECT kid FROM signing_secret")).all()
    assert left == [made["kid"]]


def test_what_a_stolen_key_signed_is_refused_from_then_on(pry, bra, actor):
    token = code_of(paper(pry, bodies.import_permit())[1])
    kid, acting = token.split(".")[1], actor("PRY")
    with transaction(acting):
        signing.compromise(actor=acting, kid=kid, since=NOW)
    found = verify(bra, token)
    assert (found["verdict"], found["permit"]) == ("compromised_key", None)
    other = code_of(paper(pry, bodies.import_permit(number="I-2"))[1])
    assert verify(bra, other)["verdict"] == "valid"


@pytest.mark.parametrize("since", [NOW - timedelta(days=1), NOW + timedelta(days=1)])
def test_a_key_is_reported_stolen_from_a_moment_at_which_it_was_there(pry, actor, since):
    token = code_of(paper(pry, bodies.import_permit())[1])
    acting = actor("PRY")
    with pytest.raises(Exception, match="cannot be accepted"), transaction(acting):
        signing.compromise(actor=acting, kid=token.split(".")[1], since=since)


def test_no_state_reports_the_key_of_another(pry, actor):
    token = code_of(paper(pry, bodies.import_permit())[1])
    acting = actor("BRA")
    with pytest.raises(Exception, match="There is no"), transaction(acting):
        signing.compromise(actor=acting, kid=token.split(".")[1], since=NOW)


def test_the_secret_part_of_a_key_is_never_stored_open(pry, app):
    paper(pry, bodies.import_permit())
    vault = app.config["VAULT"]
    with transaction(operator("PRY")):
        [(kid, sealed)] = db.session.execute(text("SELECT kid, sealed FROM signing_secret"))
    raw = vault.open(bytes(sealed), kid)
    assert raw not in bytes(sealed)
    public_part = Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
    assert keys(pry)[kid].raw == public_part


@pytest.mark.parametrize("kind", forms.KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_blank_form_has_titles_in_its_language_and_english(session, kind, language):
    said = text_of(forms.render(kind, language))
    english = {"import": "Import certificate", "in_transit": "In-transit shipment authorization",
               "export": "Export certificate", "attachment": "Export attachment",
               "receipt": "Confirmation of receipt"}[kind]  # fmt: skip
    assert english in said and "Signatures" in said
    assert "SALSA1" not in said


NOT_ON_THE_FACE = {  # of a permit and of a shipment: the row's own, or what changes meanwhile
    "id", "owner_state", "concerned", "version", "status", "recorded_at", "permit_id", "posts",
    "due_at", "due_stage", "overdue_at", "watch_at", "item_count", "bulk", "standing", "findings",
    "refusal",
}  # fmt: skip


@pytest.mark.parametrize(("model", "facts"), [(Permit, PERMIT), (Shipment, SHIPMENT)])
def test_a_column_stands_on_the_face_and_under_the_signature_or_is_listed(model, facts):
    """A shipment's goods without serials are under it too, apart from their column."""
    sides = {f"{side}_id" for side in SIDES}
    columns = {column.key for column in model.__table__.columns}
    assert columns - {*facts, *sides, *NOT_ON_THE_FACE} == set()


def set_to(permit, change):
    with transaction(operator(permit["state"])):
        done = f"UPDATE permit SET {change}, version = version + 1 WHERE id = :id"
        db.session.execute(text(done), {"id": permit["id"]})


def public(client):
    return client.client.get("/api/v1/signing-keys").json["keys"]


def signed_by_pry(app, claims):
    """Sign as only the state's own key can: for a paper whose record was lost."""
    vault: Vault = app.config["VAULT"]
    with transaction(operator("PRY")):
        [(kid, sealed)] = db.session.execute(text("SELECT kid, sealed FROM signing_secret"))
    raw = vault.open(bytes(sealed), kid)
    assert isinstance(claims.signed_at, datetime)
    return tokens.encode(claims, kid, Ed25519PrivateKey.from_private_bytes(raw))
