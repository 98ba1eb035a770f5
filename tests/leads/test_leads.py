"""Leads over HTTP: what a state's seized guns share, as far as its officers may see it."""

from datetime import date
from uuid import UUID

import pytest

from salsa_ext.leads import jobs, queries
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.jobs import run_due
from tests.support.matches import act, matches

FIRST, SECOND, THIRD = "TKA100001", "TKB200002", "TKC300003"
PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
BUYER = bodies.party("Ana Ejemplo", "PRY", "individual") | {"identification": "PRY-77"}


def sell(as_actor, serial, on="2025-12-01", state="PRY", **changes):
    body = bodies.transfer(
        number=f"T-{serial}", occurred_on=on, firearm=bodies.firearm(serial=serial)
    )
    return (
        as_actor(state, "licensing_officer")
        .post("/transfers", body | changes)
        .json["firearm"]["record"]
    )


def seize(client, serial, **changes):
    body = bodies.seizure(number=f"S-{serial}", items=[bodies.firearm(serial=serial)])
    return client.post("/seizures", body | changes).json["items"][0]["record"]


def leads(client, query="", **headers):
    return client.get(f"/leads{query}", **headers).json["items"]


def kinds(client, **headers):
    return sorted({lead["kind"] for lead in leads(client, **headers)})


def points(lead):
    return {reason["code"]: reason["points"] for reason in lead["reasons"]}


@beginning
def two_sold(as_actor, police):
    """Two pistols that a dealer in Paraguay sold to two buyers far apart, and Brazil seized."""
    for serial, on, name in ((FIRST, "2023-01-09", "Ana"), (SECOND, "2025-06-03", "Eva")):
        buyer = bodies.party(name, "PRY", "individual") | {"identification": name}
        sell(as_actor, serial, on, to=buyer)
        seize(police, serial)


def test_guns_that_another_states_dealer_sold_are_a_lead_with_a_purpose(analyst, two_sold):
    [lead] = leads(analyst, "?kind=shared_dealer", **PURPOSE)
    assert lead["summary"] == "The guns were sold by one dealer: Armas del Sur."
    assert (lead["gun_count"], lead["case_count"], lead["states"]) == (2, 2, ["BRA", "PRY"])
    assert (lead["first_seized_on"], lead["last_seized_on"]) == ("2026-03-01", "2026-03-01")


def test_without_a_purpose_nothing_of_another_state_makes_a_lead(analyst, two_sold):
    assert leads(analyst) == []


def test_a_purpose_wants_its_case(analyst, two_sold):
    assert "Salsa-Case" in analyst.get("/leads", 422, Salsa_Purpose="street").json["errors"]


def test_the_state_whose_dealer_sold_them_sees_the_lead_too(pry_analyst, two_sold):
    [lead] = leads(pry_analyst, "?kind=shared_dealer", **PURPOSE)
    assert lead["gun_count"] == 2


def test_a_lead_opens_into_its_records(analyst, two_sold):
    [listed] = leads(analyst, "?kind=shared_dealer", **PURPOSE)
    lead = analyst.get(f"/leads/{listed['id']}", **PURPOSE).json
    assert lead["score"] == round(sum(points(lead).values()), 1) == listed["score"]
    for gun in lead["guns"]:
        assert [record["event"] for record in gun["records"]] == ["domestic_sale", "seized"]
        for record in gun["records"]:
            assert analyst.get(f"/records/{record['id']}", **PURPOSE).json["id"] == record["id"]
        for match in gun["matches"]:
            assert analyst.get(f"/matches/{match['id']}").json["status"] == "proposed"


def test_each_record_of_another_state_that_a_lead_shows_is_written_down_for_its_owner(
    as_actor, analyst, two_sold
):
    [lead] = leads(analyst, "?kind=shared_dealer", **PURPOSE)
    shown = {
        record["id"]
        for gun in lead["guns"]
        for record in gun["records"]
        if record["state"] == "PRY"
    }
    audit = as_actor("PRY", "auditor").get("/audit?action=record:disclosed&limit=200").json["items"]
    result = {entry["subject_id"]: entry["case_number"] for entry in audit}
    assert shown and result == dict.fromkeys(shown, "C-1")


def test_the_record_that_names_a_dealer_is_written_down_though_its_gun_is_not_shown(
    as_actor, analyst, two_sold, monkeypatch
):
    monkeypatch.setattr("salsa_ext.leads.queries.GUNS_IN_LIST", 0)
    [lead] = leads(analyst, "?kind=shared_dealer", **PURPOSE)
    assert lead["summary"].endswith("Armas del Sur.") and lead["guns"] == []
    audit = as_actor("PRY", "auditor").get("/audit?action=record:disclosed&limit=200").json["items"]
    [given] = [entry for entry in audit if entry["data"].get("groups")]
    assert "firms" in given["data"]["groups"]


