"""An import in a real browser: a messy file, its columns, its texts, the check, the load, the undo."""

import pytest
import xlsxwriter
from playwright.sync_api import expect

from tests.web.test_console_browser import fits, sign_in

pytestmark = pytest.mark.browser
HEADER = ["N°", "Expediente", "Fecha", "Clase", "Marca", "Serie N°", "Cant.", "Comisaría"]
ROWS = [
    [1, "17/2020", 43874, "pistola", "Taurus", "TKA52390 / TKA52391", 2, "Comisaría 3a"],
    [2, "18/2020", "mar-20", "revólver", "Xyzzy Arms", "raspado", 1, "Comisaría 3a"],
    *(
        [at + 3, "19/2020", 43875, "pistola", "Glock", f"KXP{400 + at}", 1, "3a"]
        for at in range(30)
    ),
    ["TOTAL", "", "", "", "", "", 33, ""],
]


@pytest.fixture
def spreadsheet(tmp_path):
    path = tmp_path / "Decomisos 2020.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([HEADER, *ROWS], 2):
            sheet.write_row(at, 0, row)
    return path


def press(page):
    """Send the form of the page."""
    assert fits(page)
    page.locator("form .actions .button").click()


def test_a_messy_file_is_loaded_and_undone_by_a_clerk(page, site, spreadsheet):
    sign_in(page, site, site.police, "/imports")
    expect(page.get_by_role("main")).to_contain_text("No file was imported yet.")
    page.goto(f"{site.url}/imports/new")
    page.get_by_label("File", exact=True).set_input_files(spreadsheet)
    press(page)
    expect(page.get_by_role("main")).to_contain_text("The names of the columns are in row 3.")
    expect(page.get_by_role("main")).to_contain_text("43874 (13 Feb 2020)")
    press(page)
    expect(page.get_by_role("main")).to_contain_text("Your state has no agency “Comisaría 3a”.")
    assert fits(page)
    page.get_by_role("link", name="Say what these texts mean").click()
    for unit in ("Comisaría 3a", "3a"):
        page.get_by_label(unit, exact=True).select_option("PRY-POLICE")
    page.get_by_label("Xyzzy Arms", exact=True).fill("Rossi")
    press(page)
    expect(page.get_by_role("main")).to_contain_text("All of them have a meaning.")
    expect(page.get_by_role("main")).to_contain_text("A row of totals")
    assert fits(page)
    page.get_by_role("link", name="Load the file").click()
    press(page)
    expect(page.locator(".figures div").nth(1)).to_have_text("Documents created3")
    page.get_by_role("link", name="Undo the import").click()
    press(page)
    expect(page.locator(".side")).to_contain_text("Undone")
