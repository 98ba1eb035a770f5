"""Pages of imports: a spreadsheet is uploaded, mapped, checked, loaded and undone."""

import io
import re

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from api.http.files import MAX_BODY
from api.web.security import LONG_FORMS
from salsa_ext.administration.models import ImportRun
from salsa_ext.database.session import db
from salsa_ext.documents.models import Seizure
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


def upload(officer, content=SPREADSHEET, name="Armas 2020.csv", **typed):
    """Send the form of an upload; return where it leads."""
    file = io.BytesIO(content.encode()), name
    return officer.send("/imports/new", {"file": file, **typed}).location


def workbook(sheets):
    """Return an XLSX file with the rows of each sheet."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return io.BytesIO(content.getvalue())


def filled_in(page):
    """Return what a form holds that nobody has changed."""
    form = page[page.index('<form class="form"') :]
    form = re.sub(r'<input type="checkbox"(?![^>]* checked)[^>]*>', "", form)
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


def test_what_dispositions_of_a_kind_need_is_said_before_the_check(officer):
    page = text(officer.open(f"{upload(officer)}?subject=dispositions"))
    assert "Destroyed: Give the number of the certificate of destruction." in page
    assert "Returned to its owner: Say to whom it was returned" in page


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


def test_a_meaning_of_a_text_is_given_once_for_later_files(officer):
    spreadsheet = SPREADSHEET.replace("Taurus", "Xyzzy Arms").replace("pistola", "PIST.")
    run = map_columns(officer, upload(officer, spreadsheet)).partition("?")[0]
    assert "Xyzzy Arms Field Make" in text(officer.open(run))
    form = filled_in(officer.open(f"{run}/values"))
    means = {name.rpartition(".")[0] + ".means": form[name] for name in form if "text" in name}
    makes = dict.fromkeys(means.values(), "") | {"Xyzzy Arms": "Nobody Ltd", "PIST.": "pistol"}
    typed = form | {name: makes[given] for name, given in means.items()}
    refused = officer.send(f"{run}/values", typed, 422).text
    assert "“Nobody Ltd” is not on the list: choose from it." in text(refused)
    makes["Xyzzy Arms"] = "Taurus"
    officer.send(f"{run}/values", form | {name: makes[given] for name, given in means.items()})
    assert "All of them have a meaning." in text(officer.open(run))
    assert 'value="Taurus"' in officer.open(f"{run}/values")
    mapping = upload(officer, spreadsheet, name="Otra.csv")
    other = map_columns(officer, mapping, name="otra").partition("?")[0]
    assert "Xyzzy Arms Field Make" not in text(officer.open(other))


def test_a_text_is_no_value_and_one_that_was_understood_is_corrected(officer):
    spreadsheet = SPREADSHEET.replace("Taurus", "Xyzzy Arms")
    run = map_columns(officer, upload(officer, spreadsheet)).partition("?")[0]
    assert "Pistol · Xyzzy Arms · " in text(officer.open(run))
    page = officer.open(f"{run}/values")
    assert "Texts that are understood: correct what is wrong" in page
    form = filled_in(page)
    at = {form[name]: name.rpartition(".")[0] for name in form if name.endswith(".text")}
    typed = {f"{at['Xyzzy Arms']}.none": "true", f"{at['pistola']}.means": "other_firearm"}
    officer.send(f"{run}/values", form | typed)
    checked = text(officer.open(run))
    assert (
        "Other firearm · 9" in checked and "Xyzzy Arms" not in checked.partition("In the file")[0]
    )
    assert (
        "checked"
        in re.search(rf"<input[^>]*{at['Xyzzy Arms']}.none[^>]*>", officer.open(f"{run}/values"))[0]
    )


def test_words_beside_a_serial_are_asked_about_and_read_as_they_are_answered(officer):
    spreadsheet = SPREADSHEET.replace("TKA52391", "TKA52391 revelado").replace("pronto", "3/2/2020")
    spreadsheet = spreadsheet.replace("BFN95011", "BFN95011 (según acta)")
    run = map_columns(officer, upload(officer, spreadsheet)).partition("?")[0]
    checked = text(officer.open(run))
    assert "según acta Field Serial number" in checked
    assert "Row 5: TKA52391 revelado N.º de serie Stored as TKA52391 · Marks restored" in checked
    page = officer.open(f"{run}/values")
    assert "Rows: 1 · Read as Marks restored" in text(page)
    form = filled_in(page)
    at = {form[name]: name.rpartition(".")[0] for name in form if name.endswith(".text")}
    typed = {f"{at[words]}.means": "intact" for words in ("revelado", "según acta")}
    officer.send(f"{run}/values", form | typed)
    checked = text(officer.open(run))
    assert "TKA52391 · Marks intact" in checked and "BFN95011 · Marks intact" in checked


def test_columns_are_joined_to_one_serial(officer):
    spreadsheet = SPREADSHEET.replace("TKA5", "TKA;5").replace("N.º de serie", "N.º de serie;Resto")
    mapping = upload(officer, spreadsheet.replace("BFN", "BFN;"))
    typed = {"columns.2": "items.serial", "columns.3": "items.serial", "join": "joined"}
    run = map_columns(officer, mapping, **typed).partition("?")[0]
    assert "TKA52390 · " in text(officer.open(run))
    assert 'value="joined" selected' in officer.open(f"{run}/mapping")


def test_serials_to_look_at_are_listed_before_the_load(officer):
    spreadsheet = SPREADSHEET.replace("TKA52391", "5E+15").replace("TKA52390*", "TKA52390")
    run = map_columns(officer, upload(officer, spreadsheet)).partition("?")[0]
    checked = text(officer.open(run))
    assert "A spreadsheet destroyed the number. Look it up in the paper." in checked
    assert "Row 5: 5E+15" in checked and "no serial number" in checked


def test_one_answer_is_given_for_all_texts_of_a_closed_list(officer):
    lines = SPREADSHEET.strip("\n").splitlines()
    units = ["Comisaría", "1a", "2a", "3a"]
    rows = [f"{line};{unit}" for line, unit in zip(lines, units, strict=True)]
    rows += [f"EXP-{at};13/2/2020;KLM1{at};Glock;9mm;pistola;Luque;gris;{at}a" for at in (4, 5)]
    mapping = upload(officer, "\n".join(rows))
    run = map_columns(officer, mapping, **{"constants.agency": ""}).partition("?")[0]
    assert "Documents created 0" in text(officer.open(run))
    form = filled_in(officer.open(f"{run}/values"))
    officer.send(f"{run}/values", form | {"others.agency": "PRY-POLICE"})
    assert "Documents created 3" in text(officer.open(run))


def test_a_filled_template_is_read_without_questions(officer):
    assert "Who has which firearm" not in officer.open("/imports/new")
    content = officer.client.get("/imports/templates/seizures/es.xlsx").data
    template = CalamineWorkbook.from_filelike(io.BytesIO(content))
    sheets = {name: template.get_sheet_by_name(name).to_python() for name in template.sheet_names}
    filled = workbook(sheets | {"seizures": sheets["example"]})
    run = officer.send("/imports/new", {"file": (filled, "x.xlsx")}).location
    page = text(officer.open(run))
    assert "Read as template-seizures" in page and "Documents created 1" in page
    officer.open("/imports/templates/nothing/es.xlsx", 404)


def test_another_sheet_is_chosen(officer):
    codes = [["Código", "Nombre", "Notas", "Más"], *[["P", "Pistola", "x", "y"]] * 9]
    guns = [line.split(";") for line in SPREADSHEET.strip("\n").splitlines()]
    file = workbook({"Códigos": codes, "Armas": guns})
    mapping = officer.send("/imports/new", {"file": (file, "x.xlsx")}).location
    assert "Código" in officer.open(mapping)
    run = map_columns(officer, f"{mapping}?sheet=Armas").partition("?")[0]
    checked = text(officer.open(run))
    assert "Documents created 1" in checked and "Sheet that is read Armas" in checked
    officer.send(f"{run}/confirm", {})
    assert "The file has other sheets: Códigos." in text(officer.open(run))


def test_a_file_is_read_once_for_all_views_of_its_columns(officer, monkeypatch):
    mapping = upload(officer)
    monkeypatch.setattr("api.import_profiles.open_table", None)
    assert "13/2/2020" in officer.open(mapping)
    assert "13/2/2020" in officer.open(f"{mapping}?subject=reports")


def test_the_list_without_imports_says_how_to_begin(officer):
    assert "Choose “Import a file” to begin." in text(officer.open("/imports"))
    assert "Nothing matches these filters." in text(officer.open("/imports?status=loaded"))


def test_a_file_has_a_limit_of_its_own(app, officer, monkeypatch):
    assert LONG_FORMS["account.import_form"] == MAX_BODY
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 100)
    assert upload(officer).endswith("/mapping")
    monkeypatch.setitem(LONG_FORMS, "account.import_form", 100 * 1024)
    large = io.BytesIO(b"x" * 101 * 1024)
    refused = officer.send("/imports/new", {"file": (large, "x.csv")}, 413)
    assert "The file is larger than 100 KiB. Save it in parts" in text(refused.text)


def test_a_file_that_waits_its_turn_says_so(officer, session, monkeypatch):
    runs = [map_columns(officer, upload(officer)).partition("?")[0] for _ in range(2)]
    db.session.execute(update(ImportRun).values(status="loading"))
    monkeypatch.setattr(officer.client, "background", False)
    first, second = (text(officer.open(run)) for run in runs)
    assert "Files before this one: 1. At work is Armas 2020.csv" in second
    assert "Files before this one" not in first
    assert "3 of about 3 rows" in first and "You may close this page." in first
    newer = ImportRun.id == runs[1].rpartition("/")[2]
    db.session.execute(update(ImportRun).where(newer).values(status="judging"))
    first, second = (text(officer.open(run)) for run in runs)
    assert "Files before this one: 1" in first and "Files before this one" not in second


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


def test_a_person_turns_off_what_a_file_seems_to_mean_and_on_again(officer):
    spreadsheet = """Expediente;Fecha de incautación;N.º de serie;Marca;Calibre;Tipo de arma;Ciudad;Nota
