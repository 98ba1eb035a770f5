"""Test desk issuing."""

import re

import pytest

from tests.support import bodies
from tests.web import papers
from tests.web.pages import text

NEW = "/desk/permits/new?kind=import"


@pytest.fixture
def officer(signed_in):
    return signed_in("PRY", "licensing_officer")


def send(officer, fields, expect, kind="import", **headers):
    answer = officer.send(f"/desk/permits/new?kind={kind}", fields, expect, **headers)
    return answer.get_data(as_text=True) if expect != 303 else answer.location


def value(page, name):
    return re.search(rf'name="{re.escape(name)}" type="\w+" value="([^"]*)"', page)[1]


def test_the_form_opens_with_what_most_documents_say(officer):
    form = officer.open(NEW)
    assert value(form, "number") == "PRY-I-2026-0001"
    assert value(form, "issued_on") == "2026-03-09"
    assert value(form, "expires_on") == "2027-03-08"
    assert '<option value="PRY-TEST" selected>' in form
    assert '<option value="certificate" selected>' in form


def test_a_firm_that_no_register_knows_is_looked_for_or_confirmed(officer, pry):
    pry.post("/licensees", bodies.licensee(party=bodies.party("Otra Casa")))
    page = send(officer, papers.import_certificate(), 409)
    assert "Confirm to go on" in page and 'href="#confirm_unregistered"' in page
    assert 'href="/desk/licensees?state=PRY" target="_blank" rel="noopener"' in page
    assert "(opens a new tab)" in page


def test_all_that_is_missing_is_named_at_once_before_a_firm_is_to_be_confirmed(officer, pry):
    pry.post("/licensees", bodies.licensee(party=bodies.party("Otra Casa")))
    typeless = papers.import_certificate(lines__1__quantity="2")
    page = send(officer, typeless, 422)
    assert 'href="#lines-1-type"' in page and "confirm_unregistered" not in page
    page = send(officer, typeless | {"number": ""}, 422)
    assert 'href="#lines-1-type"' in page and 'href="#number"' in page
    ammunition = typeless | {"lines.1.category": "ammunition"}
    assert 'href="#lines-1-type"' not in send(officer, ammunition, 409)


def test_the_next_number_follows_the_last_and_skips_what_is_taken(officer, pry):
    for number in ("2026/I/010", "2026/I/009"):
        pry.post("/permits", bodies.import_permit(number=number))
    assert value(officer.open(NEW), "number") == "2026/I/011"


@pytest.mark.parametrize(
    ("kind", "shown", "hidden"),
    [
        (
            "import",
            ["exporting_state", "latest_import_on"],
            ["importing_state", "plan.route", "source"],
        ),
        (
            "export",
            ["importing_state", "import_permit.number", "source"],
            ["exporting_state", "plan.route"],
        ),
        ("in_transit", ["plan.route", "export_permit.number", "exporting_state"], ["source"]),
    ],
)
def test_a_form_shows_the_fields_of_its_document_alone(officer, kind, shown, hidden):
    names = set(re.findall(r'name="([^"]+)"', officer.open(f"/desk/permits/new?kind={kind}")))
    assert set(shown) <= names
    assert names.isdisjoint(hidden)


@pytest.mark.parametrize(
    ("state", "kind", "fields"),
    [
        ("PRY", "import", papers.import_certificate),
        ("BRA", "export", papers.export_certificate),
        ("ARG", "in_transit", papers.transit),
    ],
)
def test_each_document_is_issued_and_shown(signed_in, as_actor, state, kind, fields):
    officer = signed_in(state, "licensing_officer")
    page = officer.open(send(officer, fields(), 303, kind))
    assert fields()["number"] in page and "Armas del Sur" in page
    [permit] = as_actor(state, "licensing_officer").get("/permits").json["items"]
    assert (permit["kind"], permit["state"]) == (kind, state)
    assert permit["importer"]["country"] == "PRY" and permit["exporter"]["country"] == "BRA"
    assert permit["final_consignee"]["name"] == "Armas del Sur"
    assert permit["lines"][0] | {"quantity": 10, "category": "firearm"} == permit["lines"][0]


def test_a_transit_authorization_names_the_own_state_and_its_plan(signed_in, as_actor):
    officer = signed_in("ARG", "licensing_officer")
    typed = papers.transit(transit__1__state="Uruguay", transit__1__number="T-9")
    send(officer, typed, 303, "in_transit")
    [permit] = as_actor("ARG", "licensing_officer").get("/permits").json["items"]
    assert sorted(permit["transit_states"]) == ["ARG", "URY"]
    assert permit["transit_permits"] == [{"state": "URY", "number": "T-9"}]
    assert permit["plan"]["port_of_exit"] == "Posadas"


def test_a_country_may_be_written_by_its_name_in_any_language(officer, as_actor):
    typed = papers.import_certificate(
        lines__0__country_of_manufacture="alemania", exporter__country="Estados Unidos"
    )
    send(officer, typed, 303)
    [permit] = as_actor("PRY", "licensing_officer").get("/permits").json["items"]
    assert permit["lines"][0]["country_of_manufacture"] == "DEU"
    assert permit["exporter"]["country"] == "USA"


