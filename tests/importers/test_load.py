"""Judging and loading of files: what they create, change, leave alone and refuse."""

import contextlib
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from importers.load import undo_steps
from importers.profiles import from_data, from_toml, to_data, to_toml
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import AuditEntry
from salsa_ext.access.permissions import Permission
from salsa_ext.administration import agencies, imports
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.administration.models import ImportReject, ImportRun
from salsa_ext.core.errors import Conflict, Forbidden, ImportRejected, Invalid
from salsa_ext.core.occurrence import Place
from salsa_ext.database.session import db, transaction
from salsa_ext.documents import seizures
from salsa_ext.documents.models import DocumentNumber, Seizure
from salsa_ext.documents.values import SeizureData
from salsa_ext.firearms.marks.values import SeizedItem
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import records_of_documents
from tests.support.imported import begin, import_file, importing, seizure_profile, write_csv

HEADER = ["case", "day", "serial", "make", "calibre", "type", "town"]
FIRST = ["C-1", "1/2/2020", "TKA52390", "Taurus", "9mm", "pistola", "Foz do Iguaçu"]
SAME_CASE = ["C-1", "1/2/2020", "BFN95011", "Glock", ".40", "pistola", "Foz do Iguaçu"]
OTHER = ["C-2", "mayo 2019", "raspado", "Rossi", ".38", "revólver", ""]


@pytest.fixture
def bra(actor, run):
    """Return the operator of Brazil, whose agency of the profile is registered."""
    police = AgencyData("BRA-POLICE", "police", "Polícia Exemplo", "America/Sao_Paulo")
    run("BRA", agencies.register_missing, batch=[police])
    return actor("BRA")


@pytest.fixture
def load(bra, tmp_path):
    """Load rows below the header as a file; return the judgement."""

    def call(*rows, profile=None):
        path = write_csv(tmp_path / "guns.csv", [HEADER, *rows])
        return import_file(path, profile or seizure_profile(), bra)

    return call


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def current(number):
    return db.session.scalars(
        select(Seizure).where(Seizure.number == number).order_by(Seizure.version.desc())
    ).first()


def correct_by_hand(bra, seizure_id):
    with transaction(bra):
        seizures.name_joint_seizure(
            actor=bra,
            seizure_id=seizure_id,
            expected_version=1,
            state="PRY",
            number="P-1",
            reason="Found together",
        )


def test_rows_of_one_case_become_one_seizure(load):
    judgement = load(FIRST, OTHER, SAME_CASE)  # its rows need not be neighbours
    assert judgement.counts == {"created": 2}
    serials = select(Record.serial).where(Record.document_id == current("C-1").id)
    assert sorted(db.session.scalars(serials)) == ["BFN95011", "TKA52390"]


def test_words_in_place_of_a_serial_say_how_the_mark_is(load):
    load(OTHER)
    [gun] = db.session.scalars(select(Record))
    assert (gun.serial, gun.marking, gun.type) == (None, "obliterated", "revolver")


def test_a_month_alone_stays_a_month(load):
    load(OTHER)
    assert str(current("C-2").occurred_on) == "2019-05"


def test_the_same_file_again_changes_nothing(load):
    load(FIRST, OTHER)
    assert load(FIRST, OTHER).counts == {"unchanged": 2}
    assert count(Seizure) == 2


def test_what_a_later_file_corrects_is_a_new_version(load):
    load(FIRST, OTHER)
    corrected = [*FIRST[:2], "TKA52391", *FIRST[3:]]
    assert load(corrected, OTHER).counts == {"changed": 1, "unchanged": 1}
    assert current("C-1").version == 2
    assert db.session.scalar(select(func.max(Record.version))) == 2


def test_a_document_that_a_person_corrected_since_is_left_alone(load, bra):
    load(FIRST)
    seizure = current("C-1")
    correct_by_hand(bra, seizure.id)
    judgement = load([*FIRST[:2], "TKA52391", *FIRST[3:]])
    assert judgement.counts == {"rejected": 1}
    assert current("C-1").details["joint_with"]["number"] == "P-1"


def test_a_number_that_was_entered_by_hand_is_no_files_to_change(load, run):
    by_hand = SeizureData(
        occurred_on=date(2020, 2, 1),
        number="C-1",
        kind="found",
        agency="BRA-POLICE",
        place=Place("BRA"),
        legal_grounds=(),
        crime_context=("unknown",),
        items=(SeizedItem(make="Taurus"),),
    )
    run("BRA", seizures.record, data=by_hand)
    judgement = load(FIRST)
    assert judgement.counts == {"rejected": 1}
    assert "that no file gave" in str(judgement.top_problems()[0][0].text)


WRONG = [*SAME_CASE[:1], "soon", *SAME_CASE[2:]]
AHEAD = [SAME_CASE[0], "1/2/2090", *SAME_CASE[2:]]


