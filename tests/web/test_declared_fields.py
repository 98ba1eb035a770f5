"""A field that is declared, and that no page places, is on the form and the page of its document."""

import pytest

from api.web import record_pages
from tests.support.declared import DOCUMENTS, LABEL, SECRET
from tests.web.pages import text

PAGES = {"seizures": "/seizures", "reports": "/reports", "transfers": "/desk/transfers"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_declared_field_is_on_the_form_and_the_page(signed_in, run, monkeypatch, name):
    document, path = DOCUMENTS[name], PAGES[name]
    cls, placed = document.declare(), record_pages.PLACED[document.kind.name][1]
    monkeypatch.setitem(vars(document.kind), "value", cls)
    monkeypatch.setitem(record_pages.PLACED, document.kind.name, (cls, placed))
    made = run("BRA", document.record, data=document.load())
    officer = signed_in("BRA", document.role)
    form = officer.open(f"{path}/new")
    assert LABEL in text(form)
    assert 'name="plate"' in form
    page = text(officer.open(f"{path}/{made}"))
    assert LABEL in page
    assert SECRET in page
    if name == "reports":
        assert SECRET in officer.open(f"{path}/{made}/correct")