def test_its_owner_reads_what_of_a_record_a_lead_gave(as_actor, analyst, pry_analyst, police):
    record = sell(as_actor, FIRST, "2025-12-01", to=BUYER)
    seize(police, FIRST)
    leads(analyst, "?kind=short_time_to_crime", **PURPOSE)
    found = pry_analyst.get(f"/records/{record}/disclosures").json["items"]
    [given] = [each for each in found if each["through"] == "reading"]
    assert given["groups"] == ["firearm", "event"]  # it names no firm
    assert given["handling"] == "H1"


def test_a_buyer_is_named_where_the_owner_of_each_sale_consented_to_it(
    as_actor, analyst, pry_analyst, police
):
    records = [sell(as_actor, serial, to=BUYER) for serial in (FIRST, SECOND)]
    for serial in (FIRST, SECOND):
        seize(police, serial)
    [lead] = leads(analyst, "?kind=straw_purchase", **PURPOSE)
    assert "Ana" not in lead["summary"]
    for record in records:
        asked = analyst.post(
            "/consents", bodies.consent(record, use="names", case_number="C-1")
        ).json
        path = f"/consents/{asked['id']}"
        etag = pry_analyst.get(path).headers["ETag"]
        pry_analyst.post(f"{path}/grant", {"expires_on": "2026-12-31"}, 200, If_Match=etag)
    [lead] = leads(analyst, "?kind=straw_purchase", **PURPOSE)
    assert lead["summary"].startswith("Ana Ejemplo bought 2 guns")
    [given] = pry_analyst.get(f"/records/{records[0]}/disclosures?limit=1").json["items"]
    assert given["groups"] == ["firearm", "event", "persons"]


def test_a_lead_over_others_records_is_not_there_without_a_purpose(analyst, two_sold):
    [lead] = leads(analyst, "?kind=shared_dealer", **PURPOSE)
    analyst.get(f"/leads/{lead['id']}", 404)


def test_a_match_that_is_rejected_takes_its_gun_out(analyst, two_sold, police):
    for match in matches(police):
        act(police, match, "reject", reason="Another gun")
    assert leads(analyst, **PURPOSE) == []


def test_a_match_that_another_state_rejected_is_one_all_the_same(analyst, two_sold, pry_police):
    for match in matches(pry_police):
        act(pry_police, match, "reject", reason="Another gun")
    assert len(leads(analyst, "?kind=shared_dealer", **PURPOSE)) == 1


def test_a_match_that_is_confirmed_leaves_nothing_to_doubt(analyst, two_sold, police):
    [before] = leads(analyst, "?kind=shared_dealer", **PURPOSE)
    for match in matches(police):
        act(police, match, "confirm")
    [after] = leads(analyst, "?kind=shared_dealer", **PURPOSE)
    assert "unconfirmed" in points(before) and "unconfirmed" not in points(after)
    assert after["id"] == before["id"]


def test_two_guns_of_one_buyer_are_a_straw_purchase(as_actor, analyst, police):
    for serial, on in ((FIRST, "2025-12-01"), (SECOND, "2025-12-03")):
        sell(as_actor, serial, on, to=BUYER)
        seize(police, serial)
    [lead] = leads(analyst, "?kind=straw_purchase", **PURPOSE)
    assert lead["summary"] == (
        "One buyer, known to Paraguay, bought 2 firearms from 1 Dec 2025 to 3 Dec 2025."
    )


def test_the_state_that_knows_the_buyer_reads_his_name(as_actor, pry_analyst, police):
    for serial in (FIRST, SECOND):
        sell(as_actor, serial, to=BUYER)
        seize(police, serial)
    [lead] = leads(pry_analyst, "?kind=straw_purchase", **PURPOSE)
    assert lead["summary"].startswith("Ana Ejemplo bought 2 guns")


def test_namesakes_are_not_one_holder(as_actor, analyst, police):
    namesake = bodies.party("Ana Ejemplo", "PRY", "individual")
    for serial in (FIRST, SECOND):
        sell(as_actor, serial, to=namesake)
        seize(police, serial)
    assert "straw_purchase" not in kinds(analyst, **PURPOSE)