def refused_rows():
    """Return cells and reason of each row in the file of refused rows."""
    rows = db.session.scalars(select(ImportReject).order_by(ImportReject.row))
    return [
        ([cell["text"] for cell in row.cells], row.problems[0]["text"].partition(".")[0])
        for row in rows
    ]


def serials(number):
    case = current(number).id
    return sorted(view.record.serial for view in records_of_documents([case])[case])


@pytest.mark.parametrize("wrong", [WRONG, AHEAD])
def test_a_refused_gun_is_added_to_its_case_once_it_is_mended(load, wrong):
    judgement = load(wrong, FIRST, OTHER)
    assert judgement.counts == {"created": 2, "rejected": 1}
    assert serials("C-1") == ["TKA52390"]
    [(_, reason), (_, sound)] = rows = refused_rows()
    assert sound == "This row has no problem" != reason
    assert load(wrong, FIRST).counts == {"unchanged": 1, "rejected": 1}
    mended = [SAME_CASE if cells == wrong else cells for cells, _ in rows]
    assert load(*mended).counts == {"changed": 1}
    assert serials("C-1") == ["BFN95011", "TKA52390"]
    assert (count(DocumentNumber), current("C-1").version) == (2, 2)


def test_the_row_of_a_wrong_gun_is_named_where_other_rows_have_several(load):
    two, wrong = [*FIRST], [*SAME_CASE]
    two[2], wrong[3] = "TKA52390/TKA52391", "Arms " * 300
    judgement = load(two, wrong, profile=seizure_profile(serials={"serial": "[/;]"}))
    assert judgement.counts == {"created": 1, "rejected": 1}
    assert [cells[2] for cells, _ in refused_rows()] == ["TKA52390/TKA52391", "BFN95011"]
    assert serials("C-1") == ["TKA52390", "TKA52391"]


def test_a_case_that_is_there_is_corrected_by_all_of_its_rows_or_not_at_all(load):
    load(FIRST, SAME_CASE)
    assert load(FIRST, WRONG).counts == {"rejected": 2}
    assert serials("C-1") == ["BFN95011", "TKA52390"]


def test_a_dry_run_says_the_same_and_writes_nothing(load, bra, tmp_path):
    path = write_csv(tmp_path / "dry.csv", [HEADER, FIRST, OTHER])
    judgement = importing(path, seizure_profile(), bra).judge()
    assert judgement.counts == {"created": 2}
    assert [row["document"]["number"] for row in judgement.preview] == ["C-1", "C-2"]
    assert (count(Seizure), count(ImportRun)) == (0, 0)


def test_one_batch_has_one_entry_in_the_audit(load):
    load(FIRST, OTHER)
    recorded = select(AuditEntry).where(AuditEntry.action == Action.SEIZURE_RECORDED)
    [entry] = db.session.scalars(recorded)
    assert entry.subject_kind == "batch"
    assert set(entry.data["ids"]) == {str(current(number).id) for number in ("C-1", "C-2")}
    assert len(entry.data["root"]) == 64


@pytest.mark.parametrize("ended_after", [0, 1, 2])
def test_a_run_that_was_killed_goes_on_without_loss_or_doubles(
    bra, tmp_path, monkeypatch, ended_after
):
    monkeypatch.setattr("importers.load.BATCH_ROWS", 2)
    rows = [
        [f"C-{at}", "1/2/2020", f"TKA5{at:04}", "Taurus", "9mm", "pistola", ""] for at in range(7)
    ]
    path = write_csv(tmp_path / "guns.csv", [HEADER, *rows, ["C-9", "soon", *rows[0][2:]]])
    work = importing(path, seizure_profile(), bra)
    run_id = begin(work, path)

    def end_early(rows_read, judgement):
        if rows_read >= 2 * ended_after:
            raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        replace(work, progress=end_early).load(run_id)
    assert begin(work, path) == run_id
    assert work.load(run_id).counts == {"created": 7, "rejected": 1}
    assert (count(Seizure), count(ImportRun), count(ImportReject)) == (7, 1, 1)


def test_documents_that_vanished_from_a_full_file_are_named(load):
    full = seizure_profile(full=True)
    load(FIRST, OTHER, profile=full)
    judgement = load(FIRST, profile=full)
    assert judgement.vanished == ["C-2"]
    assert current("C-2").status == "standing"


def test_a_run_is_undone_and_can_be_loaded_again(load, bra):
    load(FIRST, SAME_CASE, OTHER)
    [run_id] = db.session.scalars(select(ImportRun.id))
    assert sum(undo_steps(bra, run_id, "Wrong file")) == 2
    assert current("C-1").status == "withdrawn"
    assert db.session.get(ImportRun, run_id, populate_existing=True).status == "undone"
    assert load(FIRST, SAME_CASE, OTHER).counts == {"created": 2}


