"""What no list leaves out: the very mark, and that a gun is missed or was seized, however much fits better."""

import pytest

from salsa_ext.matches.commands import MAX_PROPOSED
from tests.support import bodies
from tests.support.jobs import jobs_to_idle
from tests.support.matches import correct, matches, sold

SERIALS = [f"TKA5238{digit}" for digit in "0123456789"]
UNREAD = "TKA5238?"
KNOWN = {"country_of_manufacture": "BRA", "year": 2025, "model": "G2C"}


@pytest.fixture
def stolen(as_actor):
    """Two dozen records of guns of one series, and the theft of one of them, of which little was said."""
    for serial in SERIALS:
        gun = bodies.firearm(serial=serial, **KNOWN)
        for kind, state in (("manufacture", "BRA"), ("registration", "PRY")):
            sold(
                as_actor,
                state,
                kind=kind,
                firearm=gun,
                number=f"{kind}-{serial}",
                occurred_on="2025-03-01",
            )
    return report_theft(as_actor)


def report_theft(as_actor):
    """Report the theft of a gun of the series, and say little of it; return its record."""
    gun = {"serial": SERIALS[5], "make": "Taurus", "type": "pistol", "calibre": "9x19"}
    body = bodies.report(firearm=gun, occurred_on="2025-06-01")
    return as_actor("PRY", "police_officer").post("/reports", body).json["firearm"]["record"]


def seizure(serial, **content):
    gun = {
        "line": 1,
        "serial": serial,
        "make": "Taurus",
        "type": "pistol",
        "calibre": "9x19",
    } | content
    return bodies.seizure(place=bodies.FOZ | {"country": "ARG"}, items=[gun])


def others(client):
    return [match["other"]["record"] for match in matches(client)]


@pytest.mark.parametrize("serial", [UNREAD, SERIALS[5]])
def test_the_theft_of_a_gun_that_was_seized_is_a_match_and_stays_one(
    as_actor, arg_police, stolen, serial
):
    made = arg_police.post("/seizures", seizure(serial)).json
    assert stolen in others(arg_police)
    body = seizure(serial, **KNOWN) | {"reason": "Read again"}
    made = correct(arg_police, "seizures", made, body)
    assert stolen in others(arg_police)
    assert made["items"][0]["record"] in others(as_actor("PRY", "police_officer"))


def test_a_seizure_lists_the_likeliest_matches_and_each_theft(as_actor, arg_police):
    for number in range(MAX_PROPOSED + 2):
        gun = bodies.firearm(serial=SERIALS[1], **KNOWN)
        sold(as_actor, kind="private_sale", firearm=gun, number=f"T-{number}")
    stolen = report_theft(as_actor)
    jobs_to_idle()
    made = arg_police.post("/seizures", seizure(UNREAD, **KNOWN)).json
    found = arg_police.get(f"/seizures/{made['id']}").json
    records = [match["other"]["record"] for match in found["matches"]]
    assert found["complete"] and stolen in records
    assert len(records) == MAX_PROPOSED + 1  # the theft is not among the likeliest


def test_a_check_says_how_many_more_there_are_and_lists_all_where_it_is_asked_to(
    arg_police, stolen
):
    asked = bodies.check(serial=UNREAD, model="G2C", country="BRA", year=2025)
    some = arg_police.post("/checks", asked).json
    assert stolen in [each["record"] for each in some["candidates"]]
    assert some["more"] > 0
    every = arg_police.post("/checks", asked | {"all": True}).json
    assert (len(every["candidates"]), every["more"]) == (len(some["candidates"]) + some["more"], 0)
