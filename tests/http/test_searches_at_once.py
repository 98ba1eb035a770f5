"""Guns that are looked for together are found as each would be by itself, by one question for all."""

from api.schemas.documents import TransferRequest
from salsa_ext.database.session import transaction
from salsa_ext.documents import transfers
from salsa_ext.firearms.records.queries import find_records, query_for_record
from salsa_ext.firearms.search import batch
from salsa_ext.firearms.search.batch import RecordQuery
from salsa_ext.firearms.search.search import find_candidates
from tests.support import bodies

TAKEN = {"kind": "confiscation", "text": "CF471198", "state": "PRY", "year": 2019}
HELD = [
    {"serial": "TKA52387"},
    {"serial": "TKA5238T", "model": "G3"},
    {"serial": "TKA52389"},
    {"serial": "XYZ777777", "marks": [TAKEN]},
    {"serial": "TKA52387", "make": "Glock"},
    {"serial": "QRS987650"},
]
ASKED = [
    {"serial": "TKA52387"},
    {"serial": "TKA5238?"},
    {"serial": "QRS98765O", "make": None},
    {"serial": "ABC000111", "marks": [TAKEN]},
    {"serial": None, "marking": "obliterated", "marks": [TAKEN]},
    {"serial": None, "marking": "obliterated"},
    {"serial": "NOTHING9999"},
]


def written(run, client):
    """Let Paraguay sell guns and Brazil seize some; returns the records of the seizure."""
    schema = TransferRequest()
    for visibility in ("open", "pointer", "silent"):
        batch = [
            schema.load(
                bodies.transfer(
                    firearm=bodies.firearm(**gun),
                    visibility=visibility,
                    number=f"{visibility}-{at}",
                )
            )
            for at, gun in enumerate(HELD)
        ]
        run("PRY", transfers.record_many, batch=batch)
    items = [
        {name: value for name, value in bodies.firearm(line=line, **gun).items() if value}
        for line, gun in enumerate(ASKED, start=1)
    ]
    client.post("/alerts", bodies.alert(action="let_pass_and_inform"))
    made = client.post("/seizures", bodies.seizure(items=items)).json
    return [item["record"] for item in made["items"]]


def test_what_is_looked_for_together_is_found_as_one_by_one(run, as_actor, actor, asked):
    records = written(run, as_actor("BRA", "police_officer"))
    reader = actor("BRA")
    with transaction(reader):
        views = sorted(find_records(records), key=lambda view: view.record.line)
        own = {view.record.id for view in views}
        guns = [
            RecordQuery(view.record.id, query_for_record(view), own, is_afield=True)
            for view in views
        ]
        asked.clear()
        together = batch.search_all_candidates(guns, reader)
        assert sum("salsa_similar_marks" in value for value in asked) == 1
        alone = {
            gun.record_id: find_candidates(
                gun.query, reader, stop_at_exact=False, current_only=True, excluded=own
            )
            for gun in guns
            if gun.record_id in together
        }
    assert together == alone
    # a gun with another serial is another gun, whatever mark they share
    found = [bool(together.get(view.record.id)) for view in views]
    assert found == [True, True, True, False, True, False, False]


def test_nothing_is_asked_for_no_gun(actor, asked):
    reader = actor("BRA")
    with transaction(reader):
        asked.clear()
        assert batch.search_all_candidates([], reader) == {}
    assert not [value for value in asked if "salsa_similar_marks" in value]
