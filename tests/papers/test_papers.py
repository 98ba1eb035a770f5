"""Papers: what they contain, and who may have them."""

import pytest

from salsa_ext.papers.facts import PARTY_ROLES, PERMIT_COLUMNS, SHIPMENT_COLUMNS
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments.models import Shipment
from tests.support import bodies
from tests.support.papers import SIGNED, amend, as_copied, pages_of, paper, text_of

MARKUP = '#import "x": * _not italic_ *not bold* $x^2$ `code` @ref <b> [a](b) \\ // -- ~ = h'


ACCENTS = "Ñandutí, São João, façade, œuvre, Ångström, Łódź, ção"


LONG = "Importadora y Distribuidora de Armas Deportivas del Alto Paraná Sociedad Anónima " * 3


PLAN = {
    "route": "Puerto Iguazú – Posadas",
    "port_of_entry": "Puerto Iguazú",
    "mode": "road",
    "port_of_exit": "Posadas",
    "enters_on": "2026-04-01",
    "leaves_on": "2026-04-03",
    "carrier": "Transportes Ejemplo",
    "expected_location": "Depósito fiscal",
}


def test_an_import_certificate_has_every_field_in_its_states_language_and_in_english(pry):
    who = bodies.party() | {
        "address": "Avda. Ejemplo 1",
        "contact": "+595 61 500 000",
        "identification": "RUC 80012345-6",
        "licence": "L-9",
    }
    body = bodies.import_permit(
        importer=who,
        latest_import_on="2026-10-01",
        source="Fábrica",
        end_use="Venta",
        conditions="Ninguna",
        replaces="I-0",
    )
    result = text_of(paper(pry, body)[1])
    for value in (
        "Certificado de importación",
        "Import certificate",
        "http://localhost/verify",
        "Paraguay (PRY)",
        "I-1",
        "Fecha de expedición / Date of issue",
        "10/01/2026",
        "Válido hasta / Valid through",
        "01/10/2026",
        "31/12/2026",
        "Organismo que autoriza / Authorizing agency",
        "PRY-LICENSING",
        "Eva Ejemplo",
        "Importador / Importer",
        "Armas del Sur",
        "Avda. Ejemplo 1",
        "+595 61 500 000",
        "RUC 80012345-6",
        "L-9",
        "Destinatario final / Final consignee",
        "Exportador / Exporter",
        "Fábrica Exemplo",
        "Estado exportador / Exporting state",
        "Brasil / Brazil (BRA)",
        "Pistola / Pistol",
        "Taurus G2C",
        "9x19",
        "Fábrica",
        "Venta",
        "Ninguna",
        "I-0",
        "Arma de fuego / Firearm: 10",
        "Firmas / Signatures",
        "Página / Page 1 / 2",
        "SALSA1.PRY-2026-",
    ):
        assert value in result, value


def test_an_export_certificate_names_the_import_certificate(bra):
    permits = [{"state": "ARG", "number": "T-1"}]
    result = text_of(paper(bra, bodies.permit(transit_states=["ARG"], transit_permits=permits))[1])
    assert "Certificado de importação / Import certificate I-1" in result
    assert "Autorizações de trânsito / In-transit authorizations ARG T-1" in result
    assert "Estados de trânsito / Transit states Argentina (ARG)" in result


