"""Permits: what each kind needs, and how the two sides stand to each other."""

import pytest

from tests.support import bodies

PLAN = {
    "route": "BR-277",
    "port_of_entry": "Foz",
    "port_of_exit": "Paranaguá",
    "mode": "road",
    "enters_on": "2026-02-01",
    "leaves_on": "2026-02-03",
}


def transit(state="ARG", **changes):
    body = bodies.permit(kind="in_transit", number="T-1", transit_states=["ARG"], plan=PLAN)
    body |= {"authority": bodies.authority(state)}
    return body | {"export_permit": {"state": "BRA", "number": "E-1"}} | changes


def standing(client, permit):
    return client.get(f"/permits/{permit['id']}").json["counterpart_status"]


def test_a_permit_is_answered_with_its_balance(bra):
    made = bra.post("/permits", bodies.permit()).json
    assert made["status"] == "issued"
    assert made["balance"] == [
        {"line": 1, "authorised": 10.0, "remaining": 10.0}
        | dict.fromkeys(("shipped", "lapsed", "entered", "committed"), 0.0)
    ]
    assert made["authority"] == {"agency": "BRA-LICENSING", "signatory": "Rui Exemplo"}


def test_a_permit_awaits_its_counterpart(bra):
    made = bra.post("/permits", bodies.permit()).json
    assert made["counterpart_status"] == "awaiting_counterpart"


@pytest.mark.parametrize("first", ["import", "export"])
def test_both_sides_are_complete_in_either_order(bra, pry, first):
    posts = [(pry, bodies.import_permit()), (bra, bodies.permit())]
    order = posts if first == "import" else reversed(posts)
    made = [(client, client.post("/permits", body).json) for client, body in order]
    assert [standing(client, permit) for client, permit in made] == ["complete", "complete"]


@pytest.mark.parametrize("first", ["import", "export"])
def test_more_on_the_export_side_is_over_quantity_in_either_order(bra, pry, first):
    lines = [bodies.permit()["lines"][0] | {"quantity": 9}]
    posts = [(pry, bodies.import_permit(lines=lines)), (bra, bodies.permit())]
    order = posts if first == "import" else reversed(posts)
    made = [(client, client.post("/permits", body).json) for client, body in order]
    assert {standing(client, permit) for client, permit in made} == {"over_quantity"}


def test_less_on_the_export_side_is_complete(bra, pry):
    lines = [bodies.permit()["lines"][0] | {"quantity": 9}]
    pry.post("/permits", bodies.import_permit())
    assert bra.post("/permits", bodies.permit(lines=lines)).json["counterpart_status"] == "complete"


def test_a_finding_says_what_each_side_has(bra, pry):
    lines = [bodies.permit()["lines"][0] | {"quantity": 9}]
    pry.post("/permits", bodies.import_permit(lines=lines))
    made = bra.post("/permits", bodies.permit()).json
    assert [(f["code"], float(f["ours"]), float(f["theirs"])) for f in made["findings"]] == [
        ("over_quantity", 10, 9)
    ]


def test_a_transit_permit_is_complete_beside_export_and_import(as_actor, bra, pry):
    pry.post("/permits", bodies.import_permit())
    bra.post("/permits", bodies.permit(transit_states=["ARG"]))
    arg = as_actor("ARG", "licensing_officer")
    made = arg.post("/permits", transit()).json
    assert arg.get(f"/permits/{made['id']}").json["counterpart_status"] == "complete"


def test_a_transit_permit_awaits_the_importing_state(as_actor, bra):
    bra.post("/permits", bodies.permit(transit_states=["ARG"]))
    made = as_actor("ARG", "licensing_officer").post("/permits", transit()).json
    assert [(found["code"], found["state"], found["kind"]) for found in made["findings"]] == [
        ("awaiting_counterpart", "PRY", "import")
    ]


def test_a_transit_permit_gives_its_plan(as_actor):
    body = transit()
    del body["plan"]
    answer = as_actor("ARG", "licensing_officer").post("/permits", body, 422).json
    assert list(answer["errors"]) == ["plan"]


def test_a_transit_permit_is_issued_by_a_state_of_the_route(as_actor):
    answer = as_actor("URY", "licensing_officer").post("/permits", transit("URY"), 422).json
    assert list(answer["errors"]) == ["transit_states"]


def test_an_export_permit_is_issued_by_the_exporting_state(pry):
    answer = pry.post("/permits", bodies.permit(authority=bodies.authority("PRY")), 422).json
    assert list(answer["errors"]) == ["exporting_state"]


def test_an_import_permit_is_issued_by_the_importing_state(bra):
    body = bodies.import_permit() | {"authority": bodies.authority("BRA")}
    assert list(bra.post("/permits", body, 422).json["errors"]) == ["importing_state"]


