"""A joint seizure that each side recorded on its own day: no gun came back from custody."""

import pytest

from tests.support import bodies

READ = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}


def seize(client, number, on, other=None, **item):
    joint = {"joint_with": {"state": other[0], "number": other[1]}} if other else {}
    state = number.partition("-")[0]
    body = bodies.seizure(
        number=number,
        agency=f"{state}-POLICE",
        occurred_on=on,
        place=bodies.FOZ | {"country": state},
        items=[bodies.firearm(**item)],
        **joint,
    )
    return client.post("/seizures", body, 201).json


def objections(analyst, seizure):
    """Return what trace, gun and leads say of the custody before."""
    trace = analyst.post("/traces", bodies.trace_of(seizure["id"]), 201).json["id"]
    result = analyst.get(f"/traces/{trace}/result?wait=5").json
    gun = analyst.get(f"/guns/{seizure['items'][0]['record']}", **READ).json
    leads = analyst.get("/leads?kind=recirculation", **READ).json["items"]
    return len(result["conflicts"]), len(gun["findings"]), len(leads)


@pytest.mark.parametrize("is_joint", [True, False])
@pytest.mark.parametrize("state", ["PRY", "BRA"])
def test_both_sides_of_a_joint_seizure_are_one_find(as_actor, police, analyst, state, is_joint):
    other = as_actor(state, "police_officer")
    seize(other, f"{state}-7", "2026-02-27", ("BRA", "BRA-1") if is_joint else None)
    own = seize(police, "BRA-1", "2026-03-01", (state, f"{state}-7") if is_joint else None)
    assert objections(analyst, own) == ((0, 0, 0) if is_joint else (1, 1, 1))


def test_a_service_gun_that_was_handed_in_before_left_no_custody(police, pry_police, analyst):
    seize(pry_police, "PRY-1", "2026-02-27", owner_kind="police", handed_in=True)
    assert objections(analyst, seize(police, "BRA-1", "2026-03-01")) == (0, 0, 0)
