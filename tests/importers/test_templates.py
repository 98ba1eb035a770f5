"""Templates: filled in any language, they become the documents that were meant."""

from dataclasses import replace

import pytest
import xlsxwriter

from api.schemas.imports import field_labels
from importers.reading.tables import fold, open_table
from importers.subjects import SUBJECTS
from importers.templates import headings, template_fields, template_profile, write_template
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.database.session import db
from salsa_ext.documents.models import Report, Seizure
from salsa_ext.reference import names
from tests.support.imported import import_file

LABELS = field_labels()
KINDS = {"seizures": (Seizure, "seizure_kind"), "reports": (Report, "report_kind")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=list(SUBJECTS))
def test_headings_of_a_template_are_distinct_and_its_profile_knows_them(
    session, tmp_path, subject, language
):
    path = tmp_path / "template.xlsx"
    write_template(path, subject, language, LABELS)
    spellings = template_profile(subject, LABELS).spellings()
    with open_table(path, spellings, ["example"]) as table:
        assert len([*table.rows]) == 1
    with open_table(path, spellings) as table:
        assert table.sheet == subject.name
    found = {spellings[fold(column)] for column in table.columns}
    assert found == {*template_fields(subject)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", KINDS)
def test_a_filled_template_becomes_the_documents_that_were_meant(
    actor, run, tmp_path, name, language
):
    police = AgencyData("BRA-POLICE", "police", "Polícia", "America/Sao_Paulo")
    run("BRA", agencies.register_missing, batch=[police])
    subject, (model, labels) = SUBJECTS[name], KINDS[name]
    gun = "items" if subject.items else "firearm"
    kind = "seized" if name == "seizures" else "theft"
    values = {
        "number": "C-1",
        "occurred_on": "2020-05",
        "kind": names.label(labels, kind, language),
        "agency": "BRA-POLICE",
        f"{gun}.serial": "TKA52390",
        f"{gun}.make": "Taurus",
    }
    fields = template_fields(subject)
    path = tmp_path / "filled.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for column, (field, text) in enumerate(
            (field, text) for field, text in values.items() if field in fields
        ):
            heading = headings(subject, LABELS)[field][LANGUAGES.index(language)]
            sheet.write_column(0, column, [heading, text])
    judgement = import_file(path, template_profile(subject, LABELS), actor("BRA"))
    assert judgement.counts == {"created": 1}, judgement.top_problems()
    [document] = db.session.query(model)
    assert (document.number, document.kind, str(document.occurred_on)) == ("C-1", kind, "2020-05")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_filled_examples_import_as_they_are(actor, run, tmp_path, language):
    police = AgencyData("PRY-POLICE", "police", "Policía", "America/Asuncion")
    run("PRY", agencies.register_missing, batch=[police])
    for subject in SUBJECTS.values():
        path = tmp_path / f"{subject.name}.xlsx"
        write_template(path, subject, language, LABELS)
        profile = replace(template_profile(subject, LABELS), sheets=("example",))
        state = "BRA" if subject.name == "receipts" else "PRY"  # where the shipment goes
        judgement = import_file(path, profile, actor(state))
        assert judgement.counts == {"created": 1}, (subject.name, judgement.top_problems())
