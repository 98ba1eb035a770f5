"""Test desk pages."""

import re

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.movements import act
from tests.web import papers, scenes
from tests.web.pages import text

SHIPPED = {
    "number": "A-1",
    "expected": [
        {"stage": "exit", "post": scenes.POST, "at": "2026-03-07T12:00:00Z"},
        {"stage": "entry", "post": scenes.POST, "at": "2026-03-08T12:00:00Z"},
    ],
    "transport": {"document_kind": "mic_dta", "document_number": "BR-118", "plates": ["BRA2E19"]},
}
PAGES = [
    "/desk/",
    "/desk/permits",
    "/desk/shipments",
    "/desk/permits/{permit}",
    "/desk/shipments/{shipment}",
]


@beginning
def trade(as_actor):
    """A permit of each side and a shipment on its way; returns their ids."""
    brazil, paraguay = (as_actor(state, "licensing_officer") for state in ("BRA", "PRY"))
    imported = paraguay.post("/permits", bodies.import_permit()).json["id"]
    permit = brazil.post("/permits", bodies.permit()).json["id"]
    shipment = brazil.post(f"/permits/{permit}/shipments", bodies.shipment(**SHIPPED)).json["id"]
    return {"permit": permit, "import": imported, "shipment": shipment}


def release(as_actor, trade):
    path = f"/shipments/{trade['shipment']}"
    brazil = as_actor("BRA", "licensing_officer")
    etag = brazil.get(path).headers["ETag"]
    brazil.post(f"{path}/release", {"on": "2026-03-07"}, 200, If_Match=etag)


@pytest.fixture
def officer(signed_in):
    return signed_in("PRY", "licensing_officer")


def test_the_desk_shows_what_waits(officer, trade, as_actor):
    brazil = as_actor("BRA", "licensing_officer")
    brazil.post(
        "/permits", bodies.permit(number="E-9", import_permit={"state": "PRY", "number": "I-9"})
    )
    more = bodies.permit()["lines"][0] | {"quantity": 11}
    brazil.post("/permits", bodies.permit(number="E-8", lines=[more], expires_on="2026-03-20"))
    as_actor("PRY", "licensing_officer").post(
        "/permits", bodies.import_permit(number="I-5", expires_on="2026-03-20")
    )
    desk = officer.open("/desk/")
    parts = {
        name: text(f"<main{part}")
        for name, part in zip(
            ("late", "doubts", "awaiting", "differing", "due", "expiring"),
            re.split(r"<section", desk)[1:],
            strict=True,
        )
    }
    assert "A-1" in parts["late"] and "2 days and 3 hours late" in parts["late"]
    assert "E-8" in parts["differing"] and "Over the authorized quantity" in parts["differing"]
    assert "E-9" in parts["awaiting"] and "I-5" in parts["awaiting"]
    assert "I-5" in parts["expiring"] and "E-8" not in parts["expiring"]


def test_home_and_desk_count_and_order_what_is_late_alike(officer, trade, as_actor):
    lapsed = [{"stage": "entry", "post": scenes.POST, "at": "2026-02-06T12:00:00Z"}]
    body = bodies.shipment(("ABC1",), number="A-LAPSED", expected=lapsed)
    bra = as_actor("BRA", "licensing_officer")
    lapsing = bra.post(f"/permits/{trade['permit']}/shipments", body).json
    for shipment in (bra.get(f"/shipments/{trade['shipment']}").json, lapsing):
        act(bra, shipment, "release")
    for address in ("/", "/desk/"):
        page = officer.open(address)
        assert "Receipts to confirm · late: 2" in page
        assert page.index(">A-1<") < page.index("A-LAPSED")


def test_an_empty_desk_says_so(officer):
    desk = officer.open("/desk/")
    for value in ("Nothing is late.", "No papers differ.", "Every permit has its counterpart."):
        assert value in desk


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("E-1", "permit"),
        ("e-1", "permit"),
        (" A-1 ", "shipment"),
        ("BR-118", "shipment"),
        ("bra 2e19", "shipment"),
        ("BRA2E19", "shipment"),
        ("bra-2e19", "shipment"),
    ],
)
def test_one_box_finds_by_number_document_and_plate(officer, trade, typed, found):
    page = officer.open(f"/search?q={typed}")
    assert f"/desk/{found}s/{trade[found]}" in page


