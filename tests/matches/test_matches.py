"""Matches: proposed to each state when a record is written, judged by each for itself."""

import random

import pytest

from api.schemas.documents import ReportRequest, TransferRequest
from salsa_ext.documents import reports, transfers
from salsa_ext.firearms.records import frequencies
from tests.support import bodies
from tests.support.jobs import jobs_to_idle
from tests.support.matches import act, correct, matches, sold

pytestmark = pytest.mark.between_writes


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "police_officer")


def test_a_seizure_that_matches_a_sale_is_a_match_of_both_states(as_actor, bra, pry_police):
    sale = sold(as_actor)["firearm"]["record"]
    seized = bra.post("/seizures", bodies.seizure()).json["items"][0]["record"]
    [mine], [theirs] = matches(bra), matches(pry_police)
    assert (mine["record"], mine["other"]["state"], mine["other"]["record"]) == (
        seized,
        "PRY",
        sale,
    )
    assert (theirs["record"], theirs["other"]["state"]) == (sale, "BRA")
    assert theirs["other"]["record"] == seized
    assert {match["status"] for match in (mine, theirs)} == {"proposed"}
    assert mine["score"] == theirs["score"] and mine["strength"] == "strong"
    assert mine["id"] != theirs["id"]


@pytest.mark.parametrize("is_seized_first", [True, False])
def test_a_partial_number_that_fits_two_guns_is_strong_for_neither(
    as_actor, bra, pry_police, is_seized_first
):
    partial = bodies.seizure(items=[bodies.firearm(serial="TKA5238?")])
    if is_seized_first:
        bra.post("/seizures", partial)
    for digit in "14":
        sold(as_actor, number=digit, firearm=bodies.firearm(serial=f"TKA5238{digit}"))
        if is_seized_first:
            assert matches(bra)[-1]["strength"] == ("strong" if digit == "1" else "moderate")
    if not is_seized_first:
        bra.post("/seizures", partial)
    for officer in (bra, pry_police):
        assert [each["strength"] for each in matches(officer)] == ["moderate", "moderate"]


def test_each_state_reads_that_a_partial_number_fits_the_gun_of_another(as_actor, bra, pry_police):
    bra.post("/seizures", bodies.seizure(items=[bodies.firearm(serial="TKA5238?")]))
    sold(as_actor, firearm=bodies.firearm(serial="TKA52381"))
    assert matches(pry_police)[0]["strength"] == "strong"
    report = bodies.report(firearm=bodies.firearm(serial="TKA52384"))
    as_actor("ARG", "police_officer").post("/reports", report)
    for officer in (bra, pry_police, as_actor("ARG", "police_officer")):
        assert {each["strength"] for each in matches(officer)} == {"moderate"}


def test_strong_matches_come_first_and_those_to_confirm_together_are_found(as_actor, bra):
    for serial in ("ABC123456", "TKA52381"):
        sold(as_actor, number=serial, firearm=bodies.firearm(serial=serial))
    near = {"line": 1, "serial": "TKA523??", "make": "Taurus", "marking": "altered"}
    for number, gun in enumerate((bodies.firearm(), near)):
        bra.post("/seizures", bodies.seizure(number=f"S-{number}", items=[gun]))
    assert [each["strength"] for each in matches(bra)] == ["strong", "moderate"]
    [sure] = matches(bra, "?confirmable=true")
    assert sure["confirmable"] and sure["strength"] == "strong"


def test_a_match_says_why_in_the_readers_language(as_actor, bra):
    sold(as_actor)
    bra.post("/seizures", bodies.seizure())
    [match] = matches(bra)
    result = [reason["text"] for reason in match["reasons"]]
    assert result[:2] == ["The serial is the same.", "The make is the same."]
    assert sum(reason["bits"] for reason in match["reasons"]) == match["score"]
    [spanish] = bra.get("/matches", Accept_Language="es").json["items"]
    assert spanish["reasons"][0]["text"] != match["reasons"][0]["text"]


