"""Daily tasks of officers in a real browser, each from home to its end, by the names of what is pressed."""

import base64
import csv

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import expect

from tests.conftest import NOW
from tests.support import bodies
from tests.support.movements import act
from tests.support.sizes import sized
from tests.web.conftest import open_account
from tests.web.scenes import NEAR, POST
from tests.web.test_console_browser import fits, sign_in

pytestmark = pytest.mark.browser
MATCHES = sized(3, 10)


@pytest.fixture
def enter(page, prepared, site):
    """Sign in as a new officer of Paraguay, at home: `enter("auditor")`; returns the page."""

    def as_role(role):
        with prepared.app.app_context():
            sign_in(page, site, open_account("PRY", role, f"pry.new_{role}"))
        return page

    return as_role


def go(page, name):
    """Follow the link of that name on the page."""
    page.get_by_role("main").get_by_role("link", name=name).first.click()
    assert fits(page)


def press(page, name):
    """Press the button of that name."""
    page.get_by_role("main").get_by_role("button", name=name).first.click()


def says(page, words):
    """Expect the words on the page."""
    expect(page.get_by_role("main")).to_contain_text(words)


def fill_days(page, first, last):
    """Fill the days of a list's filter, which a phone shows folded."""
    if (folded := page.get_by_text("Filter", exact=True)).is_visible():
        folded.click()
    page.get_by_label("From day").fill(first)
    page.get_by_label("To day").fill(last)


def test_a_certificate_of_two_lines_is_issued_to_an_importer_of_the_register(enter, site):
    register = site.program("PRY", "licensing_officer")
    register.post("/licensees", bodies.licensee(party=bodies.party("Caza y Pesca Ficticia")))
    page = enter("licensing_officer")
    go(page, "Issue a permit")
    page.get_by_role("textbox", name="Number", exact=True).fill("IC-77")
    page.get_by_label("Date of issue").fill("2026-03-09")
    page.get_by_label("Last day of validity").fill("2026-12-31")
    page.get_by_label("Issuing agency").select_option(index=1)
    page.get_by_label("Officer who signs").fill("Eva Ejemplo")
    page.get_by_label("Exporting country").select_option("BRA")
    importer, exporter = (
        page.get_by_role("group", name=side, exact=True).get_by_role("combobox", name="Name")
        for side in ("Importer", "Exporter")
    )
    importer.press_sequentially("Caza")
    page.get_by_role("option", name="Caza y Pesca Ficticia").click()
    exporter.fill("Fábrica Ficticia")
    for at, kind in enumerate(("Pistol", "Rifle")):
        if at:
            press(page, "Add a line")
        line = page.get_by_role("group", name=f"Line {at + 1}")
        line.get_by_label("Type").select_option(label=kind)
        line.get_by_label("Quantity").fill("10")
    press(page, "Check your answers")
    says(page, "Caza y Pesca Ficticia")
    press(page, "Issue")
    says(page, "IC-77")


def test_a_shipment_is_received_with_one_gun_missing(enter, site):
    importer, exporter = (site.program(state, "licensing_officer") for state in ("PRY", "BRA"))
    importer.post("/permits", bodies.import_permit(number="I-9"))
    to = {"import_permit": {"state": "PRY", "number": "I-9"}}
    permit = exporter.post("/permits", bodies.permit(number="E-9", **to)).json
    serials = tuple(f"KLM{at}" for at in range(100, 109))
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-08T12:00:00Z"}]
    address = f"/permits/{permit['id']}/shipments"
    act(
        exporter,
        exporter.post(address, bodies.shipment(serials, number="A-9", expected=expected)).json,
        "release",
    )
    page = enter("licensing_officer")
    go(page, "Receipts to confirm")
    go(page, "A-9")
    go(page, "Confirm the receipt")
    page.get_by_label("KLM104").uncheck()
    says(page, "8")
    press(page, "Confirm the receipt")
    says(page, "Received short")
    says(page, "KLM104 not received")
    go(page, "Discrepancy: Short receipt")


def test_forty_guns_are_recorded_from_a_pasted_list(enter, site):
    page = enter("police_officer")
    go(page, "Record a seizure")
    page.get_by_text("Paste a list from a spreadsheet").click()
    rows = [f"Taurus\tG2C\t9x19\tNOP{at}\tpistol" for at in range(300, 340)]
    page.get_by_label("Rows of the spreadsheet").fill("\n".join(rows))
    press(page, "Add these firearms")
    says(page, "Firearm 40")
    page.locator("input[name=occurred_on]").fill("2026-03-08")
    press(page, "Record the seizure")
    says(page, "The seizure is recorded.")
    [made] = site.program("PRY", "police_officer").get("/seizures?serial=NOP339").json["items"]
    assert len(made["items"]) == 40