def test_another_states_papers_are_not_found(signed_in, trade):
    page = signed_in("URY", "licensing_officer").open("/search?q=E-1")
    assert "Nothing is found for “E-1”" in page and "Found for" not in page


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Armas del Sur", True),
        ("ARMAS  DEL", True),
        ("ármas-del-súr", True),
        ("Fábrica", True),
        ("fab", True),
        ("del Sur", False),
        ("ar", False),
        ("Armas del Sur S", False),
        ("%25", False),
        ("Eva Ejemplo", False),
    ],
)
def test_a_permit_of_the_own_state_is_found_by_its_parties(officer, trade, typed, found):
    page = officer.open(f"/search?q={typed}")
    assert (f"/desk/permits/{trade['import']}" in page) is found
    assert f"/desk/permits/{trade['permit']}" not in page


@pytest.mark.parametrize("typed", ["", "   ", "%00", "x" * 5000, "%27%22%3Cscript%3E"])
def test_the_box_takes_anything(officer, typed):
    assert "<script>" not in officer.open(f"/search?q={typed}")


def test_a_permit_shows_balance_counterparts_parties_and_shipments(officer, trade):
    page = officer.open(f"/desk/permits/{trade['permit']}")
    shown = text(page)
    assert "Export certificate E-1" in shown and "✓ Issued ✓ Documents agree" in shown
    assert "Authorized 10 Shipped 2 Left 8" in shown
    assert '<rect class="part" width="20.0"' in page
    assert f"/desk/permits/{trade['import']}" in page
    assert "Fábrica Exemplo" in shown and f"/desk/shipments/{trade['shipment']}" in page


def test_a_permit_says_in_words_what_does_not_add_up(officer, trade, as_actor):
    brazil = as_actor("BRA", "licensing_officer")
    more = bodies.permit()["lines"][0] | {"quantity": 11}
    over = brazil.post("/permits", bodies.permit(number="E-2", lines=[more])).json["id"]
    shown = text(officer.open(f"/desk/permits/{over}"))
    assert (
        "The import certificate allows: 10 The export certificates under it claim together: 21"
        in shown
    )
    missing = bodies.permit(number="E-3", import_permit={"state": "PRY", "number": "I-7"})
    alone = brazil.post("/permits", missing).json["id"]
    shown = text(officer.open(f"/desk/permits/{alone}"))
    assert "Not posted yet by Paraguay: Import certificate I-7" in shown


def test_a_shipment_shows_where_it_is_and_when_it_is_due(officer, trade, as_actor):
    tick = {
        "stage": "exit",
        "post": scenes.POST,
        "occurred_at": "2026-03-07T12:30:00Z",
        "outcome": "passed",
        "quantity": 2,
    }
    release(as_actor, trade)
    as_actor("BRA", "border_officer").post(f"/shipments/{trade['shipment']}/checkpoints", tick)
    shown = text(officer.open(f"/desk/shipments/{trade['shipment']}"))
    assert "▲ Overdue Due: 8 Mar 2026, 12:00 ▲ 1 day and 3 hours late" in shown
    assert "✓ Passed 7 Mar 2026, 12:30 · Brazil Pieces counted: 2" in shown
    assert "▲ Not recorded: 1 day and 3 hours late" in shown
    assert "ABC123456" in shown and "Paraguay has not confirmed a receipt." in shown


def test_a_tick_that_nobody_expected_is_shown_too(officer, trade, as_actor):
    tick = {"stage": "exit", "occurred_at": "2026-03-07T12:30:00Z", "outcome": "held"}
    release(as_actor, trade)
    brazil = as_actor("BRA", "border_officer")
    for outcome in ("held", "passed"):
        brazil.post(f"/shipments/{trade['shipment']}/checkpoints", tick | {"outcome": outcome})
    shown = text(officer.open(f"/desk/shipments/{trade['shipment']}"))
    assert "■ Held" in shown and "✓ Passed" in shown