EXP-1;13/2/2020;TKA52390;Taurus;9mm;1;Encarnación;
;;TKA52391;Taurus;9mm;1;;
EXP-2;14/2/2020;BFN95011;Glock;9mm;2;Luque;ANULADO

1 = Pistola
2 = Revólver
"""
    mapping = upload(officer, spreadsheet)
    page = officer.open(mapping)
    assert "1 = Pistola (Pistol) · 2 = Revólver" in text(page)
    assert "Empty cells of Expediente mean as in the row above Rows: 1 · Row 3:" in text(page)
    box = re.compile(r'<input[^>]*name="(assumed.[0-9]+)"[^>]*>\s*<label[^>]*>Left out: cancelled<')
    cancelled = box.search(page)
    assert "checked" in cancelled[0] and "Row 4: EXP-2 · 14/2/2020" in text(page)

    run = map_columns(officer, mapping, **{cancelled[1]: ""}).partition("?")[0]
    checked = text(officer.open(run))
    assert "Documents created 2" in checked and "Cancelled" not in checked
    assert "Codes of Tipo de arma 1 = Pistola (Pistol) · 2 = Revólver" in checked
    assert "checked" not in box.search(officer.open(mapping))[0]

    map_columns(officer, mapping, **{cancelled[1]: "true"})
    checked = text(officer.open(run))
    assert "Documents created 1" in checked and "Cancelled Rows 1 Examples Row 4: EXP-2" in checked
    assert "ANULADO" in officer.open(f"{run}/skipped.csv")

    page = officer.open(run)  # the check page has the ticks, too
    officer.send(f"{run}/assumed", filled_in(page) | {box.search(page)[1]: ""})
    assert "Documents created 2" in text(officer.open(run))


MERGED = """Causa;Trámite;Fecha de incautación;Numeración;Marca;Ciudad;Fuerza;Sort
C-1;TR-101;13/2/2020;TKA5.390;Taurus;Encarnación;Comisaría 1a;
C-1;;;TKA52391;Taurus;;;
C-1;TR-103;14/2/2020;BFN95011/BFN95012;Glock;Luque;Xyz;
C-1;TR-104;14/2/2020;BFN95013;Glock;Luque;Xyz;BAJA
"""


def fields_of(page, *columns):
    """Return the names of the fields of columns, and the ticks of what is left to the row above."""
    named = re.findall(r'<label for="([\w-]+)">([^<]*)', page)
    texts = {"Empty cells of {} mean as in the row above": "tick", "{}": "column"}
    return {
        (kind, column): field.replace("-", ".")
        for field, label in named
        for column in columns
        for sentence, kind in texts.items()
        if label == sentence.format(column)
    }


def test_columns_that_are_left_to_the_row_above_are_ticked_and_follow_the_columns(officer):
    mapping = upload(officer, MERGED)
    fields = fields_of(officer.open(mapping), "Causa", "Trámite", "Fuerza")
    moved = {fields["column", "Trámite"]: "number", fields["column", "Causa"]: ""}
    moved[fields["column", "Fuerza"]] = "note"
    run = map_columns(officer, mapping, **moved).partition("?")[0]
    assert "Documents created 3" in text(officer.open(run))
    ticks = fields_of(page := officer.open(mapping), "Trámite", "Fuerza")
    assert "checked" in re.search(rf'name="{ticks["tick", "Trámite"]}"[^>]*>', page)[0]
    assert "checked" not in re.search(rf'name="{ticks["tick", "Fuerza"]}"[^>]*>', page)[0]
    changes = {ticks["tick", "Trámite"]: "", ticks["tick", "Fuerza"]: "true"}
    map_columns(officer, mapping, **changes)
    again = fields_of(page := officer.open(mapping), "Trámite", "Fuerza")
    states = [re.search(rf'name="{each}"[^>]*>', page)[0] for each in again.values()]
    assert ["checked" in each for each in states] == [each == ("tick", "Fuerza") for each in again]


def test_signs_numbers_of_one_gun_and_rows_to_leave_out_are_typed(officer):
    mapping = upload(officer, MERGED)
    fields = fields_of(page := officer.open(mapping), "Trámite", "Causa", "Numeración", "Fuerza")
    typed = {fields["column", "Trámite"]: "number", fields["column", "Causa"]: ""}
    typed |= {fields["column", "Fuerza"]: "note"}
    typed |= {fields["column", "Numeración"]: "items.serial", "several": "marks", "unread": ". "}
    refused = officer.send(
        mapping, filled_in(page) | AGENCY | typed | {"left.0.column": "Sort"}, 422
    )
    assert "This field is required." in refused.text
    typed |= {"left.0.column": "Sort", "left.0.text": "baja", "left.0.reason": "annulée"}
    run = map_columns(officer, mapping, **typed).partition("?")[0]
    checked = text(officer.open(run))
    assert "TKA5?390" in checked and "BFN95011, BFN95012" in checked
    assert "Documents created 2" in checked and "Annulée Rows 1 Examples Row 5" in checked
    page = officer.open(mapping)
    assert 'value="annulée"' in page and 'name="left.1.text"' in page and 'value="."' in page
    map_columns(officer, mapping, **{"left.0.column": "", "left.0.text": ""})
    assert "Documents created 3" in text(officer.open(run))


def test_an_answer_is_withdrawn_and_old_ones_of_other_files_do_not_block(officer):
    first = SPREADSHEET.replace("Taurus", "Hi Power Xyzzy")
    run = map_columns(officer, upload(officer, first)).partition("?")[0]
    answer_texts(officer, run, {"Hi Power Xyzzy": "Taurus"})
    assert "Pistol · Taurus" in text(officer.open(run))
    at = SPREADSHEET.split("\n")[2].split(";").index("Marca")
    map_columns(officer, f"{run}/mapping", **{f"columns.{at}": "items.description"})
    assert "Pistol · Hi Power Xyzzy" in text(officer.open(run))  # of a make, not of all it says
    map_columns(officer, f"{run}/mapping", **{f"columns.{at}": "items.make"})
    assert "Pistol · Taurus" in text(officer.open(run))
    answer_texts(officer, run, {"Hi Power Xyzzy": ""})
    map_columns(officer, f"{run}/mapping", name="otro nombre")
    assert "Pistol · Hi Power Xyzzy" in text(officer.open(run))

    other = map_columns(officer, upload(officer, SPREADSHEET, name="Otra.csv")).partition("?")[0]
    assert "Hi Power Xyzzy" not in officer.open(f"{other}/values")
    answer_texts(officer, other, {"Taurus": "Rossi"})
    assert "Pistol · Rossi" in text(officer.open(other))


def test_an_agency_that_is_no_value_leaves_that_of_all_rows(officer):
    rows = SPREADSHEET.strip("\n").splitlines()
    content = "\n".join([f"{rows[0]};Comisaría", *(f"{row};PBA" for row in rows[1:])])
    run = map_columns(officer, upload(officer, content)).partition("?")[0]
    assert "Documents created 0" in text(officer.open(run))
    answer_texts(officer, run, {"PBA": "-"})
    assert "Documents created 1" in text(officer.open(run))


def test_an_agency_that_no_register_has_stays_in_the_remarks(officer):
    rows = SPREADSHEET.strip("\n").splitlines()
    content = "\n".join([f"{rows[0]};Comisaría", *(f"{row};PBA" for row in rows[1:])])
    address = map_columns(officer, upload(officer, content), **{"constants.agency": ""})
    run = address.partition("?")[0]
    page = officer.open(f"{run}/values")
    [at] = re.findall(r'name="(values\.\d+)\.text" value="PBA"', page)
    form = filled_in(page) | {f"{at}.means": "="}
    assert "This field is required." in officer.send(f"{run}/values", form, 422).text
    officer.send(f"{run}/values", form | {"agency": "PRY-POLICE"})
    assert "Comisaría: PBA" in text(officer.open(run)).partition("In the file")[2]
    assert re.search(
        rf'name="{at}.means">.*?value="=" selected', officer.open(f"{run}/values"), re.S
    )


def test_towns_are_sought_in_the_province_of_all_rows(signed_in, session):
    officer = signed_in("ARG", "police_officer")
    content = SPREADSHEET.replace("Encarnación", "San Pedro")
    agency = {"constants.agency": "ARG-POLICE"}
    for province in ("Misiones", "Buenos Aires"):  # each has a San Pedro
        changes = agency | {"constants.place.admin1": province}
        file = upload(officer, content.replace("EXP", province))
        run = map_columns(officer, file, **changes).partition("?")[0]
        assert "Documents created 1" in text(officer.open(run))
        officer.send(f"{run}/confirm", {})
        assert "Loaded" in text(officer.open(run))
        place = db.session.scalar(select(Seizure).filter_by(number=f"{province}-1"))
        assert (place.admin1, place.latitude is not None) == (province, True)


def answer_texts(officer, run, answers):
    """Say on the page what texts mean, `-` for no value; the others stay."""
    form = filled_in(officer.open(f"{run}/values"))
    texts = {name.rpartition(".")[0]: form[name] for name in form if name.endswith(".text")}
    for path, given in texts.items():
        if given in answers:
            is_none = answers[given] == "-"
            form |= {f"{path}.none": "true"} if is_none else {f"{path}.means": answers[given]}
    officer.send(f"{run}/values", form)


def test_a_code_of_the_file_means_another_type(officer):
    spreadsheet = SPREADSHEET.replace("Taurus;9mm;pistola", "Taurus;9mm;1").replace("pistola", "2")
    spreadsheet += "\n1 = Pistola\n2 = Rifle\n"
    mapping = upload(officer, spreadsheet)
    page = officer.open(mapping)
    assert "1 = Pistola" in text(page) and 'value="pistol" selected' in page
    run = map_columns(officer, mapping, **{"codes.0": "revolver"}).partition("?")[0]
    assert "Revolver · Taurus" in text(officer.open(run))


def test_the_order_of_dates_is_shown_by_dates_of_the_file(officer):
    page = text(officer.open(upload(officer, SPREADSHEET.replace("13/2/2020", "3/2/2020"))))
    assert "Day, month, year (3/2/2020 = 3 Feb 2020)" in page
    assert "Month, day, year (3/2/2020 = 2 Mar 2020)" in page


def test_sheets_of_the_same_columns_are_ticked(officer):
    guns = [line.split(";") for line in SPREADSHEET.strip("\n").splitlines()]
    others = [guns[0], ["EXP-3", "13/2/2020", "TKA52399", "Taurus", "9mm", "pistola", "Luque", ""]]
    file = workbook({"Enero": guns, "Febrero": others, "Notas": [["a", "b"]]})
    mapping = officer.send("/imports/new", {"file": (file, "x.xlsx")}).location
    assert "Name of the sheet" in officer.open(mapping)
    run = map_columns(officer, mapping).partition("?")[0]
    checked = text(officer.open(run))
    assert "Sheets that are read Enero, Febrero" in checked and "Documents created 2" in checked
    map_columns(officer, f"{run}/mapping", **{"sheets.0": ""})
    checked = text(officer.open(run))
    assert "Sheet that is read Febrero" in checked and "Documents created 1" in checked