def test_a_seizure_is_found_by_the_serial_of_its_gun(enter):
    page = enter("police_officer")
    search = page.get_by_role("search").get_by_role("searchbox")
    search.fill("xyz98765")
    search.press("Enter")
    go(page, "S-2")
    expect(page.get_by_role("heading", level=1)).to_have_text("Seizure S-2")


def test_a_restored_mark_is_added_to_a_seized_gun(enter, site):
    guns = (
        bodies.firearm(),
        bodies.firearm(line=2, serial="XYZ98?66", marking="obliterated"),
        bodies.firearm(line=3, serial="RST44556", marking="altered"),
    )
    seizure = bodies.seizure(number="S-9", agency="PRY-POLICE", place=NEAR, items=[*guns])
    site.program("PRY", "police_officer").post("/seizures", seizure)
    page = enter("forensic_examiner")
    go(page, "Add a mark to a seized gun")
    expect(page.get_by_role("link", name="S-2", exact=True)).not_to_be_visible()
    expect(page.get_by_role("link", name="Add a mark")).to_have_count(2)
    go(page, "Add a mark : XYZ98?66")
    page.get_by_role("textbox", name="Mark", exact=True).fill("XYZ98166")
    page.get_by_label("Method").select_option(label="Chemical restoration")
    page.get_by_label("Why the mark is added").fill("Read after etching")
    press(page, "Save")
    says(page, "XYZ98166")
    expect(page.get_by_text("The mark is added")).to_be_in_viewport()


def test_several_matches_are_confirmed_at_once(enter, site):
    dealer, police = site.program("BRA", "licensing_officer"), site.program("PRY", "police_officer")
    for at in range(MATCHES):
        gun = bodies.firearm(serial=f"QRS7{at}044")
        dealer.post("/transfers", bodies.transfer(firearm=gun, number=f"T-{at}"))
        police.post("/seizures", bodies.seizure(number=f"S-7{at}", place=NEAR, items=[gun]))
    page = enter("police_officer")
    go(page, "Matches")
    for at in range(MATCHES):
        page.get_by_label(f"Select to confirm or reject: QRS7{at}044").check()
    press(page, "Confirm the selected ones")
    page.get_by_label("Reason").fill("Compared on the bench")
    press(page, f"Confirm: {MATCHES}")
    says(page, f"Confirmed: {MATCHES}")
    confirmed = police.get("/matches?status=confirmed").json["items"]
    assert len(confirmed) == MATCHES


def test_an_account_is_opened_and_its_person_sets_up_a_second_factor(enter, site):
    page = enter("state_administrator")
    go(page, "Open an account")
    page.get_by_label("User name").fill("pry.ana")
    page.get_by_label("Role").select_option(label="Police officer")
    page.get_by_label("Agency").select_option("PRY-POLICE")
    press(page, "Save")
    password = page.locator("code.long").inner_text()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site.url}/sign-in")
    page.get_by_label("User name").fill("pry.ana")
    page.get_by_label("Password", exact=True).fill(password)
    press(page, "Sign in")
    says(page, "This is your first password.")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("New password").fill("five words are even better")
    press(page, "Sign in")
    says(page, "Your password is changed.")
    go(page, "Set up")
    page.get_by_text("Without a camera").click()
    secret = base64.b32decode(page.locator("code.long").inner_text().replace(" ", ""))
    code = TOTP(secret, 6, SHA1(), 30).generate(int(NOW.timestamp())).decode()
    page.get_by_label("Code of your application").fill(code)
    press(page, "Set up")
    says(page, "Your account has them.")


def test_who_looked_at_a_record_in_march_is_found(enter, site):
    sale = bodies.transfer(firearm=bodies.firearm(serial="UVW60077"))
    record = site.program("PRY", "licensing_officer").post("/transfers", sale).json
    for_a_case = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-7"}
    record = record["firearm"]["record"]
    site.program("BRA", "police_officer").get(f"/records/{record}", **for_a_case)
    page = enter("auditor")
    go(page, "Audit")
    fill_days(page, "2026-03-01", "2026-03-31")
    page.get_by_label("Number, case, serial or id").fill("UVW60077")
    press(page, "Show")
    says(page, "Record · disclosure")
    row = page.get_by_role("row").filter(has_text="Record · disclosure").first
    expect(row).to_contain_text("Brazil")
    expect(row).to_contain_text("C-7")


def test_the_seizures_of_last_month_are_exported(enter, site):
    police = site.program("PRY", "police_officer")
    police.post("/seizures", bodies.seizure(number="S-FEB", place=NEAR, occurred_on="2026-02-14"))
    page = enter("police_officer")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Seizures").click()
    fill_days(page, "2026-02-01", "2026-02-28")
    press(page, "Show")
    with page.expect_download() as file:
        page.get_by_role("link", name="Download as CSV").click()
    rows = csv.DictReader(file.value.path().read_text(encoding="utf-8-sig").splitlines())
    assert [row["Number"] for row in rows] == ["S-FEB"]