def test_a_receipt_names_what_is_missing_and_what_nobody_shipped(officer, trade, as_actor):
    received = {"received_on": "2026-03-08", "items": [{"serial": "ABC123456"}, {"serial": "ZZZ1"}]}
    as_actor("PRY", "licensing_officer").post(f"/shipments/{trade['shipment']}/receipt", received)
    page = officer.open(f"/desk/shipments/{trade['shipment']}")
    shown = text(page)
    assert "Firearms received on 8 Mar 2026 1 Missing 1 Not on the manifest 1" in shown
    assert "Shipped and not received ABC123457" in shown and "ZZZ1" in shown
    assert "ABC123457 ✕ not received" in shown


def test_of_a_long_manifest_the_first_200_are_shown(officer, trade, as_actor):
    lines = [bodies.permit()["lines"][0] | {"quantity": 300}]
    as_actor("PRY", "licensing_officer").post(
        "/permits", bodies.import_permit(number="I-4", lines=lines)
    )
    many = bodies.permit(number="E-4", import_permit={"state": "PRY", "number": "I-4"}, lines=lines)
    brazil = as_actor("BRA", "licensing_officer")
    permit = brazil.post("/permits", many).json["id"]
    body = bodies.shipment(tuple(f"LONG{n:04}" for n in range(205)), number="A-4")
    shipment = brazil.post(f"/permits/{permit}/shipments", body).json["id"]
    page = officer.open(f"/desk/shipments/{shipment}")
    assert page.count("<code>LONG") == 200 and "And 5 more." in page


@pytest.mark.parametrize(
    ("address", "found", "left_out"),
    [
        ("/desk/permits?kind=import", "I-1", "E-1"),
        ("/desk/permits?number=E-1", "E-1", "I-1"),
        ("/desk/permits?status=expired", "Nothing matches", "E-1"),
        ("/desk/permits?importing_state=BRA", "Nothing matches", "E-1"),
        ("/desk/permits?exporting_state=BRA", "E-1", "Nothing matches"),
        ("/desk/shipments?plate=BRA2E19", "A-1", "Nothing matches"),
        ("/desk/shipments?document=BR-118", "A-1", "Nothing matches"),
        ("/desk/shipments?status=overdue&number=A-1", "A-1", "Nothing matches"),
        ("/desk/shipments?due_before=2026-03-09", "A-1", "Nothing matches"),
        ("/desk/shipments?due_before=2026-03-07", "Nothing matches", "BR-118"),
    ],
)
def test_lists_are_filtered(officer, trade, address, found, left_out):
    page = officer.open(address)
    table = page[page.index("</form>", page.index("<main")) : page.index("</main>")]
    assert found in table and left_out not in table


def test_permits_are_filtered_by_the_own_state_too(officer):
    assert officer.open("/desk/permits").count('<option value="BRA"') == 2


@pytest.mark.parametrize(
    "address",
    [
        "/desk/permits?status=lost",
        "/desk/permits?importing_state=XX",
        "/desk/shipments?due_before=x",
        "/desk/shipments?due_before=2026-02-31",
        f"/desk/permits?number={'x' * 200}",
        "/desk/transfers?from_day=yesterday",
    ],
)
def test_a_wrong_filter_is_reported_and_left_out(officer, address):
    page = officer.open(address)
    assert 'class="summary"' in page and "aria-invalid" in page


def test_a_list_goes_on_to_the_next_page_with_its_filters(officer, as_actor):
    paraguay = as_actor("PRY", "licensing_officer")
    for number in range(26):
        paraguay.post("/permits", bodies.import_permit(number=f"I-{number}"))
    first = officer.open("/desk/permits?kind=import")
    onward = re.search(r'href="(/desk/permits\?[^"]*cursor=[^"]+)"', first)[1].replace("&amp;", "&")
    last = officer.open(onward)
    assert "kind=import" in onward and ">I-0<" in last and ">I-25<" not in last
    lost = officer.open("/desk/permits?cursor=x", 422)
    assert "The list has no such page." in text(lost) and 'href="/desk/permits"' in lost