def test_guns_of_one_shipment_are_a_lead_of_the_states_that_it_concerns_and_of_others(
    as_actor, police, analyst, bra, arg_police
):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    shipment = bodies.shipment((FIRST, SECOND), number="A-77")
    made = bra.post(f"/permits/{permit}/shipments", shipment).json
    place = {"country": "ARG", "name": "Posadas"}
    for client, changes in ((police, {}), (arg_police, {"place": place, "agency": "ARG-POLICE"})):
        for serial in (FIRST, SECOND):
            seize(client, serial, **changes)
    [lead] = leads(analyst, "?kind=shared_shipment", **PURPOSE)
    assert lead["summary"] == "The guns left Brazil in one shipment: A-77."
    [lead] = leads(as_actor("ARG", "trace_analyst"), "?kind=shared_shipment", **PURPOSE)
    assert lead["summary"] == "The guns left Brazil in one shipment."
    assert "recirculation" not in kinds(analyst, **PURPOSE)  # both on one day
    given = f"/records/{made['items'][0]['record']}/disclosures"
    shown = {
        item["state"]: item["groups"]
        for item in reversed(analyst.get(given).json["items"])
        if item["through"] == "reading"
    }
    assert shown == {"ARG": ["firearm", "event"]}  # neither its number nor a firm is named there


def test_the_consignee_of_a_permit_is_named_to_the_states_that_it_concerns(
    as_actor, police, analyst, bra
):
    for number, serial in enumerate((FIRST, SECOND)):
        body = bodies.permit(number=f"P-{number}", final_consignee=bodies.party("Depósito Central"))
        permit = bra.post("/permits", body).json["id"]
        shipment = bodies.shipment((serial,), number=f"A-{number}")
        bra.post(f"/permits/{permit}/shipments", shipment)
    consignee, place = body["final_consignee"]["name"], {"country": "ARG", "name": "Posadas"}
    for serial in (FIRST, SECOND):
        seize(police, serial)
        seize(as_actor("ARG", "police_officer"), serial, place=place, agency="ARG-POLICE")
    result = leads(analyst, "?kind=shared_consignee", **PURPOSE)
    assert [lead["summary"] for lead in result] == [
        f"The guns were consigned to one firm or body: {consignee}."
    ]
    result = leads(as_actor("ARG", "trace_analyst"), "?kind=shared_consignee", **PURPOSE)
    assert [lead["summary"] for lead in result] == ["Brazil shipped the guns to one consignee."]


def test_a_gun_that_two_states_seized_came_back(as_actor, police, analyst):
    place = {"country": "PRY", "name": "Encarnación"}
    seize(
        as_actor("PRY", "police_officer"),
        FIRST,
        place=place,
        agency="PRY-POLICE",
        occurred_on="2026-01-10",
    )
    seize(police, FIRST)
    [lead] = leads(analyst, "?kind=recirculation", **PURPOSE)
    assert (
        lead["summary"]
        == "Paraguay had it on 10 Jan 2026 (seized); Brazil seized it 50 days later."
    )
    assert points(lead)["unconfirmed"] < points(lead)["states"]


def test_seizures_of_a_mark_that_no_register_has_are_no_gun_that_came_back(analyst, police):
    for number, on in enumerate(("2026-01-01", "2026-02-01", "2026-03-01")):
        seize(police, FIRST, number=f"S-{number}", occurred_on=on)
    assert leads(analyst) == []


def test_serials_that_follow_each_other_and_a_lot_are_found_in_own_records(police, analyst):
    for number in (1, 2):
        seize(police, f"TKA10000{number}")
        goods = {"line": 1, "category": "ammunition", "make": "CBC", "lot": "L-17", "quantity": 50}
        seize(police, f"L{number}", items=[goods])
    assert kinds(analyst) == ["consecutive_serials", "shared_lot"]


def test_leads_are_filtered_by_kind_day_state_and_dealer(as_actor, analyst, two_sold):
    total = len(leads(analyst, **PURPOSE))
    assert total > 1
    assert leads(analyst, "?since=2026-03-02", **PURPOSE) == []
    assert len(leads(analyst, "?since=2026-03-01&state=PRY&dealer=armas%20DEL", **PURPOSE)) == total
    assert (
        leads(analyst, "?state=URY", **PURPOSE) == [] == leads(analyst, "?dealer=Nadie", **PURPOSE)
    )
    assert {lead["kind"] for lead in leads(analyst, "?kind=short_time_to_crime", **PURPOSE)} == {
        "short_time_to_crime"
    }


