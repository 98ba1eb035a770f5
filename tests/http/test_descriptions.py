"""What has to be said of goods: the forms of the Model Regulations describe them by type."""

import pytest

from salsa_ext.database.session import db
from salsa_ext.trade.permits.models import PermitLine
from tests.support import bodies

LINE = {"line": 1, "quantity": 10}


@pytest.mark.parametrize("body", [{}, {"make": "Taurus", "calibre": "9x19"}, {"type": "unknown"}])
def test_a_line_of_firearms_without_a_type_is_refused(bra, body):
    answer = bra.post("/permits", bodies.permit(lines=[LINE | body]), 422).json
    assert answer["code"] == "goods_undescribed"
    assert answer["errors"] == {
        "lines.0.type": [
            "Line 1 is for firearms and does not say of which type; give one, such as"
            " pistol, revolver or rifle (Model Regulations 2.2.1, 3.2 and 4.2)."
        ]
    }


@pytest.mark.parametrize("language,word", [("es", "fusil"), ("fr", "pistolet"), ("pt", "fuzil")])
def test_the_refusal_says_in_every_language_what_would_be_right(bra, language, word):
    answer = bra.post("/permits", bodies.permit(lines=[LINE]), 422, Accept_Language=language).json
    assert word in answer["errors"]["lines.0.type"][0]


@pytest.mark.parametrize(
    "expected",
    [
        {"type": "pistol"},
        {"type": "pistola"},
        {"type": "a word nobody knows"},
        {"category": "ammunition"},
        {"category": "part", "part_kind": "barrel"},
    ],
)
def test_a_line_that_says_what_it_is_for_is_accepted(bra, expected):
    bra.post("/permits", bodies.permit(lines=[LINE | expected]))


def test_a_permit_recorded_without_a_type_can_be_reissued(bra):
    permit = bra.post("/permits", bodies.permit())
    line = db.session.query(PermitLine).one()
    line.type = line.type_text = None
    db.session.flush()
    again = {
        "number": "E-2",
        "issued_on": "2026-03-01",
        "expires_on": "2026-12-31",
        "authority": bodies.authority("BRA"),
    }
    path, etag = f"/permits/{permit.json['id']}", permit.headers["ETag"]
    bra.post(f"{path}/reissue", again, If_Match=etag)


@pytest.mark.parametrize("gun", [{}, {"type": "unknown"}])
def test_a_transfer_of_an_undescribed_gun_is_refused(gun, pry):
    answer = pry.post("/transfers", bodies.transfer(firearm=gun), 422).json
    assert list(answer["errors"]) == ["firearm.serial"]


@pytest.mark.parametrize(
    "gun",
    [
        {"serial": "A1"},
        {"type": "pistol"},
        {"make": "Taurus"},
        {"importer_mark": "X 12"},
        {"calibre": "9x19"},
        {"marks": [{"kind": "state", "text": "EP 7"}]},
    ],
)
def test_a_transfer_says_one_thing_of_its_gun_at_least(as_actor, gun):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(firearm=gun))


def test_a_seized_gun_may_be_unknown(police):
    police.post("/seizures", bodies.seizure(items=[{"line": 1, "marking": "unknown"}]))
