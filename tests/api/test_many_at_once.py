"""Guns that are looked for together are found as each would be by itself, by one question for all."""

from api.schemas.transfers import TransferRequest
from salsa_ext.db import transaction
from salsa_ext.readmodels import alike
from salsa_ext.readmodels.alike import Gun
from salsa_ext.readmodels.records import by_id
from salsa_ext.readmodels.search import search
from salsa_ext.readmodels.sides import query_of
from salsa_ext.services import transfers
from tests import bodies

TAKEN = {"kind": "confiscation", "text": "CF471198", "state": "PRY", "year": 2019}
HELD = [
    {"serial": "TKA52387"}, {"serial": "TKA5238T", "model": "G3"}, {"serial": "TKA52389"},
    {"serial": "XYZ777777", "marks": [TAKEN]}, {"serial": "TKA52387", "make": "Glock"},
    {"serial": "QRS987650"},
]  # fmt: skip
ASKED = [
    {"serial": "TKA52387"}, {"serial": "TKA5238?"}, {"serial": "QRS98765O", "make": None},
    {"serial": "ABC000111", "marks": [TAKEN]},
    {"serial": None, "marking": "obliterated", "marks": [TAKEN]},
    {"serial": None, "marking": "obliterated"}, {"serial": "NOTHING9999"},
]  # fmt: skip


def written(run, client):
    """Let Paraguay sell guns and Brazil seize some; returns the records of the seizure."""
    schema = TransferRequest()
    for visibility in ("open", "pointer", "silent"):
        batch = [schema.load(bodies.transfer(firearm=bodies.firearm(**gun), visibility=visibility,
                                             number=f"{visibility}-{at}"))
                 for at, gun in enumerate(HELD)]  # fmt: skip
        run("PRY", transfers.record_many, batch=batch)
    items = [{name: value for name, value in bodies.firearm(line=line, **gun).items() if value}
             for line, gun in enumerate(ASKED, start=1)]  # fmt: skip
    client.post("/alerts", bodies.alert(action="let_pass_and_inform"))
    made = client.post("/seizures", bodies.seizure(items=items)).json
    return [item["record"] for item in made["items"]]


def test_what_is_looked_for_together_is_found_as_one_by_one(run, as_actor, actor, asked):
    records = written(run, as_actor("BRA", "police_officer"))
    reader = actor("BRA")
    with transaction(reader):
        views = by_id(records)
        own = {view.record.id for view in views}
        guns = [Gun(view.record.id, query_of(view), own, is_afield=True) for view in views]
        asked.clear()
        together = alike.every_of(guns, reader, silent=False)
        assert sum("salsa_near" in said for said in asked) == 1
        alone = {
            gun.record_id: search(
                gun.query, reader, settles=False, silent=False, stands=True, own=own
            )
            for gun in guns if gun.record_id in together
        }  # fmt: skip
    assert together == alone
    # a gun with another serial is another gun, whatever mark they share
    found = [bool(together.get(view.record.id)) for view in views]
    assert found == [True, True, True, False, True, False, False]


def test_nothing_is_asked_for_no_gun(actor, asked):
    reader = actor("BRA")
    with transaction(reader):
        asked.clear()
        assert alike.every_of([], reader, silent=False) == {}
    assert not [said for said in asked if "salsa_near" in said]
