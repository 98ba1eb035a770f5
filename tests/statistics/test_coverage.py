"""Coverage: what a state declares of its registers, and the months without records."""

import pytest

from tests.support import bodies

YEAR = "/statistics/coverage?year=2025"


@pytest.fixture
def coverage(police):
    """Return a function that reads the coverage of a dataset by register."""

    def read(client=police, dataset="seizures", path=YEAR):
        items = client.get(path).json["items"]
        return {
            (each["state"], each["register"]): each for each in items if each["dataset"] == dataset
        }

    return read


@pytest.fixture
def seize(police):
    def post(number, on, **more):
        body = bodies.seizure(number=number, occurred_on=on, items=[bodies.firearm(serial=number)])
        return police.post("/seizures", body | more).json

    return post


def test_months_with_and_without_records_are_listed(coverage, seize):
    seize("S-1", "2025-03-02")
    seize("S-2", "2025-11-20", visibility="silent")
    [row] = coverage().values()
    assert (row["state"], row["register"], row["mode"]) == ("BRA", "seizures", "service")
    assert row["with_records"] == [3, 11]
    assert row["without_records"] == [1, 2, 4, 5, 6, 7, 8, 9, 10, 12]


def test_only_months_in_which_the_state_takes_part_can_lack_records(coverage, seize, administrator):
    seize("S-1", "2025-03-02")
    body = {"register": "seizures", "mode": "service", "since": "2025-02-10", "until": "2025-06-15"}
    administrator.post("/participation", body | {"complete": True})
    [row] = coverage().values()
    assert (row["mode"], row["complete"]) == ("service", False)
    assert (row["since"], row["until"]) == ("2025-02-10", "2025-06-15")
    assert (row["with_records"], row["without_records"]) == ([3], [4, 5])
    for month in (4, 5):
        seize(f"S-{month}", f"2025-0{month}-02")
    [row] = coverage().values()
    assert (row["complete"], row["without_records"]) == (True, [])
    [later] = coverage(path="/statistics/coverage?year=2026").values()
    assert later["mode"] is None, "the declaration ended the year before"


def test_exports_and_imports_are_of_registers_of_their_own(coverage, bra):
    assert {register for _, register in coverage(bra, "licit_trade")} == {"export", "import"}


def test_the_secretariat_reads_that_of_states_which_allow_it(coverage, seize, as_actor):
    seize("S-1", "2025-03-02")
    secretariat = as_actor(None, "secretariat")
    rows = coverage(secretariat)
    assert rows["BRA", "seizures"]["with_records"] == [3]
    assert rows["PRY", "seizures"]["with_records"] == []
    as_actor("BRA", "state_administrator").post(
        "/settings", {"yearly_totals": False}, 200, If_Match='"0"'
    )
    assert ("BRA", "seizures") not in coverage(secretariat)
    assert coverage(secretariat, "flows") == {}


def test_a_file_has_a_line_for_each(police):
    lines = police.get(f"{YEAR}&format=csv").text.splitlines()
    assert lines[0].lstrip("\ufeff").startswith("state,dataset,register,mode,since")
    assert len(lines) > 5
