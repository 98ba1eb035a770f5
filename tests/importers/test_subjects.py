"""Files of permits, and of what became of seized guns."""

import pytest

from importers.load import undo_steps
from importers.profiles import from_data
from importers.reading.cells import CellError, read_moment
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.errors import Conflict
from salsa_ext.custody.models import CustodyEntry
from salsa_ext.database.session import db
from salsa_ext.trade.permits.models import Permit, PermitLine
from tests.support import bodies
from tests.support.imported import begin, import_file, importing, seizure_profile, write_csv

PERMITS = {
    "name": "permits",
    "documents": [
        {
            "subject": "permits",
            "number": "{no}",
            "group": True,
            "constants": {
                "kind": "import",
                "document_kind": "certificate",
                "regime": "permanent",
                "importing_state": "BRA",
                "authority.agency": "BRA-POLICE",
                "authority.signatory": "Ana Exemplo",
                "final_consignee.name": "Loja Um",
            },
            "fields": {
                "issued_on": "day",
                "expires_on": "until",
                "exporting_state": "from",
                "exporter.name": "seller",
                "importer.name": "buyer",
                "lines.type": "type",
                "lines.quantity": "pieces",
            },
        }
    ],
}
HEADER = ["no", "day", "until", "from", "seller", "buyer", "type", "pieces"]
LINES = [
    ["I-9", "1/3/2020", "1/9/2020", "Paraguay", "Armas del Sur", "Loja Um", "pistola", "20"],
    ["I-9", "1/3/2020", "1/9/2020", "Paraguay", "Armas del Sur", "Loja Um", "revólver", "5"],
]
DISPOSITIONS = {
    "name": "destroyed",
    "documents": [
        {
            "subject": "dispositions",
            "number": "{case}/{serial}",
            "constants": {"kind": "destroyed"},
            "fields": {
                "seizure": "case",
                "serial": "serial",
                "occurred_on": "day",
                "act_number": "act",
            },
        }
    ],
}


@pytest.fixture
def bra(actor, run):
    """The operator of a state that has an agency."""
    police = AgencyData("BRA-POLICE", "police", "Polícia", "America/Sao_Paulo")
    run("BRA", agencies.register_missing, batch=[police])
    return actor("BRA")


def test_rows_of_a_number_are_the_lines_of_a_permit(bra, tmp_path):
    path = write_csv(tmp_path / "permits.csv", [HEADER, *LINES])
    assert import_file(path, from_data(PERMITS), bra).counts == {"created": 1}
    assert import_file(path, from_data(PERMITS), bra).counts == {"unchanged": 1}
    [permit] = db.session.query(Permit)
    assert (permit.number, permit.exporting_state, str(permit.expires_on)) == (
        "I-9",
        "PRY",
        "2020-09-01",
    )
    lines = db.session.query(PermitLine.line, PermitLine.type, PermitLine.quantity)
    assert sorted(lines) == [(1, "pistol", 20), (2, "revolver", 5)]


def test_a_file_neither_changes_nor_withdraws_a_permit(bra, tmp_path):
    path = write_csv(tmp_path / "permits.csv", [HEADER, LINES[0]])
    work = importing(path, from_data(PERMITS), bra)
    run_id = begin(work, path)
    work.load(run_id)
    later = write_csv(tmp_path / "later.csv", [HEADER, [*LINES[0][:-1], "30"]])
    judgement = import_file(later, from_data(PERMITS), bra)
    assert judgement.counts == {"rejected": 1}
    assert "by hand" in str(judgement.top_problems()[0][0].text)
    with pytest.raises(Conflict, match="by hand"):
        list(undo_steps(bra, run_id, "A mistake"))


def test_a_disposition_finds_its_gun_by_seizure_and_serial(bra, tmp_path):
    header = ["case", "day", "serial", "make", "calibre", "type", "town"]
    guns = [
        ["C-1", "1/2/2020", serial, "Taurus", "", "", ""] for serial in ("TKA52390", "TKA52391")
    ]
    import_file(write_csv(tmp_path / "guns.csv", [header, *guns]), seizure_profile(), bra)
    rows = [
        ["C-1", "tka-52391", "1/2/2021", "AD-7"],
        ["C-1", "XYZ00001", "1/2/2021", "AD-7"],
        ["C-2", "TKA52390", "1/2/2021", "AD-7"],
    ]
    path = write_csv(tmp_path / "acts.csv", [["case", "serial", "day", "act"], *rows])
    judgement = import_file(path, from_data(DISPOSITIONS), bra)
    assert judgement.counts == {"created": 1, "rejected": 2}
    assert {problem.column for problem, _, _ in judgement.top_problems()} == {"serial", "case"}
    [entry] = db.session.query(CustodyEntry)
    assert (entry.line, entry.details["kind"], bool(entry.transfer_id)) == (2, "destroyed", True)


SHIPMENTS = {
    "name": "shipments",
    "documents": [
        {
            "subject": "shipments",
            "number": "{no}",
            "group": True,
            "constants": {"mode": "road"},
            "fields": {
                "permit": "permit",
                "ships_on": "day",
                "items.serial": "serial",
                "items.type": "type",
            },
        }
    ],
}
RECEIPTS = {
    "name": "receipts",
    "documents": [
        {
            "subject": "receipts",
            "number": "{shipment}",
            "group": True,
            "fields": {
                "shipment": "shipment",
                "received_on": "day",
                "items.serial": "serial",
                "items.is_missing": "missing",
            },
        }
    ],
}
HANDOVERS = {
    "name": "handovers",
    "documents": [
        {
            "subject": "handovers",
            "number": "{case}/{serial}/{moment}",
            "fields": {
                "seizure": "case",
                "serial": "serial",
                "occurred_at": "moment",
                "from": "giver",
                "to": "receiver",
            },
        }
    ],
}


