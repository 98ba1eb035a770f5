"""Files of permits, and of what became of seized guns."""

import pytest

from importers.load import undo_steps
from importers.profiles import from_data
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.errors import Conflict
from salsa_ext.custody.models import CustodyEntry
from salsa_ext.database.session import db
from salsa_ext.trade.permits.models import Permit, PermitLine
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