def test_the_paper_of_a_shipment_that_is_entered_later_is_of_the_day_it_goes(bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    shipment = bra.post(f"/permits/{permit}/shipments", bodies.shipment()).json
    words = text_of(bra.get(f"/shipments/{shipment['id']}/paper").data)
    assert "Date of issue 01/02/2026" in " ".join(words.split())
    assert "Printed on 09/03/2026" in words


def test_an_in_transit_authorization_has_its_plan(as_actor):
    body = bodies.permit(
        kind="in_transit",
        number="T-1",
        transit_states=["ARG"],
        plan=PLAN,
        authority=bodies.authority("ARG"),
        export_permit={"state": "BRA", "number": "E-1"},
    )
    result = text_of(paper(as_actor("ARG", "licensing_officer"), body)[1])
    assert "Autorización de embarque en tránsito" in result
    for value in (
        "Puerto Iguazú – Posadas",
        "01/04/2026",
        "Carretera / Road",
        "Transportes Ejemplo",
        "Depósito fiscal",
        "E-1",
        "I-1",
    ):
        assert value in result, value


def test_a_state_whose_language_is_english_has_its_paper_in_english_alone(as_actor):
    body = bodies.import_permit(importing_state="SUR") | {"authority": bodies.authority("SUR")}
    result = text_of(paper(as_actor("SUR", "licensing_officer"), body)[1])
    assert "Import certificate" in result and "/ Import certificate" not in result


def test_a_standard_calibre_is_named_in_the_language_of_the_paper(pry):
    lines = [bodies.permit()["lines"][0] | {"type": "shotgun", "calibre": "12 gauge"}]
    assert "calibre 12" in text_of(paper(pry, bodies.import_permit(lines=lines))[1])


def test_what_somebody_wrote_is_printed_as_he_wrote_it(pry):
    body = bodies.import_permit(conditions=MARKUP, source=ACCENTS, importer=bodies.party(MARKUP))
    result = text_of(paper(pry, body)[1])
    assert result.count(MARKUP) == 2
    assert ACCENTS in result


@pytest.mark.parametrize("serial", ["TKA52385", "TKA-52385/2019-0012", "12345678901234567890123"])
def test_the_serial_of_a_line_is_found_whole_in_the_text_of_a_paper(pry, serial):
    line = bodies.permit()["lines"][0] | {"quantity": 1, "serial": serial}
    assert as_copied(paper(pry, bodies.import_permit(lines=[line]))[1]).count(serial) == 1


def test_a_long_word_and_a_glyph_that_no_font_has_do_no_harm(pry):
    body = bodies.import_permit(conditions="🔫 枪 " + "W" * 1000, importer=bodies.party("🔫"))
    assert pages_of(paper(pry, body)[1]) == 2


def test_forty_lines_and_long_names_take_their_pages_and_repeat_the_head(pry):
    line = bodies.permit()["lines"][0] | {"model": "Modelo de nombre muy largo, edición especial"}
    lines = [line | {"line": number} for number in range(1, 41)]
    made = paper(pry, bodies.import_permit(lines=lines, importer=bodies.party(LONG.strip())))[1]
    assert pages_of(made) >= 2
    assert text_of(made).count("Fabricante, modelo / Make, model") >= 2
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


def test_amendments_are_on_the_paper_with_who_authenticated_them(arg):
    body = bodies.permit(
        kind="in_transit",
        number="T-1",
        transit_states=["ARG"],
        plan=PLAN,
        authority=bodies.authority("ARG"),
        export_permit={"state": "BRA", "number": "E-1"},
    )
    permit, before = paper(arg, body)
    amend(arg, permit, plan={"enters_on": "2026-04-02", "carrier": "Otra Línea"}, **SIGNED)
    amend(arg, permit, plan={"mode": "rail"})
    answer = text_of(arg.get(f"/permits/{permit['id']}/paper").data)
    assert "Modificaciones / Amendments" not in text_of(before)
    for value in (
        "Modificaciones / Amendments",
        "Autenticado por / Authenticated by",
        "09/03/2026",
        "Entra el / Enters on 01/04/2026 (1 abr 2026) 02/04/2026 (2 abr 2026)",
        "Transportista / Carrier Transportes Ejemplo Otra Línea",
        "ARG-LICENSING: Sello seco 7",
        "Medio de transporte / Mode of shipment Carretera / Road Ferrocarril / Rail –",
    ):
        assert value in answer, value


def test_another_state_has_no_copy_where_none_was_agreed(pry, bra):
    permit = pry.post("/permits", bodies.import_permit()).json
    refused = bra.get(f"/permits/{permit['id']}/paper", 409).json
    assert refused["code"] == "electronic_copies_not_agreed"
    assert "Model Regulations 8.4" in refused["detail"]


def test_a_state_that_it_does_not_concern_finds_no_paper(pry, as_actor):
    permit = pry.post("/permits", bodies.import_permit()).json
    as_actor("URY", "licensing_officer").get(f"/permits/{permit['id']}/paper", 404)


NOT_ON_THE_FACE = {  # of a permit and of a shipment: the row's own, its owner's, or what changes
    "id",
    "owner_state",
    "concerned",
    "version",
    "status",
    "recorded_at",
    "permit_id",
    "posts",
    "due_at",
    "due_stage",
    "overdue_at",
    "next_check_at",
    "item_count",
    "bulk",
    "counterpart_status",
    "findings",
    "refusal",
    "details",
}


@pytest.mark.parametrize(
    ("model", "facts"), [(Permit, PERMIT_COLUMNS), (Shipment, SHIPMENT_COLUMNS)]
)
def test_a_column_is_on_the_face_and_signed_or_is_listed(model, facts):
    """A shipment's goods without serials are under it too, apart from their column."""
    sides = {f"{side}_id" for side in PARTY_ROLES}
    columns = {column.key for column in model.__table__.columns}
    assert columns - {*facts, *sides, *NOT_ON_THE_FACE} == set()
