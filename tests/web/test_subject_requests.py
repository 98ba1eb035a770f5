"""Pages of requests of persons: an auditor records one, sees what is known, and erases it."""

from tests.support import bodies
from tests.web.pages import text


def test_an_auditor_records_a_request_and_erases_the_person(signed_in, as_actor):
    person = bodies.party("Ana Ejemplo", kind="individual") | {"address": "Calle Ejemplo 7"}
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(to=person))
    auditor = signed_in("PRY", "auditor")
    assert "Nothing is waiting." in text(auditor.open("/subject-requests"))
    asked = {"kind": "erasure", "person.name": "Ana Ejemplo", "received_on": "2026-03-02"}
    path = auditor.send("/subject-requests/new", asked).location
    assert "Calle Ejemplo 7" in text(auditor.open(path))
    form = {"expected_version": "1", "answer": "Erased as you asked."}
    page = text(auditor.open(auditor.send(f"{path}/erase", form).location))
    assert "The person is erased." in page
    assert "Calle Ejemplo 7" not in page
    assert "Erased as you asked." in page
    assert path not in auditor.open("/subject-requests?status=open")