@pytest.fixture
def export_permit(pry):
    """A permit of Paraguay, E-7: in line 1 twenty pistols, in line 2 five revolvers, to Brazil."""
    lines = [
        {"line": 1, "type": "pistol", "quantity": 20, "category": "firearm"},
        {"line": 2, "type": "revolver", "quantity": 5, "category": "firearm"},
    ]
    states = {"exporting_state": "PRY", "importing_state": "BRA"}
    body = bodies.permit(number="E-7", authority=bodies.authority("PRY"), lines=lines, **states)
    del body["import_permit"]
    return pry.post("/permits", body).json["id"]


def test_rows_of_a_shipment_find_its_permit_and_the_line_of_each_gun(
    export_permit, actor, pry, tmp_path
):
    rows = [
        ["A-1", "E-7", "1/2/2026", "TKA52390", "pistola"],
        ["A-1", "E-7", "1/2/2026", "ROS00017", "revólver"],
        ["A-2", "E-8", "1/2/2026", "TKA52391", "pistola"],
        ["A-3", "E-7", "1/2/2026", "TKA52392", "fusil"],
    ]
    path = write_csv(tmp_path / "sent.csv", [["no", "permit", "day", "serial", "type"], *rows])
    judged = importing(path, from_data(SHIPMENTS), actor("PRY")).judge()
    judgement = import_file(path, from_data(SHIPMENTS), actor("PRY"))
    assert judged.counts == judgement.counts == {"created": 1, "rejected": 2}
    assert {problem.column for problem, _, _ in judgement.top_problems()} == {"permit", ""}
    [shipment] = pry.get(f"/permits/{export_permit}/shipments").json["items"]
    items = pry.get(f"/shipments/{shipment['id']}").json["items"]
    assert {item["serial"]: item["line"] for item in items} == {"TKA52390": 1, "ROS00017": 2}
    again = import_file(path, from_data(SHIPMENTS), actor("PRY"))
    assert again.counts == {"unchanged": 1, "rejected": 2}


def test_rows_of_a_receipt_say_what_arrived_and_what_is_missing(
    export_permit, actor, pry, tmp_path
):
    guns = [{"line": 1, "serial": serial} for serial in ("TKA52390", "TKA52391", "TKA52392")]
    shipment = pry.post(f"/permits/{export_permit}/shipments", bodies.shipment(items=guns)).json
    rows = [
        ["A-1", "5/2/2026", "TKA-52390", ""],
        ["A-1", "5/2/2026", "TKA52391", "sí"],
        ["A-1", "5/2/2026", "TKA52392", "no"],
        ["A-9", "5/2/2026", "TKA52392", ""],
    ]
    path = write_csv(tmp_path / "list.csv", [["shipment", "day", "serial", "missing"], *rows])
    judged = importing(path, from_data(RECEIPTS), actor("BRA")).judge()
    judgement = import_file(path, from_data(RECEIPTS), actor("BRA"))
    assert judged.counts == judgement.counts == {"created": 1, "rejected": 1}
    receipt = pry.get(f"/shipments/{shipment['id']}").json["receipt"]
    assert [item["serial"] for item in receipt["missing"]] == ["TKA52391"]
    assert import_file(path, from_data(RECEIPTS), actor("BRA")).counts["unchanged"] == 1


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2/3/2020 14:30", "2020-03-02T14:30:00-03:00"),
        ("2020-03-02T14:30:05", "2020-03-02T14:30:05-03:00"),
        ("2/3/2020 2:30 p. m.", "2020-03-02T14:30:00-03:00"),
        ("2/3/2020, 14h30", "2020-03-02T14:30:00-03:00"),
        ("2020-03-02T14:30:00Z", "2020-03-02T14:30:00Z"),
    ],
)
def test_the_time_of_a_cell_is_local(text, moment):
    assert read_moment(text, "dmy", "America/Sao_Paulo") == moment


@pytest.mark.parametrize("text", ["2/3/2020", "2/3/2020 25:10", "3/2020 14:30"])
def test_a_cell_without_day_or_time_is_refused(text):
    with pytest.raises(CellError):
        read_moment(text, "dmy", "UTC")


def test_a_hand_over_has_the_day_and_time_of_its_cell(bra, tmp_path):
    header = ["case", "day", "serial", "make", "calibre", "type", "town"]
    guns = [["C-1", "1/2/2020", "TKA52390", "Taurus", "", "", ""]]
    import_file(write_csv(tmp_path / "guns.csv", [header, *guns]), seizure_profile(), bra)
    rows = [
        ["C-1", "TKA52390", "2/2/2020 14:30", "Ana Exemplo", "Laboratório"],
        ["C-1", "TKA52390", "3/2/2020", "Laboratório", "Ana Exemplo"],
    ]
    header = ["case", "serial", "moment", "giver", "receiver"]
    path = write_csv(tmp_path / "chain.csv", [header, *rows])
    assert import_file(path, from_data(HANDOVERS), bra).counts == {"created": 1, "rejected": 1}
    [entry] = db.session.query(CustodyEntry)
    assert (entry.kind, entry.details["receiver"]) == ("handover", "Laboratório")
    assert entry.occurred_at.isoformat() == "2020-02-02T14:30:00+00:00"  # the agencies are in UTC
    assert str(entry.occurred_on) == "2020-02-02"