def test_lines_are_added_without_a_script_and_empty_ones_are_left_out(officer, as_actor):
    more = send(officer, papers.import_certificate(add="lines"), 200)
    assert 'id="lines-1-type" required autofocus' in re.sub(r"\s+", " ", more)
    assert "Armas del Sur" in more
    second = papers.import_certificate(
        lines__3__type="cartridge", lines__3__quantity="2.5", lines__3__unit="kg", lines__1__type=""
    )
    send(officer, second, 303)
    [permit] = as_actor("PRY", "licensing_officer").get("/permits").json["items"]
    lines = [(line["line"], line["category"], line["quantity"]) for line in permit["lines"]]
    assert lines == [(1, "firearm", 10), (2, "ammunition", 2.5)]


@pytest.mark.parametrize(
    ("changes", "field", "body"),
    [
        ({"number": ""}, "number", "This field is required."),
        ({"expires_on": "2028-01-01"}, "expires_on", "A certificate is valid for one year at most"),
        ({"issued_on": "2026-13-40"}, "issued_on", "A date is written YYYY-MM-DD"),
        ({"issued_on": "2026-05-01"}, "issued_on", "This date lies in the future"),
        ({"exporting_state": ""}, "exporting_state", "This field is required."),
        ({"exporting_state": "PRY"}, None, "Two states are needed"),
        ({"exporting_state": "xx"}, "exporting_state", "three capital letters"),
        ({"importer.name": ""}, "importer-name", "This field is required."),
        ({"importer.kind": "friend"}, "importer-kind", "One of: individual"),
        ({"exporter.country": "Atlantis"}, "exporter-country", "three capital letters"),
        ({"authority.agency": "BRA-POLICE"}, "authority-agency", "BRA-POLICE is not registered"),
        ({"lines.0.quantity": ""}, "lines-0-quantity", "This field is required."),
        ({"lines.0.quantity": "1.000"}, "lines-0-quantity", "without separators of thousands"),
        ({"lines.0.quantity": "ten"}, "lines-0-quantity", "without separators of thousands"),
        ({"lines.0.quantity": "-3"}, "lines-0-quantity", "A number above zero"),
        ({"lines.0.category": "ammunition"}, "lines-0-category", "is of the category"),
        ({"lines.0.model": "x" * 201}, "lines-0-model", "At most 200 characters."),
        ({"lines.0.model": "a\x07b"}, "lines-0-model", "Control characters"),
        ({"final_consignee.name": "Ana"}, "final_consignee-kind", "This field is required."),
        ({"broker.kind": "dealer"}, "broker-name", "This field is required."),
    ],
)
def test_errors_are_at_the_field_and_in_the_summary(officer, changes, field, body):
    page = send(officer, papers.import_certificate() | changes, 422)
    summary = page[page.index('class="summary"') : page.index('<form class="form"')]
    assert body in summary
    assert 'tabindex="-1" autofocus' in summary
    if field:
        assert f'href="#{field}"' in summary
        assert f'id="{field}"' in page and f'id="{field}-wrong"' in page
        assert f'aria-describedby="{field}' in page


def test_a_wrong_transit_country_is_reported_at_its_own_field(signed_in):
    officer = signed_in("BRA", "licensing_officer")
    typed = papers.export_certificate(transit__0__state="Argentina", transit__1__state="Nowhere")
    page = send(officer, typed, 422, "export")
    assert 'id="transit-1-state-wrong"' in page and 'id="transit-0-state-wrong"' not in page
    typed = papers.export_certificate(transit__0__state="Brasil")
    assert 'id="transit-0-state-wrong"' in send(officer, typed, 422, "export")


def test_typed_values_are_in_the_form_again(officer):
    page = send(officer, papers.import_certificate(number="", conditions="Line\none"), 422)
    assert value(page, "importer.name") == "Armas del Sur"
    assert '<option value="BRA" selected>' in page
    assert "Line\none</textarea>" in page


def test_the_form_offers_states_of_today_and_places_of_manufacture_of_the_past(officer):
    page = officer.open(NEW)
    assert '<option value="MMR">' in page and '<option value="BUR">' not in page
    assert '<option value="Czechoslovakia">' in page


def test_a_number_in_use_is_refused_with_the_form(officer):
    send(officer, papers.import_certificate(), 303)
    page = send(officer, papers.import_certificate(), 409)
    assert "Your state already has a permit of this kind and number: I-1 of" in page
    assert value(page, "importer.name") == "Armas del Sur"


def test_a_form_that_is_sent_twice_issues_once(officer, as_actor):
    token = papers.TOKEN.search(officer.open(NEW))[1]
    typed = papers.import_certificate(once=token)
    first, second = (send(officer, typed, 303) for _ in range(2))
    assert first == second
    other = send(officer, typed | {"number": "I-2"}, 422)
    assert "This form was sent before with other values" in other
    assert papers.TOKEN.search(other)[1] != token
    assert len(as_actor("PRY", "licensing_officer").get("/permits").json["items"]) == 1


