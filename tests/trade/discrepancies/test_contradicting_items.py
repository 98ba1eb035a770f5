"""Goods of a manifest that their line of the permit does not allow."""

import pytest

from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.trade.permits.models import PermitLine
from salsa_ext.trade.shipments.permit_line_check import contradicting_fields
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.manifests import send
from tests.support.movements import Way, act

GLOCK = {"line": 1, "serial": "GLK001", "make": "Glock", "model": "17"}


@beginning
def way(as_actor):
    return Way(as_actor)


def item(serial="ABC123456", **content):
    return {"line": 1, "serial": serial} | content


def findings(way, *items):
    shipment = way.ship(items=list(items))
    return [
        (found["line"], found["field"], found["ours"], found["theirs"])
        for found in way.read(shipment)["findings"]
    ]


def test_a_gun_of_another_make_than_the_line_allows_is_found(way):
    shipment = way.ship(items=[item(), GLOCK])
    assert shipment["findings"] == [
        {
            "code": "mismatch",
            "line": 1,
            "field": "make",
            "ours": "Glock",
            "theirs": "Taurus",
            "count": 1,
            "serials": ["GLK001"],
        },
        {
            "code": "mismatch",
            "line": 1,
            "field": "model",
            "ours": "17",
            "theirs": "G2C",
            "count": 1,
            "serials": ["GLK001"],
        },
    ]


@pytest.mark.parametrize("state", ["BRA", "BOL", "PRY"])
def test_every_state_concerned_learns_of_it_as_a_discrepancy(way, as_actor, state):
    way.ship(items=[item(make="Glock")])
    client = as_actor(state, "licensing_officer")
    (found,) = client.get("/discrepancies?kind=document_invalid").json["items"]
    assert (found["subject"]["kind"], found["key"]) == ("shipment", "line:1:make")
    assert found["data"] == {
        "why": "contradicts_permit",
        "line": 1,
        "field": "make",
        "ours": "Glock",
        "theirs": "Taurus",
        "count": 1,
        "serials": ["ABC123456"],
    }


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"type": "revolver"}, (1, "type", "revolver", "pistol")),
        ({"make": "Bersa"}, (1, "make", "Bersa", "Taurus")),
        ({"model": "PT 92"}, (1, "model", "PT 92", "G2C")),
        ({"calibre": ".38 Special"}, (1, "calibre", ".38 Special", "9x19")),
    ],
)
def test_each_field_is_held_against_the_line(way, expected, found):
    assert findings(way, item(**expected)) == [found]


@pytest.mark.parametrize(
    "expected",
    [
        {},
        {"type": "pistola"},
        {"make": "TAURUS"},
        {"make": "Forjas Taurus"},
        {"model": "g2-c"},
        {"calibre": "9 mm Luger"},
        {"calibre": "9mm Parabellum"},
        {"type": "unknown"},
    ],
)
def test_other_words_for_the_same_contradict_nothing(way, expected):
    assert findings(way, item(**expected)) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"calibre": "5.56x45"}, {"calibre": ".223 Rem"}),
        ({"calibre": ".223 Rem"}, {"calibre": "5.56x45"}),
        ({"calibre": "9 mm / .40"}, {"calibre": "9x19"}),
        ({"make": "Forjas Taurus S.A., Brasil"}, {"make": "Taurus"}),
        ({"make": "Smith and Wesson / Glock"}, {"make": "Smith & Wesson"}),
        ({"make": "Qqqxxx S.A., Brasil"}, {"make": "Qqqxxx"}),
        ({"type": "pistols and revolvers"}, {"type": "pistol"}),
        ({"type": "pistols and revolvers"}, {"type": "revolver"}),
        ({"model": "PT 92 AF"}, {"model": "PT 92"}),
        ({"model": "PT 92"}, {"model": "PT-92 AF"}),
    ],
)
def test_a_line_that_may_mean_the_gun_contradicts_nothing(session, line, expected):
    assert compared(line, expected) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"calibre": "5.56x45"}, {"calibre": "7.62x51"}),
        ({"make": "Qqqxxx"}, {"make": "Wwwyyy"}),
        ({"model": "G19"}, {"model": "G1"}),
        ({"model": "PT 92"}, {"model": "PT 99"}),
    ],
)
def test_what_is_near_in_writing_alone_is_another_gun(session, line, expected):
    assert compared(line, expected) == list(expected)


def compared(line, said):
    """Return the fields of which a gun and a line say something else."""
    texts = {name if name == "model" else f"{name}_text": text for name, text in line.items()}
    return [name for name, *_ in contradicting_fields(Firearm(**said), PermitLine(**texts))]


def test_what_the_line_leaves_open_allows_all(as_actor):
    line = {"line": 1, "quantity": 10, "type": "pistol"}
    assert findings(Way(as_actor, lines=[line]), GLOCK) == []


def test_of_many_guns_there_is_one_finding_with_their_count(way):
    guns = [item(f"SN{at}", make="Glock" if at % 2 else "Beretta") for at in range(8)]
    (found,) = way.ship(items=guns)["findings"]
    assert (found["ours"], found["count"]) == ("Beretta, Glock", 8)
    assert found["serials"] == ["SN0", "SN1", "SN2", "SN3", "SN4"]


def test_a_manifest_of_a_file_is_held_against_its_lines_too(way):
    document = bodies.shipment(route=[])
    del document["items"]
    file = "line,serial,make\n1,A1,Taurus\n1,A2,Glock\n1,A3,Glock\n"
    shipment = send(way.bra, f"/permits/{way.permit['id']}/shipments", document, file).json
    (found,) = shipment["findings"]
    assert (found["field"], found["count"], found["serials"]) == ("make", 2, ["A2", "A3"])


def test_the_list_of_shipments_tells_it_too(way):
    way.ship(items=[item(make="Glock")])
    (listed,) = way.bol.get("/shipments").json["items"]
    assert [found["field"] for found in listed["findings"]] == ["make"]


def test_it_stands_while_the_goods_move_and_is_over_when_the_shipment_is_cancelled(way):
    shipment = way.ship(items=[item(make="Glock")])
    way.release(shipment)
    assert way.discrepancies() == [("document_invalid", "line:1:make")]
    act(way.bra, shipment, "cancel", reason="Packed wrong")
    assert way.discrepancies() == []
    assert way.discrepancies("resolved") == [("document_invalid", "line:1:make")]
