import pytest

from salsa_ext.db import db
from salsa_ext.models import Party
from tests import bodies


def test_a_transfer_is_recorded_with_its_codes_and_the_text_as_written(as_actor):
    client = as_actor("PRY", "licensing_officer")
    body = bodies.transfer(firearm=bodies.firearm(make="Forjas Taurus", calibre="9 mm Luger"))
    answer = client.post("/transfers", body).json
    assert answer["firearm"]["make"] == "taurus"
    assert answer["firearm"]["make_text"] == "Forjas Taurus"
    assert answer["firearm"]["calibre"] == "9x19"


def test_a_loss_is_refused_with_the_route_that_takes_it(as_actor):
    client = as_actor("PRY", "licensing_officer")
    answer = client.post("/transfers", bodies.transfer(kind="theft"), 422).json
    assert answer["errors"]["kind"] == ["A theft is reported by POST /api/v1/reports."]


BUYER = bodies.party("Ana Ejemplo", "PRY", "individual")


@pytest.mark.parametrize("recipient", [BUYER, BUYER | {"licence": "L-7"}])
def test_a_licence_is_kept_with_its_holder_alone(as_actor, recipient):
    client = as_actor("PRY", "licensing_officer")
    answer = client.post("/transfers", bodies.transfer(to=recipient, licence="L-7")).json
    assert (answer["licence"], answer["to"]["licence"]) == ("L-7", "L-7")
    assert answer["from"]["licence"] is None


def test_a_licence_that_is_erased_with_its_holder_is_gone(as_actor):
    client = as_actor("PRY", "licensing_officer")
    made = client.post("/transfers", bodies.transfer(licence="L-7")).json
    db.session.query(Party).update({"licence": None, "name": None})
    assert "L-7" not in client.get(f"/transfers/{made['id']}").get_data(as_text=True)


@pytest.mark.parametrize("recipient,said", [
    (BUYER | {"licence": "L-8"}, 'The recipient in "to" has another licence; give one.'),
    (None, 'A licence is the recipient\'s; name the recipient in "to".'),
])  # fmt: skip
def test_a_licence_that_is_nobodys_or_anothers_is_refused(as_actor, recipient, said):
    body = bodies.transfer(licence="L-7", to=recipient)
    if recipient is None:
        del body["to"]
    answer = as_actor("PRY", "licensing_officer").post("/transfers", body, 422).json
    assert answer["errors"] == {"licence": [said]}