def test_a_form_whose_names_contradict_each_other_breaks_nothing(officer):
    typed = papers.import_certificate(lines="x", exporter="x", lines__0__type__x="y")
    typed |= {"lines.x.type": "pistol", "lines.99999999999.type": "pistol", "nothing": "x"}
    assert "This field is required." in send(officer, typed, 422)


@pytest.mark.parametrize("role", ["border_officer", "trace_analyst", "police_officer", "auditor"])
def test_only_who_may_issue_gets_the_form(signed_in, role):
    someone = signed_in("PRY", role)
    assert "You cannot do this" in someone.open(NEW, 403)
    someone.send(NEW, papers.import_certificate(), 403)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("es", "Este campo es obligatorio."), ("pt", "obrigatório"), ("fr", "obligatoire")],
)
def test_errors_are_in_the_readers_language(officer, language, expected):
    page = send(officer, papers.import_certificate(number=""), 422, Accept_Language=language)
    assert expected in page


def test_the_own_certificate_is_begun_from_the_permit_of_the_other_state(as_actor, signed_in):
    brazil = as_actor("BRA", "licensing_officer")
    permit = brazil.post("/permits", bodies.permit(number="E-900")).json
    officer = signed_in("PRY", "licensing_officer")
    page = officer.open(f"/desk/permits/{permit['id']}")
    address = re.search(r'href="(/desk/permits/new\?[^"]+)"', page)[1].replace("&amp;", "&")
    assert "kind=import" in address
    form = officer.open(address)
    assert re.search(r'<option value="BRA" selected', form)
    assert permit["exporter"]["name"] in form
    quantity = form.partition('name="lines.0.quantity"')[0].rpartition("<input")[2]
    assert 'value="10"' in quantity + form.partition('name="lines.0.quantity"')[2][:40]


def test_what_was_entered_is_checked_before_it_is_issued(officer, as_actor, pry):
    pry.post("/licensees", bodies.licensee(party=bodies.party("Otra Casa")))
    fields = papers.import_certificate(number="I-900")
    page = send(officer, fields | {"review": "true"}, 200)
    body = text(page)
    assert "Check your answers: Import certificate I-900" in body and "Party not authorized" in body
    assert "What its register says: Not in the register" in body
    permits = as_actor("PRY", "licensing_officer")
    assert permits.get("/permits?number=I-900").json["items"] == []
    entered = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    assert entered.keys() >= {"number", "importer.name", "once"} and "confirm_unregistered" in page
    again = send(officer, entered | {"change": "true"}, 200)
    assert value(again, "number") == "I-900"
    send(officer, entered, 409)
    send(officer, entered | {"confirm_unregistered": "true"}, 303)
    assert len(permits.get("/permits?number=I-900").json["items"]) == 1


def test_a_firm_of_the_own_register_gets_its_licence(officer, pry):
    fields = papers.import_certificate(number="I-901")
    body = bodies.licensee(party=bodies.party(fields["importer.name"]))
    number = pry.post("/licensees", body).json["number"]
    page = text(send(officer, fields | {"review": "true"}, 200))
    assert "Licensed in its register" in page and f"Licence: {number}" in page


def test_a_paper_that_no_agreement_covers_is_asked_of_its_authority(signed_in, as_actor):
    permit = as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit()).json
    page = signed_in("BRA", "licensing_officer").open(f"/desk/permits/{permit['id']}")
    assert "Paraguay and your state have not agreed on electronic copies" in page
    assert "paper.pdf" not in page


def test_a_second_person_approves_or_returns_what_an_officer_proposes(
    officer, pry_administrator, signed_in
):
    second = signed_in("PRY", "supervisor")
    pry_administrator.post("/settings", {"second_person": ["permit"]}, 200, If_Match='"0"')
    review = text(send(officer, papers.import_certificate(review="true"), 200))
    assert "then propose it to a second person" in review and "Propose: Import" in review
    address = send(officer, papers.import_certificate(), 303)
    page = officer.open(address)
    assert "A second person of your state approves or returns it." in text(page)
    path = address.partition("?")[0]
    assert f"{path}/approve" not in page and f"{path}/paper" not in page
    assert "Permits to approve" not in text(officer.open("/"))
    assert "Permits to approve" in text(second.open("/"))
    second.send(f"{path}/return", {"expected_version": "1", "reason": "Ten are too many"}, 303)
    page = officer.open(path)
    assert "Ten are too many" in text(page)
    again = officer.open(
        re.search(r'href="([^"]+)">Correct it and propose', page)[1].replace("&amp;", "&")
    )
    assert value(again, "lines.0.quantity") == "10" and value(again, "importer.name")
    path = send(officer, papers.import_certificate(lines__0__quantity="8"), 303).partition("?")[0]
    done = second.send(f"{path}/approve", {"expected_version": "1"}, 303).location
    assert "The document is issued." in text(second.open(done))
