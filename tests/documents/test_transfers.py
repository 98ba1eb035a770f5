"""Test transfers."""

import pytest
from sqlalchemy import select

from salsa_ext.database.session import db
from salsa_ext.documents.models import Transfer
from salsa_ext.firearms.records.models import Record
from tests.support import bodies


def test_a_transfer_is_recorded_with_its_codes_and_the_text_as_written(pry):
    body = bodies.transfer(firearm=bodies.firearm(make="Forjas Taurus", calibre="9 mm Luger"))
    answer = pry.post("/transfers", body).json
    assert answer["firearm"]["make"] == "taurus"
    assert answer["firearm"]["make_text"] == "Forjas Taurus"
    assert answer["firearm"]["calibre"] == "9x19"


def test_a_loss_is_refused_with_the_route_that_takes_it(pry):
    answer = pry.post("/transfers", bodies.transfer(kind="theft"), 422).json
    assert answer["errors"]["kind"] == ["A theft is reported by POST /api/v1/reports."]


def test_an_import_of_the_past_names_the_other_state_and_what_says_so(pry):
    body = bodies.transfer(kind="import", occurred_on="1998-06-01")
    del body["to"]
    missing = pry.post("/transfers", body, 422).json["errors"]
    assert sorted(missing) == ["based_on", "counterpart_state"]
    result = {"counterpart_state": "AUT", "based_on": "Register of imports, book 12, folio 33"}
    made = pry.post("/transfers", body | result).json
    assert {name: made[name] for name in result} == result
    record = db.session.scalars(select(Record)).one()
    assert (record.event, record.counterpart_state) == ("import", "AUT")


def test_a_sale_has_no_other_state(pry):
    refused = pry.post("/transfers", bodies.transfer(counterpart_state="AUT"), 422).json
    assert list(refused["errors"]) == ["counterpart_state"]


BUYER = bodies.party("Ana Ejemplo", "PRY", "individual")
DEALER = bodies.party()


@pytest.mark.parametrize(
    "sides",
    [
        {},
        {"from": DEALER},
        {"to": BUYER},
        {"from": DEALER | {"licence": "L-8"}, "to": BUYER},
        {"from": DEALER, "to": BUYER | {"licence": "L-8"}},
    ],
)
def test_a_licence_is_the_transactions_whoever_its_parties_are(sides, pry):
    body = bodies.transfer(licence="L-7")
    del body["from"], body["to"]
    made = pry.post("/transfers", body | sides).json
    answer = pry.get(f"/transfers/{made['id']}").json
    assert answer["licence"] == "L-7"
    for side in ("from", "to"):
        assert (answer[side] and answer[side]["licence"]) == sides.get(side, {}).get("licence")


def test_a_licence_of_a_party_is_not_the_transactions(pry):
    answer = pry.post("/transfers", bodies.transfer(to=BUYER | {"licence": "L-7"})).json
    assert (answer["licence"], answer["to"]["licence"]) == (None, "L-7")


def test_a_correction_gives_another_licence_and_the_old_version_keeps_its_own(pry):
    made = pry.post("/transfers", bodies.transfer(licence="L-7")).json
    path = f"/transfers/{made['id']}"
    body = bodies.transfer(licence="L-8", reason="misread")
    pry.post(f"{path}/correct", body, 200, If_Match='"1"')
    assert pry.get(path).json["licence"] == "L-8"
    assert db.session.scalars(select(Transfer.licence).order_by(Transfer.version)).all() == [
        "L-7",
        "L-8",
    ]


def test_a_part_may_have_the_type_of_its_gun(pry):
    slide = bodies.firearm(category="part", part_kind="slide", type="pistol")
    assert (
        pry.post("/transfers", bodies.transfer(firearm=slide)).json["firearm"]["type"] == "pistol"
    )
    loose = bodies.firearm(category="part", type="pistol")
    pry.post("/transfers", bodies.transfer(firearm=loose), 422)
