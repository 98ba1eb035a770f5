"""Manifests from the command line: recorded, received and written out again."""

from datetime import timedelta

import pytest

from api.app import create_app
from salsa_ext.clock import SYSTEM
from salsa_ext.db import db
from tests import actors, agencies, bodies

TODAY = SYSTEM.now().date()
RECORD = ["shipment", "record", "--state", "BRA", "--permit", "E-1", "--mode", "sea",
          "--ships-on", TODAY.isoformat()]  # fmt: skip
RECEIVE = ["shipment", "receive", "--state", "PRY", "--received-on", TODAY.isoformat()]


@pytest.fixture(scope="module")
def permitted(server, template, tmp_path_factory):
    """A database with an import certificate of Paraguay, and an export certificate of Brazil."""
    days = {"issued_on": TODAY - timedelta(days=9), "expires_on": TODAY + timedelta(days=99)}
    dated = {name: day.isoformat() for name, day in days.items()}
    dated["lines"] = [*bodies.permit()["lines"],
                      {"line": 2, "quantity": 5000, "type": "cartridge", "category": "ammunition"}]  # fmt: skip
    with server.copied(template, tmp_path_factory.mktemp("permitted")) as config:
        agencies.register(config.migration_url)
        app = create_app(config)
        with app.app_context():
            as_actor = actors.of(app)
            as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit(**dated))
            as_actor("BRA", "licensing_officer").post("/permits", bodies.permit(**dated))
            db.engine.dispose()
        yield config


@pytest.fixture
def fresh_database(server, permitted, tmp_path):
    with server.copied(permitted, tmp_path) as config:
        yield config


@pytest.fixture
def manifest(tmp_path):
    def write(*rows, name="manifest.csv"):
        path = tmp_path / name
        path.write_text("".join(f"{row}\n" for row in rows))
        return str(path)

    return write


def test_a_manifest_is_recorded_received_and_written_out(salsa, manifest, tmp_path):
    path = manifest("line,serial", "1,SN1", "1,SN2", "1,SN3")
    recorded = salsa(*RECORD, "--file", path, "A-1")
    assert recorded.stdout.endswith("A-1 is recorded with 3 items.\n"), recorded.stderr
    came = manifest("serial", "SN1", "SN2", name="received.csv")
    received = salsa(*RECEIVE, "--from", "BRA", "--file", came, "A-1")
    assert "A-1 of BRA to PRY: received_short, 3 items\n" in received.stdout, received.stderr
    assert "missing: 1 (SN3)" in received.stdout
    written = tmp_path / "items.csv"
    shown = salsa("shipment", "show", "--state", "PRY", "--items", str(written), "A-1")
    assert f"the items are in {written}" in shown.stdout
    assert [row.split(",")[1] for row in written.read_text().splitlines()[1:]] == [
        "SN1", "SN2", "SN3",
    ]  # fmt: skip


def test_a_stage_is_ticked_and_says_what_stops_it_and_what_does_not_add_up(salsa, manifest):
    path = manifest("line,serial", "1,SN1", "1,SN2")
    salsa(*RECORD, "--seal", "S-1", "--file", path, "A-1")
    tick = ["shipment", "tick", "--state", "PRY", "--from", "BRA", "--stage", "entry"]
    held = salsa(
        *tick, "--outcome", "held", "--reason", "Scan", "--seal", "S-2", "--quantity", "1", "A-1"
    )
    assert "PRY entry: held, " in held.stdout, held.stderr
    for said in ("seals S-2; counted 1; Scan", "held by PRY since ", ": Scan\n",
                 "discrepancy seal_mismatch entry:PRY: open; ", "declared S1; read S2",
                 "discrepancy quantity_mismatch entry:PRY: open; "):  # fmt: skip
        assert said in held.stdout
    shown = salsa("shipment", "show", "--state", "BRA", "A-1").stdout
    assert "held by PRY since " in shown and "discrepancy seal_mismatch" in shown
    passed = salsa(*tick, "--outcome", "passed", "--seal", "S-1", "--quantity", "2", "A-1").stdout
    assert "A-1 of BRA to PRY: arrived" in passed and "_mismatch" not in passed


def test_a_manifest_that_contradicts_its_permit_is_recorded_and_says_so(salsa, manifest):
    rows = [f"1,SN{at},Bersa" for at in range(6)]
    recorded = salsa(*RECORD, "--file", manifest("line,serial,make", *rows, "1,S,Taurrus"), "A-1")
    assert recorded.returncode == 0
    told = ("line 1, make: shipped Bersa, permitted Taurus; items: 6"
            " (SN0, SN1, SN2, SN3, SN4, …)")  # fmt: skip
    assert f"contradicts E-1: {told}" in recorded.stderr
    assert "manifest.8.make (1): “Taurrus” is no make" in recorded.stderr
    assert told in salsa("shipment", "show", "--state", "PRY", "A-1").stdout


