"""Lists: pages by a cursor, newest first, filters by field, and a bounded number of statements."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import event

from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from tests.conftest import NOW
from tests.support import bodies, jobs
from tests.support.grounds import beginning


@beginning
def five(as_actor):
    """A client with five transfers, T-0 to T-4."""
    client = as_actor("PRY", "licensing_officer")
    for number in range(5):
        client.post("/transfers", bodies.transfer(number=f"T-{number}"))
    return client


def numbers(answer):
    return [item["number"] for item in answer.json["items"]]


def test_a_list_begins_with_the_newest(five):
    assert numbers(five.get("/transfers")) == ["T-4", "T-3", "T-2", "T-1", "T-0"]


def test_the_link_to_the_next_page_walks_through_all(five):
    first = five.get("/transfers?limit=2")
    second = five.get(first.json["next"].removeprefix("/api/v1"))
    third = five.get(second.json["next"].removeprefix("/api/v1"))
    assert [numbers(page) for page in (first, second, third)] == [
        ["T-4", "T-3"],
        ["T-2", "T-1"],
        ["T-0"],
    ]
    assert third.json["next"] is None


@pytest.mark.parametrize("form", ["json", "csv", "xlsx"])
def test_a_header_leads_to_the_next_page_in_every_form(five, form):
    path, collected = f"/transfers?limit=2&format={form}", []
    while path:
        page = five.get(path)
        collected.append(page)
        path = next_of(page)
    assert len(collected) == 3
    if form == "csv":
        shown = "".join(page.get_data(as_text=True) for page in collected)
        assert [f"T-{n}" in shown for n in range(5)] == [True] * 5


def test_the_header_leads_where_the_body_does(five):
    page = five.get("/transfers?limit=2")
    assert page.headers["Link"] == f'<{page.json["next"]}>; rel="next"'


def test_the_header_is_documented_for_every_list(app):
    paths = app.test_client().get("/api/v1/openapi.json").json["paths"]
    lists = {path: value["get"] for path, value in paths.items() if "get" in value}
    with_cursor = {
        path: operation["responses"]["200"].get("headers", {})
        for path, operation in lists.items()
        if "cursor" in {each.get("name") for each in operation["parameters"]}
    }
    assert len(with_cursor) > 10
    assert all("Link" in headers for headers in with_cursor.values())


@pytest.mark.parametrize(("sort", "expected"), [("entered_at", "012"), ("-entered_at", "210")])
def test_a_list_sorted_by_moments_goes_on_where_a_page_ended(
    app, police, monkeypatch, sort, expected
):
    for number in range(3):
        gun = bodies.firearm(serial=f"ALR{number}4471")
        police.post("/alerts", bodies.alert(case_number=f"C-{number}", firearm=gun))
        later = FixedClock(NOW + timedelta(hours=7 * (number + 1)))
        monkeypatch.setitem(app.config, "CLOCK", later)
    path, cases = f"/alerts?limit=1&sort={sort}", []
    while path:
        page = police.get(path)
        cases += [each["case_number"] for each in page.json["items"]]
        path = next_of(page)
    assert "".join(case[-1] for case in cases) == expected
    days = police.get("/alerts?from_day=2026-03-10&to_day=2026-03-10").json["items"]
    assert [each["case_number"] for each in days] == ["C-2"]


def next_of(page):
    link = page.headers.get("Link", "")
    return link.removesuffix('>; rel="next"').removeprefix("</api/v1") or None


def test_a_page_that_is_just_full_is_the_last(five):
    assert five.get("/transfers?limit=5").json["next"] is None


def test_the_link_keeps_the_filters(five):
    five.post("/transfers", bodies.transfer(number="L-1", kind="loan"))
    link = five.get("/transfers?limit=2&kind=domestic_sale").json["next"]
    assert numbers(five.get(link.removeprefix("/api/v1"))) == ["T-2", "T-1"]


def test_what_is_added_meanwhile_does_not_shift_the_pages(five):
    link = five.get("/transfers?limit=2").json["next"]
    five.post("/transfers", bodies.transfer(number="T-5"))
    assert numbers(five.get(link.removeprefix("/api/v1"))) == ["T-2", "T-1"]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "ten", "1.5", "", "１"])
def test_a_limit_that_is_none_is_refused(five, limit):
    assert list(five.get(f"/transfers?limit={limit}", 422).json["errors"]) == ["limit"]


@pytest.mark.parametrize("limit", ["1", "200"])
def test_a_limit_within_its_bounds_is_accepted(five, limit):
    five.get(f"/transfers?limit={limit}")


@pytest.mark.parametrize("cursor", ["x", "0", "%00", "' OR 1=1"])
def test_a_cursor_that_is_none_is_refused(five, cursor):
    assert list(five.get(f"/transfers?cursor={cursor}", 422).json["errors"]) == ["cursor"]


@pytest.mark.parametrize(
    "filters,found",
    [
        ("number=T-3", ["T-3"]),
        ("number=t-3", []),
        ("kind=loan", []),
        ("occurred_on=2024-05-06&limit=1", ["T-4"]),
        ("occurred_on=2024-05-07", []),
    ],
)
def test_a_filter_leaves_what_has_the_field(five, filters, found):
    assert numbers(five.get(f"/transfers?{filters}")) == found


@pytest.mark.parametrize(
    "path", ["/states", "/posts", "/makes", "/calibres", "/types", "/offences"]
)
def test_a_list_of_codes_has_pages_too(path, pry_auditor):
    first = pry_auditor.get(f"{path}?limit=3").json
    second = pry_auditor.get(first["next"].removeprefix("/api/v1")).json
    codes = [item["code"] for item in pry_auditor.get(f"{path}?limit=6").json["items"]]
    assert [item["code"] for item in first["items"] + second["items"]] == codes


def permits(client, count):
    for number in range(count):
        named = {"state": "PRY", "number": f"I-{number}"}
        client.post("/permits", bodies.permit(number=f"E-{number}", import_permit=named))


def imports(client, count):
    for number in range(count):
        client.post("/permits", bodies.import_permit(number=f"I-{number}"))


@pytest.fixture
def statements(app):
    """Count the statements of a request."""
    counted = []

    def count(client, path):
        counted.clear()
        client.get(path)
        return len(counted)

    @jobs.of_requests
    def note(*_):
        counted.append(1)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield count
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    "role,path,body",
    [
        ("licensing_officer", "/transfers", bodies.transfer),
        ("police_officer", "/reports", partial(bodies.report, confirm_second=True)),
        ("police_officer", "/seizures", bodies.seizure),
        ("police_officer", "/traces", bodies.trace),
    ],
)
def test_a_list_of_twenty_takes_no_more_statements_than_one_of_one(
    as_actor, statements, role, path, body
):
    client = as_actor("BRA", role)
    for number in range(20):
        client.post(path, body() if path == "/traces" else body(number=f"N-{number}"))
    client.get(path)  # codes and names are read once
    assert statements(client, f"{path}?limit=1") == statements(client, f"{path}?limit=20") < 12


def test_permits_with_their_counterparts_take_no_statement_each(statements, bra, pry):
    imports(pry, 20)
    permits(bra, 20)
    few = statements(bra, "/permits?limit=1")
    assert statements(bra, "/permits?limit=20") == few < 12


def test_shipments_take_no_statement_each(statements, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    for number in range(10):
        body = bodies.shipment((f"SER{number}000",), number=f"A-{number}")
        bra.post(f"/permits/{permit}/shipments", body)
    few = statements(bra, "/shipments?limit=1")
    assert statements(bra, "/shipments?limit=10") == few < 12


def test_a_board_takes_no_statement_for_each_row(as_actor, statements):
    client, path = as_actor("BRA", "border_officer"), "/posts/ciudad-del-este-foz-do-iguacu/board"
    client.post("/seizures", bodies.seizure())
    client.get(path)  # what each process keeps is read once
    few = statements(client, path)
    for number in range(10):
        client.post("/seizures", bodies.seizure(number=f"N-{number}"))
    assert statements(client, path) == few < 40


def test_traces_that_are_hidden_from_agencies_are_listed_with_as_many_statements(asked, analyst):

    def statements(traces):
        for number in range(traces):
            stored = {"hidden_from": ["BRA-POLICE", "PRY-POLICE"], "draft": True}
            analyst.post("/traces", bodies.trace(case_number=f"C-{traces}-{number}", **stored))
        asked.clear()
        analyst.get("/traces")
        return len(asked)

    statements(1)  # what is asked once for a process
    assert statements(1) == statements(5)
