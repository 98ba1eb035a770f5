"""The pages of reports: a gun is reported, and what was reported is found again."""

import pytest

from tests import bodies
from tests.web.pages import text

TYPED = {
    "kind": "theft", "number": "R-7", "occurred_on": "2026-02-03", "stolen_from": "private",
    "firearm.serial": "ABC123456", "firearm.type": "pistol", "firearm.make": "Taurus",
    "place.name": "Asunción", "from.name": "Ana Ejemplo", "from.kind": "individual",
}  # fmt: skip


@pytest.fixture
def police(signed_in):
    return signed_in("PRY", "police_officer")


def test_a_theft_is_reported_and_matched_at_once(police, as_actor):
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    done = police.send("/reports/new", TYPED).location
    said = text(police.open(done))
    for words in ("✓ The report is recorded.", "Theft R-7", "Feb 3, 2026", "Private person",
                  "Asunción, Paraguay", "Ana Ejemplo", "ABC123456"):  # fmt: skip
        assert words in said
    assert "Theft" in text(police.open("/matches"))
    listed = police.open("/reports?kind=theft")
    assert done.split("?")[0] in listed and "R-7" in listed
    assert "No reports are found by this." in police.open("/reports?kind=loss")


def test_what_is_wrong_is_told_at_its_field(police):
    page = police.send("/reports/new", {"kind": "loss", "stolen_from": "dealer"}, 422).text
    assert 'id="number-wrong"' in page and 'id="occurred_on-wrong"' in page
    typed = TYPED | {"kind": "loss"}
    assert 'id="stolen_from-wrong"' in police.send("/reports/new", typed, 422).text


def test_a_filter_of_no_such_kind_is_told_in_words(police):
    page = police.open("/reports?kind=foo", Accept_Language="es")
    assert "«foo» no está en la lista: elija de ella." in text(page) and "surrender," not in page


@pytest.mark.parametrize(("role", "status"), [
    ("trace_analyst", 200), ("supervisor", 200), ("border_officer", 403), ("auditor", 403),
])  # fmt: skip
def test_who_may_not_report_is_offered_nothing(signed_in, role, status):
    reader = signed_in("PRY", role)
    assert "/reports/new" not in reader.open("/reports", status)
    reader.open("/reports/new", 403)


@pytest.mark.parametrize(("language", "title"), [
    ("es", "Denunciar un arma"), ("fr", "Déclarer une arme"), ("pt", "Comunicar uma arma"),
])  # fmt: skip
def test_the_form_speaks_the_readers_language(police, language, title):
    assert f"<h1>{title}</h1>" in police.open("/reports/new", Accept_Language=language)
