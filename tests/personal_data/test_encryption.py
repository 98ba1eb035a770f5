"""Addresses and identifications of persons are encrypted in the database, and rotate."""

from uuid import UUID

import pytest
from sqlalchemy import text

from salsa_ext.access.rules import operator
from salsa_ext.access.vault import Vault
from salsa_ext.database.session import db, transaction
from salsa_ext.personal_data.erasure import encrypt_parties
from tests.http.test_batches import send
from tests.support import bodies

PERSON = bodies.party("Ana Ejemplo", kind="individual") | {
    "address": "Calle Ejemplo 7",
    "identification": "4.455.667",
}
SEALED = ("address", "identification")


def stored(app):
    """The encrypted columns of the person's row, as the table has them."""
    with app.app_context(), transaction(operator("PRY")):
        query = "SELECT address, identification FROM party WHERE name = 'Ana Ejemplo'"
        return [*db.session.execute(text(query)).one()]


def sell(client, **changes):
    return client.post("/transfers", bodies.transfer(to=PERSON, **changes)).json


def test_a_table_has_no_address_and_no_identification_in_clear(real_app, real_client):
    sold = sell(real_client("PRY", "licensing_officer"))
    for value in stored(real_app):
        assert not any(PERSON[name] in value for name in SEALED)
    read = real_client("PRY", "licensing_officer").get(f"/transfers/{sold['id']}").json["to"]
    assert {name: read[name] for name in SEALED} == {name: PERSON[name] for name in SEALED}


def test_many_rows_at_once_are_encrypted_too(real_app, real_client):
    guns = [bodies.firearm(serial=f"ENC{number}771") for number in range(60)]
    rows = [
        bodies.transfer(
            number=gun["serial"],
            firearm=gun,
            to=PERSON | {"address": f"Calle Ejemplo {gun['serial']}"},
        )
        for gun in guns
    ]
    send(real_client("PRY", "licensing_officer"), "/transfers/batch", *rows)
    with real_app.app_context(), transaction(operator("PRY")):
        query = "SELECT count(address), count(*) FILTER (WHERE address ~ 'Calle') FROM party"
        assert [*db.session.execute(text(query)).one()] == [60, 0]


@pytest.fixture
def rotate(real_app, real_database):
    """Encrypt all parties of Paraguay with a new key."""

    def run():
        Vault.from_config(real_database).add_text_key()
        after = UUID(int=0)
        while after:
            with real_app.app_context(), transaction(operator("PRY")):
                after = encrypt_parties(actor=operator("PRY"), after=after)

    return run


def test_a_rotation_encrypts_all_anew_and_loses_nothing(real_app, real_client, rotate):
    clerk = real_client("PRY", "licensing_officer")
    sold, before = sell(clerk), stored(real_app)
    for _ in range(3):
        rotate()
    assert not {*before} & {*stored(real_app)}
    assert clerk.get(f"/transfers/{sold['id']}").json["to"]["address"] == PERSON["address"]