@pytest.mark.parametrize("path", ["permits", "shipments", "transfers"])
@pytest.mark.parametrize("key", ["0199f2c0-0000-7000-8000-000000000000", "nothing"])
def test_what_there_is_not_is_a_page_that_says_so(officer, path, key):
    assert "<h1>Not found</h1>" in officer.open(f"/desk/{path}/{key}", 404)


def test_who_may_only_read_is_offered_nothing_to_issue(signed_in):
    desk = signed_in("PRY", "trace_analyst").open("/desk/")
    assert "/desk/permits/new" not in desk and "/desk/transfers/new" not in desk


def test_a_transfer_is_registered_shown_and_listed(officer, as_actor):
    address = officer.send("/desk/transfers/new", papers.transfer()).location
    body = text(officer.open(address))
    assert "The transfer is registered." in body and "ABC123456" in body and "Ana Ejemplo" in body
    assert "ABC123456" in officer.open("/desk/transfers?kind=domestic_sale")
    [rows] = as_actor("PRY", "licensing_officer").get("/transfers").json["items"]
    assert rows["to"]["country"] == "PRY" and rows["firearm"]["category"] == "firearm"


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"kind": ""}, "kind", "This field is required."),
        ({"kind": "theft"}, "kind", "is reported by"),
        ({"occurred_on": "2026-06-01"}, "occurred_on", "lies in the future"),
        ({"firearm.year": "19.9"}, "firearm-year", "A whole number"),
        ({"firearm.year": "1200"}, "firearm-year", "From 1400 to 2200."),
        (
            {"firearm.serial": "", "firearm.type": "", "firearm.make": "", "firearm.calibre": ""},
            "firearm-serial",
            "Say which gun it is",
        ),
        ({"from.name": ""}, "from-name", "This field is required."),
        ({"to.kind": ""}, "to-kind", "This field is required."),
        ({"visibility": "all"}, "visibility", "One of"),
    ],
)
def test_errors_of_a_transfer_are_reported_at_their_fields(officer, changes, field, expected):
    answer = officer.send("/desk/transfers/new", papers.transfer() | changes, 422)
    page = answer.get_data(as_text=True)
    assert f'href="#{field}"' in page and f'id="{field}-wrong"' in page and expected in page


def lone(as_actor, count):
    """Let Brazil issue so many permits whose counterpart says less: a discrepancy each."""
    brazil, paraguay = (as_actor(state, "licensing_officer") for state in ("BRA", "PRY"))
    less = [bodies.permit()["lines"][0] | {"quantity": 9}]
    for number in range(count):
        paraguay.post("/permits", bodies.import_permit(number=f"I-{number}", lines=less))
        named = {"import_permit": {"state": "PRY", "number": f"I-{number}"}}
        brazil.post("/permits", bodies.permit(number=f"E-{number}", **named))


def rows_of(page):
    return re.findall(r'<th scope="row" role="rowheader">\s*<a href="([^"]+)"', page)


def test_discrepancies_come_ten_on_a_page_and_each_once(officer, as_actor):
    lone(as_actor, 11)
    first = officer.open("/desk/discrepancies")
    [onward] = re.findall(r'<nav class="actions" aria-label="Pages"><a [^>]*href="([^"]+)"', first)
    second = officer.open(onward.replace("&amp;", "&"))
    assert (len(rows_of(first)), len(rows_of(second))) == (10, 1)
    assert len({*rows_of(first), *rows_of(second)}) == 11
    assert 'rel="next"' not in second and 'href="/desk/discrepancies" rel="first"' in second


def test_the_desk_shows_three_of_each_and_folds_the_others(officer, as_actor):
    lone(as_actor, 5)
    desk = officer.open("/desk/")
    section = desk[desk.index('<section id="discrepancies"') : desk.index('<section id="awaiting"')]
    shown, folded = section.split('<details class="part">')
    assert (len(rows_of(shown)), len(rows_of(folded))) == (3, 2)
    assert text(f"<main{folded}").startswith("Show 2 more : What your state still")
    assert "the oldest first, continued</caption>" in folded