def test_what_cannot_be_is_refused_in_a_sentence(salsa, manifest):
    wrong = salsa(*RECORD, "--file", manifest("line,serial", "7,SN1"), "A-1")
    assert (wrong.returncode, "manifest.2.line: The permit has no line 7" in wrong.stderr) == (
        1, True,
    )  # fmt: skip
    other = salsa(*RECORD, "--file", manifest("x", name="manifest.pdf"), "A-1")
    assert (other.returncode, ".csv / .ndjson" in other.stderr) == (1, True)
    nothing = salsa(*RECEIVE, "A-1", "--all")
    assert (nothing.returncode, "no shipment A-1" in nothing.stderr) == (1, True)
    both = salsa(*RECEIVE, "A-1")
    assert (both.returncode, "Give --file" in both.stderr) == (2, True)


@pytest.fixture
def rounds(salsa, manifest):
    """A shipment A-1 of a pistol and 500 rounds that have no serial."""
    path = manifest("line,serial,category,quantity", "1,SN1,,1", "2,,ammunition,500")
    recorded = salsa(*RECORD, "--file", path, "A-1")
    assert recorded.returncode == 0, recorded.stderr
    return manifest("serial", "SN1", name="received.csv")


@pytest.mark.parametrize(("came", "shown"), [
    ("2=500", "received, 2 items\n"),
    ("2=400", "without serials, line 2: -100\n"),
    ("2=0", "without serials, line 2: -500\n"),
])  # fmt: skip
def test_goods_without_serials_are_received_by_their_line(salsa, rounds, came, shown):
    received = salsa(*RECEIVE, "--file", rounds, "--bulk", came, "A-1")
    assert shown in received.stdout, received.stderr
    assert ("received_short" in received.stdout) == (came != "2=500")


def test_goods_without_serials_are_not_passed_over(salsa, rounds):
    silent = salsa(*RECEIVE, "--file", rounds, "A-1")
    assert silent.returncode == 1
    assert "(line: quantity): 2: 500." in silent.stderr and "--bulk 2=500" in silent.stderr
    for wrong in ("2", "0=5", "2=-1", "2=1.2345"):
        refused = salsa(*RECEIVE, "--file", rounds, "--bulk", wrong, "A-1")
        assert (refused.returncode, "such as 2=500" in refused.stderr) == (2, True)
    both = salsa(*RECEIVE, "--all", "--bulk", "2=500", "A-1")
    assert (both.returncode, "or --all" in both.stderr) == (2, True)
    assert "received, 2 items" in salsa(*RECEIVE, "--all", "A-1").stdout


@pytest.mark.parametrize(("command", "columns"), [
    ("record", "Columns: line, category, type, make,"), ("receive", "Columns: serial, line, make;"),
])  # fmt: skip
def test_the_help_names_the_columns_of_the_file_with_an_example(salsa, command, columns):
    shown = salsa("shipment", command, "--help").stdout
    assert columns in " ".join(shown.split())
    assert "line,serial\n    1,ABC123456\n" in shown


def test_a_receipt_is_corrected_with_a_reason(salsa, manifest):
    recorded = salsa(*RECORD, "--file", manifest("line,serial", "1,SN1", "1,SN2"), "A-1")
    assert recorded.returncode == 0, recorded.stderr
    both = manifest("serial", "SN1", "SN2", name="both.csv")
    again = ["--correct", "--reason", "The second crate", "--file", both, "A-1"]
    early = salsa(*RECEIVE, *again)
    assert (early.returncode, "Confirm it first." in early.stderr) == (1, True)
    one = manifest("serial", "SN1", name="one.csv")
    assert "received_short" in salsa(*RECEIVE, "--file", one, "A-1").stdout
    corrected = salsa(*RECEIVE, *again)
    assert "A-1 of BRA to PRY: received, 2 items\n" in corrected.stdout, corrected.stderr
    assert "corrected: The second crate" in corrected.stdout
    for half in (["--correct"], ["--reason", "Why"]):
        refused = salsa(*RECEIVE, *half, "--all", "A-1")
        assert (refused.returncode, "--reason with --correct" in refused.stderr) == (2, True)


def test_a_file_of_other_goods_is_taken_only_where_it_is_confirmed(salsa, manifest):
    recorded = salsa(*RECORD, "--file", manifest("line,serial", "1,SN1", "1,SN2"), "A-1")
    assert recorded.returncode == 0, recorded.stderr
    other = ["--file", manifest("serial", "QQQ1", "QQQ2", "QQQ3", name="other.csv"), "A-1"]
    refused = salsa(*RECEIVE, *other)
    assert (refused.returncode, "(listed: 3, shipped: 2)" in refused.stderr) == (1, True)
    taken = salsa(*RECEIVE, "--confirm-nothing-matches", *other)
    assert "not shipped: 3 (QQQ1, QQQ2, QQQ3)" in taken.stdout, taken.stderr
