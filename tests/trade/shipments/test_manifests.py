"""Manifests that come as files: taken whole or not at all, and what is wrong named by its line."""

import io
import json

import pytest

from api.http import files, row_files
from salsa_ext.core import batches
from tests.support import bodies
from tests.support.manifests import CSV, NDJSON, objects, send, send_parts

DOCUMENT = {name: value for name, value in bodies.shipment().items() if name != "items"}
RECEIPT = {"received_on": "2026-03-03"}
THREE = "line,serial\n1,SN00001\n1,SN00002\n1,SN00003\n"


@pytest.fixture
def permit(bra, pry):
    lines = [bodies.permit()["lines"][0] | {"quantity": 100}]
    pry.post("/permits", bodies.import_permit(lines=lines))
    return bra.post("/permits", bodies.permit(lines=lines)).json["id"]


@pytest.fixture
def ship(bra, permit):
    def post(manifest=THREE, kind=CSV, expect=201, document=DOCUMENT, **headers):
        path = f"/permits/{permit}/shipments"
        return send(bra, path, document, manifest, kind, expect, **headers).json

    return post


@pytest.fixture
def receive(pry, ship):
    shipped = ship()

    def post(manifest, kind=CSV, expect=201, document=RECEIPT):
        path = f"/shipments/{shipped['id']}/receipt"
        return send(pry, path, document, manifest, kind, expect).json

    return post


def left(exporter, permit):
    return exporter.get(f"/permits/{permit}").json["balance"][0]["remaining"]


def serials(shipment):
    return [item["serial"] for item in shipment["items"]]


@pytest.mark.parametrize(
    "manifest",
    [
        THREE,
        THREE.replace(",", ";"),
        "\ufeff" + THREE,
        THREE.replace("\n", "\r\n"),
        THREE + "\n\n",
        'serial , line,make\n"SN00001",1,\nSN00002, 1 ,Taurus\nSN00003,1,\n',
    ],
)
def test_a_csv_is_taken_as_people_write_it(ship, manifest):
    made = ship(manifest)
    assert serials(made) == ["SN00001", "SN00002", "SN00003"]
    assert made["item_count"] == 3
    assert {item["make"] for item in made["items"]} == {"taurus"}


def test_ndjson_has_an_item_on_each_line_with_its_marks(ship):
    marked = {"line": 1, "serial": "SN00002", "marks": [{"kind": "proof", "text": "P"}]}
    made = ship(objects({"line": 1, "serial": "SN00001"}, marked), NDJSON)
    assert serials(made) == ["SN00001", "SN00002"]
    assert [mark["kind"] for mark in made["items"][1]["marks"]] == ["manufacture", "proof"]


def test_cells_are_what_their_fields_want(ship):
    [item] = ship("line,serial,year,antique,quantity\n1,00123,2020,true,1.0\n")["items"]
    assert (item["serial"], item["year"], item["antique"], item["quantity"]) == (
        "00123",
        2020,
        True,
        1,
    )


def test_a_manifest_draws_from_its_permit_as_a_list_does(ship, bra, permit):
    ship()
    assert left(bra, permit) == 97


def test_a_gun_of_a_manifest_is_found(ship, as_actor):
    ship()
    check = bodies.check(serial="SN00002")
    assert as_actor("BRA", "police_officer").post("/checks", check).json["verdict"] == "hit"


