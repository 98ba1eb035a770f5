"""Participation as pages: for all to read, for the administrator to declare."""

from tests.web.pages import text

FORM = "/participation/new"


def test_an_administrator_declares_a_register_that_others_then_read(signed_in):
    administrator = signed_in("BRA", "state_administrator")
    assert FORM in administrator.open("/")
    fields = {"register": "import", "mode": "service", "since": "2026-01-01", "complete": "true"}
    fields |= {"makes": "Taurus\nGlock", "year_from": "1990"}
    assert administrator.send(FORM, fields).location == "/participation?state=BRA"
    page = text(signed_in("PRY", "police_officer").open("/participation?state=BRA&register=import"))
    assert "complete for Glock, Taurus, 1990–" in page
    assert "Declare a register" not in page


def test_an_unknown_make_is_named_at_its_field(signed_in):
    fields = {"register": "import", "mode": "service", "since": "2026-01-01", "makes": "Nobody"}
    page = signed_in("BRA", "state_administrator").send(FORM, fields, 422)
    assert "No make is known as “Nobody”." in text(page.get_data(as_text=True))
