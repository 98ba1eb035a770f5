"""Pages of imports: a spreadsheet is uploaded, mapped, checked, loaded and undone."""

import io
import re

import pytest

from tests.web.pages import text

SPREADSHEET = """

Expediente;Fecha de incautación;N.º de serie;Marca;Calibre;Tipo de arma;Ciudad;Color
EXP-1;13/2/2020;TKA52390;Taurus;9mm;pistola;Encarnación;negro
EXP-1;13/2/2020;TKA52391;Taurus;9mm;pistola;Encarnación;negro
EXP-2;pronto;BFN95011;Glock;9mm;pistola;Luque;gris
"""
FIELD = re.compile(r'name="([a-z]+[.\w]*)"[^>]*value="([^"]*)"')
CHOSEN = re.compile(
    r'<select[^>]*name="([.\w]+)">(?:(?!</select>).)*<option value="([^"]*)" selected', re.S
)
AGENCY = {"constants.agency": "PRY-POLICE"}


@pytest.fixture
def officer(signed_in, session):
    return signed_in("PRY", "police_officer")


def upload(officer, content=SPREADSHEET, **typed):
    """Send the form of an upload; return where it leads."""
    file = io.BytesIO(content.encode()), "Armas 2020.csv"
    return officer.send("/imports/new", {"file": file, **typed}).location


def filled_in(page):
    """Return what a form holds that nobody has changed."""
    form = page[page.index('<form class="form"') :]
    return {**dict(FIELD.findall(form)), **dict(CHOSEN.findall(form))}


def map_columns(officer, address, **changes):
    """Send the form of the mapping as it is guessed, with the agency; return where it leads."""
    form = filled_in(officer.open(address)) | AGENCY | changes
    return officer.send(address, form).location


def test_a_spreadsheet_is_guessed_mapped_checked_loaded_and_undone(officer):
    mapping = upload(officer)
    page = officer.open(mapping)
    assert "13/2/2020" in page and "Not read" in page
    run = map_columns(officer, mapping).partition("?")[0]
    checked = text(officer.open(run))
    assert "Rows read 3" in checked and "Documents created 1" in checked
    assert "This is no date that can be read: pronto." in checked and "Color" in checked
    assert "EXP-2,pronto,BFN95011" in officer.open(f"{run}/rejects.csv")
    officer.send(f"{run}/confirm", {})
    assert "Loaded" in text(officer.open(run))
    assert "EXP-1" in officer.open("/seizures")
    officer.send(f"{run}/undo", {})
    assert "Undone" in text(officer.open(run))
    assert "Withdrawn" in text(officer.open("/seizures"))


def test_a_mapping_is_stored_and_read_as_a_profile_next_time(officer):
    map_columns(officer, upload(officer))
    assert "armas-2020" in officer.open("/imports/new")
    assert "Documents created 1" in text(officer.open(upload(officer, profile="armas-2020")))


def test_columns_are_mapped_again_after_the_check(officer):
    run = map_columns(officer, upload(officer)).partition("?")[0]
    officer.open(run)
    at = SPREADSHEET.split("\n")[2].split(";").index("Ciudad")
    map_columns(officer, f"{run}/mapping", **{f"columns.{at}": ""})
    assert "Columns that are not read: Ciudad, Color" in text(officer.open(run))


def test_a_file_is_mapped_to_another_kind_of_document(officer):
    mapping = upload(officer)
    page = officer.open(f"{mapping}?subject=reports")
    assert 'value="firearm.serial" selected' in page and "constants.agency" not in page


def test_each_kind_of_document_that_the_account_may_record_is_offered(signed_in, session):
    desk = signed_in("PRY", "licensing_officer")
    mapping = upload(desk)
    offered = re.findall(r'href="[^"?]*\?subject=(\w+)"', desk.open(mapping))
    assert {"transfers", "permits", "licensees"} <= {*offered} and "seizures" not in offered
    for subject in offered:
        assert "Every document needs these." in desk.open(f"{mapping}?subject={subject}")


def test_what_neither_a_column_nor_a_person_fills_is_asked_for(officer):
    mapping = upload(officer)
    form = filled_in(officer.open(mapping)) | {"constants.agency": "", "name": "Armas"}
    assert "This field is required." in officer.send(mapping, form, 422).text


def test_a_file_without_a_table_leaves_nothing_behind(officer):
    refused = officer.send("/imports/new", {"file": (io.BytesIO(b"PK\3\4"), "x.csv")}, 422)
    assert "Save it again as CSV or XLSX" in refused.text
    assert "x.csv" not in officer.open("/imports")


def test_a_file_that_waits_is_discarded(officer):
    mapping = upload(officer)
    run = mapping.removesuffix("/mapping")
    officer.send(f"{run}/discard", {})
    assert "Undone" in text(officer.open(run))
    officer.open(mapping, 409)