def test_a_run_on_which_somebody_built_is_not_undone(load, bra):
    load(FIRST)
    [run_id] = db.session.scalars(select(ImportRun.id))
    correct_by_hand(bra, current("C-1").id)
    with pytest.raises(Conflict, match="Somebody has worked"):
        sum(undo_steps(bra, run_id, "Wrong file"))


def test_the_uploaders_permission_is_checked(bra, tmp_path):
    path = write_csv(tmp_path / "guns.csv", [HEADER, FIRST])
    clerk = replace(bra, permissions=frozenset({Permission.IMPORT_RUN}))
    with pytest.raises(Forbidden, match="seizure:record"):
        importing(path, seizure_profile(), clerk).judge()


def test_a_profile_of_another_state_is_refused(load):
    with pytest.raises(ImportRejected, match="for files of PRY"):
        load(FIRST, profile=seizure_profile(state="PRY"))


def test_a_file_without_a_column_of_the_profile_is_refused(bra, tmp_path):
    path = write_csv(tmp_path / "guns.csv", [HEADER[:-1], FIRST[:-1]])
    with pytest.raises(ImportRejected, match="lacks the columns town"):
        import_file(path, seizure_profile(), bra)


def test_a_column_is_found_by_any_of_its_spellings(bra, tmp_path):
    header = ["Nº de Caso", *HEADER[1:]]
    path = write_csv(tmp_path / "guns.csv", [header, FIRST])
    profile = seizure_profile(columns={"case": ["numero de caso", "no de caso"]})
    assert import_file(path, profile, bra).counts == {"created": 1}


def test_rows_are_skipped_by_a_rule_with_its_reason(load):
    rule = {"reason": "ammunition", "when": {"type": "munici.n|cartucho"}}
    judgement = load(FIRST, [*OTHER[:5], "Munición", ""], profile=seizure_profile(skip=[rule]))
    assert judgement.counts == {"created": 1, "skipped": 1}
    assert judgement.skipped == {"ammunition": 1}


def test_several_serials_of_a_cell_are_several_guns(load):
    row = [*FIRST[:2], "CDT75111/CDT70222", *FIRST[3:]]
    load(row, profile=seizure_profile(serials={"serial": "/"}))
    assert sorted(db.session.scalars(select(Record.serial))) == ["CDT70222", "CDT75111"]


def test_as_many_serials_as_the_quantity_counts_are_as_many_guns(bra, tmp_path):
    header, row = [*HEADER, "pieces"], [*FIRST[:2], "CDT75111 y CDT70222", *FIRST[3:], "2"]
    [mapping] = to_data(seizure_profile())["documents"]
    fields = mapping["fields"] | {"items.quantity": "pieces"}
    profile = seizure_profile(documents=[mapping | {"fields": fields}])
    judgement = import_file(write_csv(tmp_path / "two.csv", [header, row]), profile, bra)
    assert judgement.counts == {"created": 1}
    guns = db.session.execute(select(Record.line, Record.serial, Record.quantity))
    assert sorted(guns) == [(1, "CDT75111", 1), (2, "CDT70222", 1)]


def test_texts_are_replaced_by_the_values_of_the_profile(load):
    values = {"make": {"TAUROS": "Taurus", "sem marca": ""}}
    load(
        [*FIRST[:3], "tauros", *FIRST[4:]],
        [*OTHER[:3], "SEM MARCA", *OTHER[4:]],
        profile=seizure_profile(values=values),
    )
    assert {*db.session.scalars(select(Record.make_text))} == {"Taurus", None}


def test_texts_without_a_code_are_counted(load):
    judgement = load([*FIRST[:3], "Xyzzy Arms", *FIRST[4:]], [*OTHER[:3], "Xyzzy Arms", *OTHER[4:]])
    assert judgement.unknown["make", "Xyzzy Arms"] == 2


def test_a_profile_is_the_same_after_toml():
    profile = seizure_profile(values={"make": {"tauros": "Taurus"}}, serials={"serial": "/"})
    assert from_toml(to_toml(profile)) == profile
    assert from_data(to_data(profile)) == profile


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": "Ñ"}, "name"),
        ({"dates": "dym"}, "dates"),
        ({"documents": []}, "documents"),
        ({"skip": [{"reason": "x", "when": {"type": "("}}]}, "skip"),
        ({"colour": 1}, "profile"),
    ],
)
def test_a_wrong_profile_says_where(changes, path):
    with pytest.raises(Invalid) as raised:
        seizure_profile(**changes)
    assert path in raised.value.errors


def test_stored_profiles_are_of_their_state(bra, actor):
    with transaction(bra):
        imports.store_profile(
            actor=bra, name="armoury", definition=to_data(seizure_profile()), permissions=[]
        )
        assert [*imports.stored_profiles(bra)] == ["armoury"]
    pry = actor("PRY")
    with transaction(pry):
        assert imports.stored_profiles(pry) == {}
