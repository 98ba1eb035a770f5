"""Standings depend on the facts and not on the order in which states post them."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.support import bodies
from tests.support.sizes import drawn

RUNS = itertools.count()
FEW = drawn(5, 25)
PLAN = {
    "route": "RN-14",
    "port_of_entry": "Libres",
    "port_of_exit": "Clorinda",
    "mode": "road",
    "enters_on": "2026-02-01",
    "leaves_on": "2026-02-03",
}
STATES = {"import": "PRY", "export": "BRA", "in_transit": "ARG"}


def lines(quantity, make):
    return [bodies.permit()["lines"][0] | {"quantity": quantity, "make": make}]


def variation(kind, number):
    """Return the bodies of one document: what it says differs a little, and what it names."""
    return st.fixed_dictionaries(
        {
            "kind": st.just(kind),
            "number": st.just(number),
            "lines": st.builds(lines, st.integers(1, 12), st.sampled_from(["Taurus", "Glock"])),
            "importer": st.sampled_from([bodies.party(), bodies.party("Otra Casa")]),
            "regime": st.sampled_from(["permanent", "permanent", "temporary"]),
            "transit_states": st.just(["ARG"])
            if kind == "in_transit"
            else st.sampled_from([[], ["ARG"]]),
            "names_import": st.booleans(),
            "names_export": st.booleans(),
            "names_transit": st.booleans(),
        }
    )


FACTS = st.tuples(
    variation("import", "I-1"),
    variation("export", "E-1"),
    variation("export", "E-2"),
    variation("in_transit", "T-1"),
)


def body(fact, run):
    """Return what is posted; numbers are of one run alone."""
    kind = fact["kind"]
    result = {name: value for name, value in fact.items() if not name.startswith("names_")}
    made = bodies.permit(**result, authority=bodies.authority(STATES[kind])) | {
        "number": f"{run}-{fact['number']}"
    }
    del made["import_permit"]
    if kind != "import" and fact["names_import"]:
        made["import_permit"] = {"state": "PRY", "number": f"{run}-I-1"}
    if kind == "in_transit":
        made["plan"] = PLAN
        if fact["names_export"]:
            made["export_permit"] = {"state": "BRA", "number": f"{run}-E-1"}
    if kind == "export" and fact["names_transit"] and fact["transit_states"]:
        made["transit_permits"] = [{"state": "ARG", "number": f"{run}-T-1"}]
    return made


def stand(clients, facts, order):
    """Post facts in an order; returns what every document of the run is found to be."""
    run = next(RUNS)
    posted = [(clients[facts[at]["kind"]], body(facts[at], run)) for at in order]
    made = [(client, client.post("/permits", value).json["id"]) for client, value in posted]
    read = [client.get(f"/permits/{found}").json for client, found in made]
    return {
        permit["number"].partition("-")[2]: (
            permit["counterpart_status"],
            ordered(permit["findings"]),
        )
        for permit in read
    }


def ordered(findings):
    return sorted(
        tuple(
            str(found[name]).partition("-")[2] if name == "number" else str(found[name])
            for name in ("code", "field", "ours", "theirs", "state", "kind", "number")
        )
        for found in findings
    )


def test_standings_depend_on_the_facts_and_not_on_the_order(as_actor):
    clients = {kind: as_actor(state, "licensing_officer") for kind, state in STATES.items()}

    @FEW
    @given(FACTS, st.permutations(range(4)), st.permutations(range(4)))
    def holds(facts, first, second):
        assert stand(clients, facts, first) == stand(clients, facts, second)

    holds()