@pytest.mark.parametrize(
    "manifest,kind,path,expected",
    [
        ("line,serial\n1,SN1\nx,SN2\n", CSV, "manifest.3.line", "A whole number"),
        ("line,serial\n1,SN1\n\n2,SN2\n", CSV, "manifest.4.line", "The permit has no line 2"),
        ('line,serial\n1,"SN\n1"\n1,SN2\n1,SN2\n', CSV, "manifest.5.serial", "is in row 4"),
        ("line,serial\n1\n", CSV, "manifest.2", "This row has 1 cells, and the header has 2."),
        ("line,serial\n1,\n", CSV, "manifest.2.serial", "under its serial"),
        ("line,serial,year\n1,A,x\n", CSV, "manifest.2.year", "A whole number is needed here."),
        ("line,serial,antique\n1,A,yes\n", CSV, "manifest.2.antique", "true or false"),
        ("line,serial,quantity\n1,A,2\n", CSV, "manifest.2.quantity", "One serial is one piece"),
        ('line,serial\n1,"SN1\n', CSV, "manifest.2", "no table"),
        ("line,serial,colour\n1,SN1,red\n", CSV, "manifest.1", "Nobody knows the columns colour"),
        ("line,serial,marks\n1,SN1,x\n", CSV, "manifest.1", "Nobody knows the columns marks"),
        ("line,serial,line\n1,SN1,1\n", CSV, "manifest.1", "The columns line appear twice."),
        ("line\tserial\n1\tSN1\n", CSV, "manifest.1", "by commas or by semicolons"),
        ("line|serial\n1|SN1\n", CSV, "manifest.1", "so it is no header"),
        ("1,SN00001\n1,SN00002\n", CSV, "manifest.1", "such as: line,serial"),
        ("\n\n", CSV, "manifest", "The file is empty. Its first row names the columns"),
        ("line,serial\n1,SN\u00d1\n".encode("latin-1"), CSV, "manifest.2", "not in UTF-8"),
        (THREE.encode("utf-16"), CSV, "manifest.1", "not in UTF-8"),
        ("line,serial\n1," + "S" * 70_000 + "\n", CSV, "manifest.2", "A row has at most"),
        (
            'line,serial\n1,SN1\n1,"' + "S\n" * 40_000 + '"\n',
            CSV,
            "manifest.3",
            "A row has at most",
        ),
        ("line,serial\n1,SN1\n1,SN2,3\n", CSV, "manifest.3", "This row has 3 cells"),
        ("line,serial\n", CSV, "manifest", "The manifest has no rows."),
        ("", CSV, "manifest", "such as: line,serial"),
        ("", NDJSON, "manifest", "The manifest has no rows."),
        ('{"serial": "SN1"}\n[1]\n', NDJSON, "manifest.2", "no JSON object"),
        ('{"serial": "SN1"}\n{"serial":\n', NDJSON, "manifest.2", "no JSON object"),
        ('{"serial": "SN1", "line": "1"}\n', NDJSON, "manifest.1.line", "A whole number"),
        ('{"serial": "SN1", "colour": 1}\n', NDJSON, "manifest.1.colour", "There is no such field"),
        (THREE, "application/pdf", "manifest", "text/csv / application/x-ndjson"),
        (THREE, "text/csv; charset=iso-8859-1", "manifest", "not in UTF-8"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(ship, manifest, kind, path, expected):
    errors = ship(manifest, kind, 422)["errors"]
    assert list(errors) == [path]
    assert expected in errors[path][0]


@pytest.mark.parametrize("row", ["x,SN{n}", "7,SN{n}"])
def test_of_many_wrong_rows_twenty_are_named(ship, row):
    rows = "\n".join(row.format(n=n) for n in range(30))
    errors = ship(f"line,serial\n{rows}\n", expect=422)["errors"]
    assert set(errors) == {f"manifest.{line}.line" for line in range(2, 22)} | {"manifest"}
    assert errors["manifest"] == ["More rows are wrong than those that are named here."]


def test_twenty_wrong_rows_are_all(ship):
    rows = "\n".join(f"x,SN{n}" for n in range(20))
    assert len(ship(f"line,serial\n{rows}\n", expect=422)["errors"]) == 20


@pytest.mark.parametrize(
    "manifest,status",
    [
        ("line,serial\n1,SN1\n7,SN2\n", 422),
        ("line,serial\n" + "".join(f"1,SN{n:04}\n" for n in range(101)), 409),
    ],
)
def test_nothing_of_a_refused_manifest_is_accepted(ship, bra, permit, as_actor, manifest, status):
    ship(manifest, expect=status)
    assert bra.get("/shipments").json["items"] == []
    assert left(bra, permit) == 100
    check = bodies.check(serial="SN1")
    assert as_actor("BRA", "police_officer").post("/checks", check).json["verdict"] == "no_hit"


def test_a_shipment_that_is_there_already_draws_nothing(ship, bra, permit):
    ship()
    assert ship("line,serial\n1,SN00009\n", expect=409)["code"] == "duplicate"
    assert left(bra, permit) == 97


def test_more_rows_than_a_manifest_has_are_refused(ship, monkeypatch):
    monkeypatch.setattr(row_files, "MAX_STREAMED_ITEMS", 2)
    assert "at most 2 rows" in ship(expect=422)["errors"]["manifest"][0]


def test_a_manifest_has_a_limit_of_its_own(ship, bra, permit, app, monkeypatch):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 140)
    assert len(THREE) + len(json.dumps(DOCUMENT)) > 140
    ship()
    listed = bodies.shipment(number="A-2", seals=["S" * 40] * 10)
    bra.post(f"/permits/{permit}/shipments", listed, 413)
    monkeypatch.setattr(files, "MAX_BODY", 140)
    assert "KiB" in ship(expect=413)["detail"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # half of a file
def test_a_manifest_in_chunks_is_held_to_its_limit_too(bra, permit, monkeypatch):
    monkeypatch.setattr(files, "MAX_BODY", 512)
    head = '--b\r\nContent-Disposition: form-data; name="manifest"; filename="m"\r\n\r\n'
    response = bra.client.post(
        f"/api/v1/permits/{permit}/shipments",
        content_type="multipart/form-data; boundary=b",
        input_stream=io.BytesIO(head.encode() + b"x" * 5_000),
        environ_overrides={"wsgi.input_terminated": True},
        headers={"Authorization": f"Bearer {bra.token}", "Transfer-Encoding": "chunked"},
    )
    assert response.status_code == 413


@pytest.mark.parametrize(
    "change,path",
    [
        ({"document": None}, "document"),
        ({"manifest": None}, "document"),
        ({"other": "x"}, "document"),
        ({"manifest": "line,serial\n1,SN1\n"}, "manifest"),
        ({"document": "\ufffd"}, "document"),
    ],
)
def test_there_are_two_parts_and_no_others(bra, permit, change, path):
    parts = {"document": json.dumps(DOCUMENT), "manifest": (io.BytesIO(b""), "m", CSV)} | change
    parts = {name: part for name, part in parts.items() if part is not None}
    answer = send_parts(bra, f"/permits/{permit}/shipments", parts, 422).json
    assert list(answer["errors"]) == [path]


@pytest.mark.parametrize("nameless", ["form-data", 'form-data; filename="m"'])
def test_a_part_without_a_name_is_refused_with_what_is_wanted(bra, permit, nameless):
    parts = "".join(
        f"--b\r\nContent-Disposition: {value}\r\n\r\n{{}}\r\n"
        for value in ('form-data; name="document"', nameless)
    )
    response = bra.client.post(
        f"/api/v1/permits/{permit}/shipments",
        data=f"{parts}--b--\r\n",
        content_type="multipart/form-data; boundary=b",
        headers={"Authorization": f"Bearer {bra.token}"},
    )
    assert response.status_code == 422
    assert "document, which is JSON, and manifest" in response.json["errors"]["document"][0]


def test_a_document_may_come_as_a_text(bra, permit):
    parts = {"document": json.dumps(DOCUMENT), "manifest": (io.BytesIO(THREE.encode()), "m", CSV)}
    send_parts(bra, f"/permits/{permit}/shipments", parts, 201)


@pytest.mark.parametrize(
    "document,path", [(DOCUMENT | {"items": []}, "items"), (DOCUMENT | {"mode": "foot"}, "mode")]
)
def test_a_document_is_judged_as_a_body_is(ship, document, path):
    assert list(ship(document=document, expect=422)["errors"]) == [path]


def test_a_document_that_is_no_json_is_a_bad_request(bra, permit):
    parts = {"document": "{", "manifest": (io.BytesIO(THREE.encode()), "m", CSV)}
    send_parts(bra, f"/permits/{permit}/shipments", parts, 400)


def test_other_routes_take_no_parts(bra):
    for headers in ({}, {"Idempotency_Key": "k-1"}):
        send(bra, "/transfers", {}, THREE, expect=415, **headers)


def test_the_same_parts_get_the_first_answer_again(ship):
    first = ship(Idempotency_Key="k-1")
    assert (
        ship(Idempotency_Key="k-1") == first
    )  # between other boundaries, as each client makes them


@pytest.mark.parametrize(
    "change", [{"manifest": THREE + "1,SN00004\n"}, {"document": DOCUMENT | {"mode": "air"}}]
)
def test_other_parts_with_the_same_key_are_refused(ship, change):
    ship(Idempotency_Key="k-1")
    assert ship(expect=422, Idempotency_Key="k-1", **change)["code"] == "idempotency_key_reused"


def test_a_receipt_names_what_is_missing_over_and_mis_keyed(receive):
    receipt = receive("serial\nSN00001\nSN0000Z\nSN99999\n")["receipt"]
    assert [each["serial"] for each in receipt["missing"]] == ["SN00003"]
    assert receipt["misread"] == [{"line": 1, "shipped": "SN00002", "received": "SN0000Z"}]
    assert (receipt["unexpected"], receipt["item_count"]) == (["SN99999"], 2)


def test_a_receipt_takes_ndjson_too(receive):
    rows = objects(*({"serial": f"SN0000{n}", "line": 1} for n in (1, 2, 3)))
    assert receive(rows, NDJSON)["status"] == "received"


@pytest.mark.parametrize(
    "manifest,path",
    [("serial,calibre\nSN1,9x19\n", "manifest.1"), ("line\n1\n", "manifest.2.serial")],
)
def test_a_receipt_has_fields_of_its_own(receive, manifest, path):
    assert list(receive(manifest, expect=422)["errors"]) == [path]


def test_all_that_arrived_needs_no_manifest(receive):
    answer = receive("serial\nSN1\n", expect=422, document=RECEIPT | {"all": True})
    assert list(answer["errors"]) == ["all"]


def test_items_are_listed_page_by_page_in_their_order(ship, bra):
    first = bra.get(f"/shipments/{ship()['id']}/items?limit=2").json
    second = bra.get(first["next"].removeprefix("/api/v1")).json
    listed = [item["serial"] for page in (first, second) for item in page["items"]]
    assert listed == ["SN00001", "SN00002", "SN00003"]
    assert second["next"] is None


def test_items_are_listed_to_the_states_concerned_alone(ship, as_actor):
    path = f"/shipments/{ship()['id']}/items"
    assert len(as_actor("PRY", "border_officer").get(path).json["items"]) == 3
    as_actor("ARG", "border_officer").get(path, 404)


def test_a_list_that_is_too_long_is_refused_with_a_hint_at_manifests(bra, permit):
    body = bodies.shipment(tuple(f"SN{number:05}" for number in range(5001)))
    answer = bra.post(f"/permits/{permit}/shipments", body, 422).json
    assert answer["errors"]["items"][0].startswith("A body has at most 5000 items. Send more as")


def test_too_many_items_are_counted_and_not_shown(ship, bra, monkeypatch):
    monkeypatch.setattr("salsa_ext.trade.shipments.queries.MAX_BODY_ITEMS", 2)
    made = ship()
    shown = bra.get(f"/shipments/{made['id']}").json
    assert "items" not in made and "items" not in shown
    assert shown["item_count"] == 3


def test_chunks_hold_so_many(monkeypatch):
    assert list(batches.chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize("kind", [CSV, NDJSON])
def test_the_document_of_the_api_tells_both_bodies(app, kind):
    paths = app.test_client().get("/api/v1/openapi.json").json["paths"]
    for path in ("/permits/{permit_id}/shipments", "/shipments/{shipment_id}/receipt"):
        content = paths[f"/api/v1{path}"]["post"]["requestBody"]["content"]
        assert set(content) == {"application/json", "multipart/form-data"}
        assert kind in content["multipart/form-data"]["encoding"]["manifest"]["contentType"]


def test_a_receipt_writes_its_records_before_it_waits_for_others(receive, asked):
    asked.clear()
    receive("serial\nSN00001\n")
    assert first(asked, "INSERT INTO record ") < first(asked, "salsa_lock_shipments")


def test_a_shipment_writes_its_records_before_it_waits_for_others(permit, bra, asked):
    asked.clear()
    send(bra, f"/permits/{permit}/shipments", DOCUMENT, THREE)
    assert first(asked, "INSERT INTO record ") < first(asked, "trade:")


def first(asked, said):
    return next(at for at, statement in enumerate(asked) if said in statement)
