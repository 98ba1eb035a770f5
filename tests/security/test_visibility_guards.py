"""What a search, a history and a delivery leave out, each seen from where it would show."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select, update

from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db, transaction
from salsa_ext.firearms.marks import keys, variants
from salsa_ext.firearms.records.models import MarkKey, MarkVariant
from salsa_ext.firearms.search import rivals
from salsa_ext.firearms.search.criteria import describe_hit
from salsa_ext.firearms.search.evidence import Description, weigh
from salsa_ext.firearms.search.values import Candidate, MarkHit
from salsa_ext.guns.graph import _visible_rows
from salsa_ext.matches.models import Match
from tests.support import bodies

KEY = keys.whole_key("ABC123456")


@pytest.fixture
def sell(as_actor):
    def make(**changes):
        body = bodies.transfer(firearm=bodies.firearm(**changes.pop("gun", {})), **changes)
        clerk = as_actor("PRY", "licensing_officer")
        return clerk.post("/transfers", body).json["firearm"]["record"]

    return make


@pytest.fixture
def ask(as_actor):
    def post(**changes):
        return as_actor("BRA", "police_officer").post("/checks", bodies.check(**changes)).json

    return post


def test_a_mark_of_what_did_not_happen_after_all_is_not_found_as_it_was_written(sell, ask, run):
    sell()
    assert ask()["verdict"] == "hit"
    void = update(MarkKey).where(MarkKey.key == KEY.value).values(is_void=True)
    run("PRY", lambda actor: db.session.execute(void))
    assert (ask()["verdict"], ask()["candidates"]) == ("no_hit", [])


@pytest.mark.parametrize("visibility,visible", [("open", 1), ("pointer", 0), ("silent", 0)])
def test_a_gun_passes_through_another_state_s_record_where_it_is_open(
    sell, actor, visibility, visible
):
    record = UUID(sell(visibility=visibility))
    with transaction(actor("BRA")):
        rows = _visible_rows(actor("BRA"), {record: "PRY"}, with_others=True)
        assert len(rows) == visible


def test_the_forms_of_a_mark_are_kept_for_each_make_that_bears_it(sell, run):
    for make in ("Taurus", "Glock"):
        sell(gun={"make": make})
    wanted = select(MarkVariant.make).where(MarkVariant.target == KEY.value).distinct()
    assert len(run("PRY", lambda actor: db.session.scalars(wanted).all())) == 2


def test_a_mark_is_found_by_its_digits_though_one_that_looks_like_it_is_kept_already(sell, ask):
    made = [sell(gun={"serial": serial}) for serial in ("68512345", "GBS12345")]
    assert made[1] in [each["record"] for each in ask(serial="12345")["candidates"]]


@pytest.mark.parametrize("visibility,times", [("open", 1), ("pointer", 1), ("silent", 2)])
def test_a_silent_record_is_written_like_a_new_one(sell, run, visibility, times):
    for _ in range(2):
        sell(visibility=visibility)
    own = select(MarkVariant.key).where(MarkVariant.key == variants.own_key(KEY.norm))
    assert len(run("PRY", lambda actor: db.session.scalars(own).all())) == times


@pytest.mark.parametrize("place", ["first", "last"])
def test_of_forty_guns_of_one_mark_that_alone_of_the_model_is_found(sell, ask, place):
    made = [sell(gun={"model": f"{number:02}X"}) for number in range(40)]
    at, model = {"first": (0, "00X"), "last": (39, "39X")}[place]
    assert ask(model=model)["candidates"][0]["record"] == made[at]


def _candidate(serial, visibility):
    hold = MarkHit(
        new_id(),
        "PRY",
        serial,
        "registration",
        date(2024, 5, 6),
        "taurus",
        None,
        "9x19",
        "pistol",
        "BRA",
        2020,
        visibility,
        False,
        1,
    )
    return Candidate(hold, weigh(Description("ABC123456"), describe_hit(hold)))


@pytest.mark.parametrize("visibility", ["open", "pointer"])
def test_what_is_silent_takes_nothing_from_what_is_shown(visibility):
    shown, other = _candidate("ABC123457", visibility), _candidate("ABC123458", visibility)
    silent = [_candidate(f"ABC12345{glyph}", "silent") for glyph in "ACEF"]
    assert rivals.apply_crowd([shown, *silent])[0] == shown
    assert rivals.apply_crowd([shown, other])[0].evidence.crowd is not None


def test_a_match_of_a_silent_record_is_left_to_the_worker_where_the_other_is_corrected(
    sell, run, police, pry_analyst
):
    sell(visibility="silent")
    made = police.post("/seizures", bodies.seizure())
    assert len(pry_analyst.get("/matches").json["items"]) == 1
    other = bodies.seizure(items=[bodies.firearm(serial="KLM777888")], reason="Misread")
    police.post(f"/seizures/{made.json['id']}/correct", other, 200, If_Match=made.headers["ETag"])
    standing = select(Match.is_current).where(Match.owner_state == "PRY")
    assert run("PRY", lambda actor: db.session.scalars(standing).all()) == [True]