@pytest.mark.parametrize(
    "changes,field",
    [
        ({"expires_on": "2026-01-09"}, "expires_on"),
        ({"expires_on": "2027-01-12"}, "expires_on"),
        ({"issued_on": "2026-03-11"}, "issued_on"),
        ({"importing_state": "BRA"}, "importing_state"),
        ({"import_permit": {"state": "ARG", "number": "I-1"}}, "import_permit.state"),
        ({"transit_permits": [{"state": "ARG", "number": "T-1"}]}, "transit_permits"),
        ({"lines": []}, "lines"),
        ({"latest_import_on": "2026-01-09"}, "latest_import_on"),
        ({"transit_states": ["ARG", "URY", "ARG"]}, "transit_states.2"),
        ({"transit_states": ["BRA"]}, "transit_states.0"),
        ({"transit_states": ["ARG", "PRY"]}, "transit_states.1"),
    ],
)
def test_a_permit_that_contradicts_itself_is_refused(bra, changes, field):
    assert field in bra.post("/permits", bodies.permit(**changes), 422).json["errors"]


def test_a_line_appears_once(bra):
    answer = bra.post("/permits", bodies.permit(lines=bodies.permit()["lines"] * 2), 422).json
    assert list(answer["errors"]) == ["lines.1.line"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("BUR", "BUR ended on 1989-06-17, before the day of issue; today there are: MMR."),
        ("CSK", "CSK ended on 1992-12-31, before the day of issue; today there are: CZE, SVK."),
    ],
)
def test_nothing_is_permitted_to_a_state_that_is_no_more(bra, state, expected):
    body = bodies.permit(importing_state=state, transit_states=[state])
    errors = bra.post("/permits", body, 422).json["errors"]
    assert errors["importing_state"] == errors["transit_states.0"][:1] == [expected]


def test_a_gun_may_have_been_made_in_a_state_that_is_no_more(bra):
    line = bodies.permit()["lines"][0] | {"country_of_manufacture": "CSK"}
    made = bra.post("/permits", bodies.permit(lines=[line])).json
    assert made["lines"][0]["country_of_manufacture"] == "CSK"


def test_a_number_is_used_once_for_each_kind(bra, pry):
    standing = bra.post("/permits", bodies.permit()).json
    answer = bra.post("/permits", bodies.permit(), 409).json
    assert answer["code"] == "duplicate"
    assert answer["detail"] == (
        "Your state already has a permit of this kind and number: E-1 of"
        f" {standing['issued_on']} (id {standing['id']})."
    )
    pry.post("/permits", bodies.import_permit(number="E-1"))


@pytest.mark.parametrize(
    "changes,status",
    [
        ({"issued_on": "2025-06-01", "expires_on": "2026-03-08"}, "expired"),
        ({"issued_on": "2025-06-01", "expires_on": "2026-03-09"}, "issued"),
        ({"latest_import_on": "2026-03-08"}, "expired"),
    ],
)
def test_the_status_is_that_of_the_day(bra, changes, status):
    made = bra.post("/permits", bodies.permit(**changes)).json
    assert made["status"] == status
    [found] = bra.get(f"/permits?status={status}").json["items"]
    assert found["id"] == made["id"]


def test_a_permit_is_read_by_every_state_of_its_route(as_actor, bra):
    made = bra.post("/permits", bodies.permit(transit_states=["ARG"])).json
    read = as_actor("ARG", "licensing_officer").get(f"/permits/{made['id']}").json
    assert read["number"] == "E-1"


@pytest.mark.parametrize(
    "filters,count",
    [
        ("kind=export", 1),
        ("kind=import", 0),
        ("number=E-1", 1),
        ("importing_state=PRY", 1),
        ("exporting_state=PRY", 0),
    ],
)
def test_permits_are_found_by_their_fields(bra, filters, count):
    bra.post("/permits", bodies.permit())
    assert len(bra.get(f"/permits?{filters}").json["items"]) == count


@pytest.mark.parametrize("code", ["8703", "9306", "x", "93"])
def test_a_code_of_the_tariff_is_one_of_the_goods(bra, code):
    lines = [bodies.permit()["lines"][0] | {"hs_code": code}]
    problem = bra.post("/permits", bodies.permit(lines=lines), 422).json
    assert list(problem["errors"]) == ["lines.0.hs_code"]


def test_a_code_of_the_tariff_is_kept_as_it_was_written(bra):
    lines = [bodies.permit()["lines"][0] | {"hs_code": "9302.00"}]
    assert bra.post("/permits", bodies.permit(lines=lines)).json["lines"][0]["hs_code"] == "9302.00"


def test_the_earlier_of_two_days_is_the_last(bra):
    body = bodies.permit(expires_on="2026-12-31", latest_import_on="2026-03-01")
    assert bra.post("/permits", body).json["status"] == "expired"
    later = bodies.permit(number="E-2", expires_on="2026-03-10", latest_import_on="2026-12-31")
    assert bra.post("/permits", later).json["status"] == "issued"