def test_leads_come_page_by_page_the_strongest_first(as_actor, analyst, two_sold, police):
    sell(as_actor, THIRD)
    seize(police, THIRD)
    whole = leads(analyst, **PURPOSE)
    paged, address = [], "/leads?limit=1"
    while address:
        page = analyst.get(address.removeprefix("/api/v1"), **PURPOSE).json
        paged, address = paged + page["items"], page["next"]
    assert [lead["id"] for lead in paged] == [lead["id"] for lead in whole]
    assert [lead["score"] for lead in whole] == sorted(
        (each["score"] for each in whole), reverse=True
    )


@pytest.mark.parametrize(
    "cursor", ["x", "1.0", "1.0:x", "x:0199f2c0-0000-7000-8000-000000000000", "nan:"]
)
def test_a_cursor_of_another_list_is_refused(analyst, cursor):
    assert list(analyst.get(f"/leads?cursor={cursor}", 422).json["errors"]) == ["cursor"]


def test_leads_are_a_table_too(analyst, two_sold):
    table = analyst.get("/leads?format=csv&kind=shared_dealer", **PURPOSE)
    assert table.content_type.startswith("text/csv")
    assert "shared_dealer" in table.get_data(as_text=True)


def test_leads_are_reported_in_the_readers_language(analyst, two_sold):
    [lead] = leads(analyst, "?kind=shared_dealer", **PURPOSE, Accept_Language="pt")
    assert lead["summary"] == "As armas foram vendidas por um mesmo comerciante: Armas del Sur."


def test_the_more_guns_there_are_the_database_is_asked_no_more_often(
    as_actor, analyst, police, asked, two_sold
):
    def statements():
        del asked[:]
        leads(analyst, **PURPOSE)
        return len(asked)

    before = statements()
    for number in range(6):
        sell(as_actor, f"TKD4{number}0000{number}")
        seize(police, f"TKD4{number}0000{number}")
    assert statements() <= before + 2  # the audit writes many by another way


def test_what_the_worker_finds_later_is_a_lead_at_once(as_actor, analyst, police):
    for serial in (FIRST, SECOND):
        seize(police, serial)
    sales = [
        bodies.transfer(number=f"T-{serial}", firearm=bodies.firearm(serial=serial))
        for serial in (FIRST, SECOND)
    ]
    for body in sales:
        as_actor("PRY", "licensing_officer").post("/transfers", body)
    assert "shared_dealer" in kinds(analyst, **PURPOSE)


def test_a_day_is_a_day(analyst):
    analyst.get("/leads?since=yesterday", 422)
    assert leads(analyst, f"?since={date(2026, 1, 1)}") == []


@pytest.fixture
def store(app, monkeypatch):
    """Let a register of one seizure be a large one, whose leads the job stores."""
    monkeypatch.setattr(jobs, "LARGE_REGISTER", 1)
    return lambda: run_due(app, "leads")


def test_a_reader_sees_the_same_whether_its_leads_are_stored_or_not(analyst, two_sold, store):
    asked = ("", "?kind=shared_dealer", "?since=2027-01-01", "?state=PRY", "?dealer=Sur")
    before, alone = [leads(analyst, query, **PURPOSE) for query in asked], leads(analyst)
    assert store() > 0
    assert [leads(analyst, query, **PURPOSE) for query in asked] == before
    assert leads(analyst) == alone
    [lead] = before[1]
    assert analyst.get(f"/leads/{lead['id']}", **PURPOSE).json["id"] == lead["id"]
    first = analyst.get("/leads?limit=1", **PURPOSE).json
    rest = leads(analyst, f"?cursor={first['next'].partition('cursor=')[2]}", **PURPOSE)
    assert [*first["items"], *rest] == before[0]


def test_what_was_judged_since_its_leads_were_stored_counts(analyst, two_sold, police, store):
    store()
    for match in matches(police):
        act(police, match, "reject", reason="Another gun")
    assert leads(analyst, **PURPOSE) == []


def test_a_page_of_a_large_register_reads_the_guns_of_its_leads_alone(
    as_actor, analyst, two_sold, police, store, monkeypatch
):
    sell(as_actor, THIRD)
    seize(police, THIRD)
    analyst.get("/leads")
    store()
    seeds, load = [], queries.load_graph

    def note(actor, some, **options):
        seeds.append({*some})
        return load(actor, some, **options)

    monkeypatch.setattr(queries, "load_graph", note)
    [lead] = leads(analyst, "?limit=1", **PURPOSE)
    assert seeds == [{UUID(each["id"]) for gun in lead["guns"] for each in gun["records"]}]


def test_a_small_register_stores_none(app, analyst, two_sold):
    assert run_due(app, "leads") == 0
    assert leads(analyst, "?kind=shared_dealer", **PURPOSE)