def test_a_loss_that_is_reported_later_finds_the_seizure_of_last_year(bra, pry_police):
    bra.post("/seizures", bodies.seizure(occurred_on="2025-03-01"))
    lost = {
        name: value for name, value in bodies.report(kind="loss").items() if name != "stolen_from"
    }
    report = pry_police.post("/reports", lost).json
    [mine], [theirs] = matches(pry_police), matches(bra)
    assert mine["record"] == theirs["other"]["record"] == report["firearm"]["record"]


def test_each_kind_of_write_is_matched_in_its_request(as_actor, bra, pry_police):
    bra.post("/seizures", bodies.seizure())
    sold(as_actor)
    pry_police.post("/reports", bodies.report())
    exporter = as_actor("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    gun = bodies.shipment()["items"][0] | {"serial": "ABC123456"}
    exporter.post(f"/permits/{permit}/shipments", bodies.shipment(items=[gun]))
    assert len(matches(bra)) == 4  # seized with sale, theft, export; export with theft
    assert len(matches(pry_police)) == 4


MADE = {"kind": "manufacture", "occurred_on": "2020-02-03"}


@pytest.mark.parametrize("year", [2020, None])
@pytest.mark.parametrize("is_made_first", [True, False])
def test_a_gun_that_was_seized_before_it_was_made_is_no_strong_match(
    as_actor, bra, pry_police, is_made_first, year
):
    gun = bodies.firearm() | ({"year": year} if year else {})
    writes = [
        lambda: sold(as_actor, firearm=gun, **MADE),
        lambda: bra.post("/seizures", bodies.seizure(occurred_on="2010-03-01")),
    ]
    for write in writes if is_made_first else reversed(writes):
        write()
    for match in (*matches(bra), *matches(pry_police)):
        assert match["strength"] == "moderate"
        assert match["reasons"][-1]["code"] == "year_impossible"
    assert len(matches(bra)) == len(matches(pry_police)) == 1


@pytest.mark.parametrize("is_sold_first", [True, False])
def test_both_states_are_notified_that_types_are_the_same_gun_s_whichever_writes_last(
    as_actor, bra, pry_police, is_sold_first
):
    carbine, rifle = bodies.firearm(type="carbine"), bodies.firearm(type="rifle")
    writes = [
        lambda: sold(as_actor, firearm=carbine),
        lambda: bra.post("/seizures", bodies.seizure(items=[rifle])),
    ]
    for write in writes if is_sold_first else reversed(writes):
        write()
    [mine], [theirs] = matches(bra), matches(pry_police)
    for match in (mine, theirs):
        assert match["strength"] == "strong"
        assert "type_related" in [reason["code"] for reason in match["reasons"]]


def test_two_records_of_one_state_are_one_match_of_it(as_actor, bra):
    sale = sold(as_actor, "BRA")["firearm"]["record"]
    seized = bra.post("/seizures", bodies.seizure()).json["items"][0]["record"]
    [match] = matches(bra)
    assert (match["record"], match["other"]["record"]) == (seized, sale)
    assert match["other"]["state"] == "BRA"
    for record in (sale, seized):
        assert matches(bra, f"?record={record}") == [match]


@pytest.mark.parametrize("order", [("BRA", "PRY"), ("PRY", "BRA")])
def test_two_open_records_score_the_same_for_both_states_however_rare_they_are(
    as_actor, bra, pry_police, monkeypatch, order
):
    rare = {("country", "BRA"): 0.1, ("type", "pistol"): 0.7}
    monkeypatch.setattr(frequencies, "shares", lambda: rare)
    written = {
        "BRA": lambda: bra.post("/seizures", bodies.seizure()),
        "PRY": lambda: pry_police.post("/reports", bodies.report()),
    }
    for state in order:
        written[state]()
    [mine], [theirs] = matches(bra), matches(pry_police)
    assert (mine["score"], mine["reasons"]) == (theirs["score"], theirs["reasons"])


def test_the_offices_of_all_other_states_are_read_by_one_question(as_actor, bra, asked):
    def contacts():
        asked.clear()
        matches(bra)
        return [value for value in asked if "FROM contact" in value]

    bra.post("/seizures", bodies.seizure())
    sold(as_actor)
    assert len(contacts()) == 1
    sold(as_actor, "ARG")
    sold(as_actor, "URY")
    assert len(contacts()) == 1


def test_a_weak_candidate_is_shown_and_not_kept(as_actor, bra):
    sold(as_actor, firearm={"serial": "A12"})
    [item] = bra.post("/seizures", bodies.seizure(items=[{"line": 1, "serial": "A12"}])).json[
        "matches"
    ]
    assert [candidate["strength"] for candidate in item["candidates"]] == ["weak"]
    assert matches(bra) == []


def test_new_guns_that_are_numbered_on_are_no_matches_of_each_other(as_actor, bra):
    sold(as_actor, firearm=bodies.firearm(serial="ABC123455"))
    sold(as_actor, "BRA")
    assert matches(bra) == []


def test_a_serial_that_was_misread_in_the_field_is_one(as_actor, bra):
    sold(as_actor, firearm=bodies.firearm(serial="ABC123455"))
    bra.post("/seizures", bodies.seizure())
    [match] = matches(bra)
    assert match["strength"] == "strong"
    texts = [reason["text"] for reason in match["reasons"]]
    assert texts[0] == "The serial agrees but for one character: 6 here, 5 in the record."


def test_differences_are_shown_from_the_side_of_each_state(as_actor, bra, pry_police):
    sold(as_actor, firearm=bodies.firearm(serial="ABC123455"))
    bra.post("/seizures", bodies.seizure())
    [match] = matches(pry_police)
    texts = [reason["text"] for reason in match["reasons"]]
    assert texts[0] == "The serial agrees but for one character: 5 here, 6 in the record."


def test_a_shipment_and_its_receipt_are_linked_and_no_match(as_actor, bra, pry_police):
    exporter = as_actor("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    shipment = exporter.post(f"/permits/{permit}/shipments", bodies.shipment()).json["id"]
    as_actor("PRY", "licensing_officer").post(
        f"/shipments/{shipment}/receipt", {"received_on": "2026-03-03", "all": True}
    )
    assert matches(bra) == matches(pry_police) == []


def test_the_worker_finds_what_was_written_in_bulk(bra, pry_police, run):
    """As an importer writes it: the same core, and nobody waits for the answer."""
    bra.post("/seizures", bodies.seizure())
    schema = TransferRequest()
    batch = [
        schema.load(bodies.transfer(firearm=bodies.firearm(serial=f"{serial}")))
        for serial in ("ABC123456", *range(7000000, 7000040))
    ]
    run("PRY", transfers.record_many, batch=batch)
    assert len(matches(bra)) == len(matches(pry_police)) == 1


def test_guns_of_a_file_are_not_searched_one_by_one(bra, run, asked_by_jobs):
    bra.post("/seizures", bodies.seizure())
    jobs_to_idle()
    schema = TransferRequest()
    batch = [
        schema.load(bodies.transfer(firearm=bodies.firearm(serial=f"{serial}")))
        for serial in ("ABC123456", *range(7000000, 7000100))
    ]
    run("PRY", transfers.record_many, batch=batch)
    asked_by_jobs.clear()
    jobs_to_idle()
    # that of the seized gun finds a record that agrees in all
    assert not [statement for statement in asked_by_jobs if "salsa_similar_marks" in statement]
    assert len(asked_by_jobs) < 120
    assert len(matches(bra)) == 1


def test_where_one_record_agrees_in_all_its_neighbours_are_no_matches(as_actor, bra):
    for serial in ("ABC123455", "ABC123456", "ABC123457"):
        sold(as_actor, firearm=bodies.firearm(serial=serial))
    bra.post("/seizures", bodies.seizure())
    assert [match["strength"] for match in matches(bra)] == ["strong"]


def test_a_pair_is_proposed_once_however_often_it_is_looked_at(as_actor, bra, pry_police):
    sold(as_actor)
    bra.post("/seizures", bodies.seizure())
    first = matches(bra)
    assert matches(bra) == first
    assert len(matches(pry_police)) == 1


def test_a_pair_is_compared_by_the_job_of_one_of_its_records(as_actor, bra, asked_by_jobs):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    bra.post("/seizures", bodies.seizure())
    assert len(matches(bra)) == 1
    assert [value for value in asked_by_jobs if value.startswith("INSERT INTO match ")]
    assert not [value for value in asked_by_jobs if value.startswith("UPDATE match ")]


def test_matches_are_listed_by_status_strength_state_and_record(as_actor, bra):
    sold(as_actor)
    sold(as_actor, firearm=bodies.firearm(serial="XYZ987654", make="Glock"))
    items = [bodies.firearm(), bodies.firearm(line=2, serial="XYZ987654")]
    bra.post("/seizures", bodies.seizure(items=items))
    strong, moderate = sorted(matches(bra), key=lambda match: match["strength"], reverse=True)
    act(bra, strong, "confirm")
    for query, found in (
        ("?status=confirmed", strong),
        ("?status=proposed", moderate),
        ("?strength=moderate", moderate),
        (f"?record={strong['record']}", strong),
        (f"?record={moderate['other']['record']}", moderate),
    ):
        assert [match["id"] for match in matches(bra, query)] == [found["id"]]
    assert len(matches(bra, "?state=PRY")) == 2 and matches(bra, "?state=URY") == []
    assert matches(bra, "?current=false") == []


def test_matches_are_paged_and_given_as_a_table(as_actor, bra):
    sold(as_actor)
    sold(as_actor, firearm=bodies.firearm(serial="XYZ987654"))
    items = [bodies.firearm(), bodies.firearm(line=2, serial="XYZ987654")]
    bra.post("/seizures", bodies.seizure(items=items))
    page = bra.get("/matches?limit=1").json
    assert len(page["items"]) == 1 and page["next"]
    assert len(bra.get("/matches?format=csv").text.splitlines()) == 3
    assert bra.get("/matches?format=xlsx").data[:2] == b"PK"


def test_the_police_of_the_other_state_is_notified_of_a_new_match(as_actor, bra, pry_police):
    sold(as_actor)
    bra.post("/seizures", bodies.seizure())
    [match] = matches(pry_police)
    for role in ("police_officer", "trace_analyst"):
        [notices] = as_actor("PRY", role).get("/notifications").json["items"]
        assert (notices["code"], notices["subject"]["id"]) == ("match_proposed", match["id"])
        assert notices["data"]["state"] == "BRA"
        assert notices["text"] != "match_proposed"
    assert bra.get("/notifications").json["items"] == []


def test_the_police_is_notified_once_of_a_gun_however_many_records_are_of_it(
    as_actor, bra, pry_police
):
    sold(as_actor, kind="manufacture")
    sold(as_actor)
    bra.post("/seizures", bodies.seizure())
    assert len(matches(pry_police)) == 2
    assert len(pry_police.get("/notifications").json["items"]) == 1


def test_the_own_police_is_notified_where_a_licensing_officer_wrote_the_record(as_actor, bra):
    bra.post("/reports", bodies.report())
    sold(as_actor, "BRA")
    [notices] = bra.get("/notifications").json["items"]
    assert notices["code"] == "match_proposed"


def test_the_lawful_life_of_a_gun_is_no_match(as_actor, bra, pry_police):
    sold(as_actor, kind="manufacture")
    sold(as_actor)
    sold(as_actor, kind="private_sale")
    sold(as_actor, kind="private_sale")
    sold(as_actor, "BRA")
    assert matches(bra) == matches(pry_police) == []


def test_what_a_gun_has_once_is_a_match_where_a_state_records_it_twice(as_actor, pry_police):
    sold(as_actor)
    sold(as_actor)
    [match] = matches(pry_police)
    assert (match["worth"], match["other"]["state"]) == ("trade", "PRY")
    assert pry_police.get("/notifications").json["items"] == []


def test_of_very_many_at_once_one_is_reported_with_how_many_there_are(bra, pry_police, run):
    """As where a file of stolen guns comes in."""
    serials = [f"QRS{number}" for number in range(600000, 600025)]
    items = [bodies.firearm(line=line, serial=serial) for line, serial in enumerate(serials, 1)]
    bra.post("/seizures", bodies.seizure(items=items))
    jobs_to_idle()
    schema = ReportRequest()
    stolen = [
        bodies.report(number=serial, firearm=bodies.firearm(serial=serial)) for serial in serials
    ]
    run("PRY", reports.record_many, batch=[schema.load(body) for body in stolen])
    for police in (bra, pry_police):
        [notices] = police.get("/notifications").json["items"]
        assert notices["data"]["count"] == len(matches(police, "?limit=200")) == 25


def test_a_record_that_says_little_of_its_gun_hides_no_other(as_actor, bra, pry_police):
    sold(as_actor, firearm=bodies.firearm(serial="123436"))
    sold(as_actor, "URY", firearm={"line": 1, "serial": "123456", "type": "pistol"})
    bra.post("/seizures", bodies.seizure(items=[bodies.firearm(serial="123456")]))
    assert {match["other"]["state"] for match in matches(bra)} == {"PRY", "URY"}
    assert {match["other"]["state"] for match in matches(bra)} == {"PRY", "URY"}
    assert len(matches(pry_police)) == 1


DRAW = random.Random(3)
SOME = [f"{''.join(DRAW.choices('ACEFHJKM', k=3))}{DRAW.randrange(10**6):06}" for _ in range(21)]


def test_a_seizure_is_answered_by_its_guns_own_marks_and_near_ones_follow(as_actor, bra, asked):
    near = SOME[1][:4] + SOME[1][5:]
    for serial in (SOME[0], SOME[20], near):
        sold(as_actor, number=serial, firearm=bodies.firearm(serial=serial))
    items = [bodies.firearm(line=at, serial=serial) for at, serial in enumerate(SOME, 1)]
    asked.clear()
    made = bra.post("/seizures", bodies.seizure(items=items)).json
    assert not any("salsa_similar_marks" in statement for statement in asked)
    found = [match["line"] for match in made["matches"] if match["candidates"]]
    assert (found, made["matches"][0]["complete"]) == ([1, 21], False)
    seizure = bra.get(f"/seizures/{made['id']}").json
    assert (len(seizure["matches"]), seizure["complete"]) == (3, True)


def test_a_seizure_is_not_complete_before_the_job_compared_it(as_actor):
    police = as_actor("BRA", "police_officer", background=False)
    made = police.post("/seizures", bodies.seizure()).json
    seizure = police.get(f"/seizures/{made['id']}").json
    assert (seizure["matches"], seizure["complete"]) == ([], False)


def test_a_correction_of_a_long_seizure_takes_away_what_it_parts(as_actor, bra, pry_police):
    sold(as_actor, firearm=bodies.firearm(serial=SOME[20]))
    items = [bodies.firearm(line=at, serial=serial) for at, serial in enumerate(SOME, 1)]
    made = bra.post("/seizures", bodies.seizure(items=items)).json
    assert len(matches(pry_police)) == 1
    hidden = bodies.seizure(items=items, visibility="silent", reason="Operation")
    made = correct(bra, "seizures", made, hidden)
    assert matches(pry_police) == []
    items[20] = items[20] | {"serial": "XYZ987654"}
    correct(bra, "seizures", made, bodies.seizure(items=items, visibility="open", reason="Misread"))
    assert matches(bra) == matches(pry_police) == []
