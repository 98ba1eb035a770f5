"""What the answer to a POST remarks on: words that nobody knows, with those that may be meant."""

import pytest

from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.reference import names
from salsa_ext.reference.suggestions import remarks_on_firearms
from tests.support import bodies
from tests.support.manifests import send
from tests.support.movements import Way

ODD = {"type": "pistole", "make": "Taurrus", "calibre": "9mmm"}


def remarks(answer):
    return [(each["field"], each["word"], each["count"]) for each in answer["remarks"]]


def test_an_unknown_word_is_named_with_what_may_be_meant(bra):
    line = bodies.permit()["lines"][0] | {"type": "pistole"}
    answer = bra.post("/permits", bodies.permit(lines=[line])).json
    assert answer["remarks"] == [
        {
            "code": "unknown_type",
            "field": "lines.0.type",
            "word": "pistole",
            "count": 1,
            "candidates": [
                {"code": "pistol", "name": "Pistol"},
                {"code": "derringer", "name": "Derringer"},
            ],
            "text": "“pistole” is no type that is known here; it is stored as written."
            " Did you mean Pistol, Derringer?",
        }
    ]


def test_each_of_type_make_and_calibre_is_remarked_on(bra):
    answer = bra.post("/permits", bodies.permit(lines=[(bodies.permit()["lines"][0] | ODD)])).json
    assert remarks(answer) == [
        ("lines.0.type", "pistole", 1),
        ("lines.0.make", "Taurrus", 1),
        ("lines.0.calibre", "9mmm", 1),
    ]
    first = [each["candidates"][0]["code"] for each in answer["remarks"]]
    assert first == ["pistol", "taurus", "9x19"]


def test_all_that_a_word_may_mean_is_named_but_no_importer(bra):
    result = {"type": "pistol", "make": "Century Arms International", "calibre": "9 mm / .40"}
    line = bodies.permit()["lines"][0] | result
    make, calibre = bra.post("/permits", bodies.permit(lines=[line])).json["remarks"]
    assert make["candidates"] == []
    assert calibre["candidates"] == [
        {"code": "9x19", "name": "9x19 mm Parabellum"},
        {"code": "40-sw", "name": ".40 S&W"},
    ]


def test_many_unknown_words_ask_no_more_than_one(session, asked):
    def spent(*words):
        names.clear_cache()
        asked.clear()
        rows = [
            (f"items.{at}", Firearm(make=word, calibre=f"{word} mm"))
            for at, word in enumerate(words)
        ]
        assert len(remarks_on_firearms(rows, "en")) == 2 * len(words)
        return len(asked)

    assert spent(*(f"Taur{glyph}us" for glyph in "bcdfghijkl")) == spent("Taurrus")


def test_a_word_like_nothing_known_has_no_candidates(bra):
    line = bodies.permit()["lines"][0] | {"make": "Qqqxxxwww"}
    (remark,) = bra.post("/permits", bodies.permit(lines=[line])).json["remarks"]
    assert remark["candidates"] == []
    assert "Did you mean" not in remark["text"]


@pytest.mark.parametrize(
    "language,expected",
    [
        ("es", "¿Quiso decir Pistola, "),
        ("fr", "Vouliez-vous dire Pistolet, "),
        ("pt", "Quis dizer Pistola, "),
    ],
)
def test_remarks_are_in_the_language_of_the_caller(bra, language, expected):
    line = bodies.permit()["lines"][0] | {"type": "pistole"}
    answer = bra.post("/permits", bodies.permit(lines=[line]), Accept_Language=language)
    assert expected in answer.json["remarks"][0]["text"]


def test_known_words_are_not_remarked_on(bra):
    assert bra.post("/permits", bodies.permit()).json["remarks"] == []


def test_what_is_read_has_no_remarks(bra):
    line = bodies.permit()["lines"][0] | ODD
    permit = bra.post("/permits", bodies.permit(lines=[line])).json["id"]
    assert "remarks" not in bra.get(f"/permits/{permit}").json


def test_of_a_manifest_each_word_is_counted_once(as_actor):
    way = Way(as_actor, lines=[{"line": 1, "quantity": 10, "type": "pistol"}])
    document = bodies.shipment(route=[])
    del document["items"]
    rows = "".join(f"1,A{at},{'Taurrus' if at % 2 else 'Berretto'}\n" for at in range(7))
    path = f"/permits/{way.permit['id']}/shipments"
    answer = send(way.bra, path, document, f"line,serial,make\n{rows}").json
    assert remarks(answer) == [
        ("manifest.2.make", "Berretto", 4),
        ("manifest.3.make", "Taurrus", 3),
    ]


def test_items_of_a_shipment_are_remarked_on_by_their_place(as_actor):
    items = [{"line": 1, "serial": "A1"}, {"line": 1, "serial": "A2", "calibre": "9mmm"}]
    assert remarks(Way(as_actor).ship(items=items)) == [("items.1.calibre", "9mmm", 1)]


@pytest.mark.parametrize(
    "path,role,body,field",
    [
        (
            "/transfers",
            "licensing_officer",
            bodies.transfer(firearm=bodies.firearm(make="Taurrus")),
            "firearm.make",
        ),
        (
            "/reports",
            "police_officer",
            bodies.report(firearm=bodies.firearm(make="Taurrus")),
            "firearm.make",
        ),
        (
            "/seizures",
            "police_officer",
            bodies.seizure(items=[bodies.firearm(make="Taurrus")]),
            "items.0.make",
        ),
    ],
)
def test_other_documents_are_remarked_on_too(as_actor, path, role, body, field):
    assert remarks(as_actor("BRA", role).post(path, body).json) == [(field, "Taurrus", 1)]


def test_a_correction_is_remarked_on_too(police):
    made = police.post("/reports", bodies.report())
    right = bodies.report(firearm=bodies.firearm(make="Taurrus"), reason="Misread")
    path = f"/reports/{made.json['id']}/correct"
    answer = police.post(path, right, 200, If_Match=made.headers["ETag"]).json
    assert remarks(answer) == [("firearm.make", "Taurrus", 1)]
