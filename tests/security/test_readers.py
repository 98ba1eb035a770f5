"""Every role of three states reads every answer there is, and finds nothing that is not its to read.

Each field is planted with words of its own. Who may find them is written here, by hand: nothing
of this asks the release function.
"""

import io
import re
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from tests.support import actors, bodies
from tests.support.grounds import forget_shares
from tests.support.routes import ROUTES
from tests.support.sizes import sized

STATES = ("PRY", "BRA", "URY")
OF_STATES = (
    "licensing_officer",
    "police_officer",
    "forensic_examiner",
    "trace_analyst",
    "border_officer",
    "supervisor",
    "state_administrator",
    "auditor",
)
READING = sized(
    [(state, "trace_analyst") for state in STATES],
    [(state, role) for state in STATES for role in OF_STATES],
)
READERS = frozenset(OF_STATES) - {"state_administrator", "auditor"}
PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
FORMS = [("", {}), ("", PURPOSE), ("csv", PURPOSE), *sized([], [("xlsx", PURPOSE)])]
FILES = ("/paper", "/content", "/report")  # copies, attachments and reports have their own tests
EVERY, BOTH = ("PRY", "BRA", "URY"), ("PRY", "BRA")
PLANTED = {  # by whom each may be found: the readers of every state, of both sides, of the owner
    "OPEN": {
        "MODEL": EVERY,
        "NUMBER": EVERY,
        "FIRM": EVERY,
        "PERSON": ("PRY",),
        "ADDRESS": ("PRY",),
        "IDENTITY": ("PRY",),
        "LICENCE": ("PRY",),
        "REMARK": ("PRY",),
    },
    "STRICT": {
        "MODEL": EVERY,
        "NUMBER": EVERY,
        "FIRM": EVERY,
        "PERSON": ("PRY",),
        "ADDRESS": ("PRY",),
        "IDENTITY": ("PRY",),
        "LICENCE": ("PRY",),
        "REMARK": ("PRY",),
    },
    "POINTER": dict.fromkeys(
        ("MODEL", "NUMBER", "FIRM", "PERSON", "ADDRESS", "IDENTITY", "LICENCE", "REMARK"), ("PRY",)
    ),
    "SILENT": dict.fromkeys(
        ("MODEL", "NUMBER", "FIRM", "PERSON", "ADDRESS", "IDENTITY", "LICENCE", "REMARK"), ("PRY",)
    ),
    "THEFT": {"MODEL": EVERY, "NUMBER": EVERY, "PERSON": ("PRY",), "PLACE": ("PRY",)},
    "JOINT": {"MODEL": EVERY, "NUMBER": EVERY, "PLACE": BOTH, "REMARK": BOTH},
    "HUSHED": {"MODEL": BOTH, "NUMBER": BOTH, "PLACE": BOTH, "REMARK": BOTH},
    "SHIPPED": {
        "MODEL": EVERY,
        "NUMBER": EVERY,
        "FIRM": EVERY,
        "PERSON": BOTH,
        "PLATE": BOTH,
        "SEAL": BOTH,
    },
}
SERIALS = {
    "OPEN": "AKX511023",
    "STRICT": "BLY622134",
    "POINTER": "CMZ733245",
    "SILENT": "DNA844356",
    "THEFT": "EPB955467",
    "JOINT": "FQC166578",
    "HUSHED": "GRD277689",
    "SHIPPED": "HSE388790",
}
SALES = {
    "OPEN": {},
    "STRICT": {"handling": "H3"},
    "POINTER": {"visibility": "pointer"},
    "SILENT": {"visibility": "silent"},
}
WORDS = re.compile(rf"\b({'|'.join(PLANTED)})-([A-Z]+)\b")


def gun(key, **changes):
    return bodies.firearm(serial=SERIALS[key], model=f"{key}-MODEL") | changes


def sale(key, **changes):
    person = bodies.party(f"{key}-PERSON", "PRY", "individual")
    person |= {"address": f"{key}-ADDRESS", "identification": f"{key}-IDENTITY"}
    named = {"number": f"{key}-NUMBER", "licence": f"{key}-LICENCE", "to": person}
    return bodies.transfer(firearm=gun(key), **named | {"from": bodies.party(f"{key}-FIRM")}) | (
        changes
    )


def seizure(key, **changes):
    place = bodies.FOZ | {"name": f"{key}-PLACE"}
    crime = {"linked": "suspected", "relation": "proceeds", "group": f"{key}-REMARK"}
    return (
        bodies.seizure(
            number=f"{key}-NUMBER",
            place=place,
            organized_crime=crime,
            items=[gun(key)],
            joint_with={"state": "PRY", "number": "P-9"},
        )
        | changes
    )


def recorded(as_actor):
    """Let Paraguay and Brazil record each, and all three states look for all; returns what there is."""
    findings = defaultdict(list)
    clerk, police = as_actor("PRY", "licensing_officer"), as_actor("PRY", "police_officer")
    for key, value in SALES.items():
        made = clerk.post("/transfers", sale(key, **value)).json
        path, body = f"/transfers/{made['id']}/correct", sale(key, reason=f"{key}-REMARK")
        clerk.post(path, body, 200, If_Match='"1"')
        findings["transfer_id"].append(made["id"])
        findings["record_id"].append(made["firearm"]["record"])
    stolen = {
        "from": bodies.party("THEFT-PERSON", "PRY", "individual"),
        "place": {"country": "PRY", "name": "THEFT-PLACE"},
    }
    report = police.post(
        "/reports", bodies.report(number="THEFT-NUMBER", firearm=gun("THEFT"), **stolen)
    ).json
    findings["report_id"].append(report["id"])
    findings["record_id"].append(report["firearm"]["record"])
    for key, value in (("JOINT", {}), ("HUSHED", {"visibility": "silent"})):
        made = as_actor("BRA", "police_officer").post("/seizures", seizure(key, **value)).json
        findings["seizure_id"].append(made["id"])
        findings["record_id"] += [item["record"] for item in made["items"]]
    _ship(as_actor, findings)
    for state in STATES:
        _look(as_actor, state, findings)
    return findings


def _ship(as_actor, findings):
    exporter = as_actor("BRA", "licensing_officer")
    person = bodies.party("SHIPPED-PERSON", "PRY", "individual")
    named = {
        "exporter": bodies.party("SHIPPED-FIRM", "BRA", "manufacturer"),
        "importer": person,
        "final_consignee": person,
    }
    lines = [{"line": 1, "quantity": 9, "type": "pistol", "make": "Taurus", "calibre": "9x19"}]
    permit = exporter.post("/permits", bodies.permit(lines=lines, **named)).json["id"]
    item = {"line": 1, "serial": SERIALS["SHIPPED"], "model": "SHIPPED-MODEL"}
    carried = {"document_kind": "crt", "document_number": "X", "plates": ["SHIPPED-PLATE"]}
    body = bodies.shipment(
        number="SHIPPED-NUMBER", items=[item], transport=carried, seals=["SHIPPED-SEAL"]
    )
    shipment = exporter.post(f"/permits/{permit}/shipments", body).json
    findings["permit_id"].append(permit)
    findings["shipment_id"].append(shipment["id"])
    findings["record_id"].append(shipment["items"][0]["record"])


def _look(as_actor, state, findings):
    """Let a state check, seize and trace each gun; by its serial alone, so that it repeats no word."""
    police = as_actor(state, "police_officer")
    for number, serial in enumerate(SERIALS.values()):
        asked = bodies.firearm(serial=serial, model=None)
        del asked["model"]
        police.post("/checks", bodies.check(serial=serial))
        place = {"country": state}
        own = bodies.seizure(number=f"S-{number}", place=place, items=[asked])
        made = police.post("/seizures", own).json
        findings["seizure_id"].append(made["id"])
        findings["record_id"] += [item["record"] for item in made["items"]]
        findings["trace_id"].append(police.post("/traces", bodies.trace(firearm=asked)).json["id"])
    for match in police.get("/matches?limit=200").json["items"]:
        path = f"/matches/{match['id']}"
        etag = police.get(path).headers["ETag"]
        police.post(f"{path}/confirm", {}, 200, If_Match=etag)
        findings["match_id"].append(match["id"])


def paths(ids):
    """Return the paths of everything that can be read, for what there is."""
    for route in ROUTES:
        if route.method != "GET" or route.path.endswith(FILES):
            continue
        names = re.findall(r"\{(\w+)\}", route.path)
        if names and names[0] in ids:
            yield from (route.path.replace(f"{{{names[0]}}}", each) for each in ids[names[0]])
        else:
            yield route.url


def text_of(answer):
    if "spreadsheet" not in answer.content_type:
        return answer.get_data(as_text=True)
    book = zipfile.ZipFile(io.BytesIO(answer.get_data()))
    return " ".join(book.read(name).decode() for name in book.namelist() if name.endswith("xml"))


def read_all(client, ids):
    """Yield each answer that a caller gets: for a purpose and without, and lists as tables too."""
    no_lists = set()
    for path in paths(ids):
        route = re.sub(r"[0-9a-f-]{36}", "", path)
        for form, headers in FORMS:
            if form and (route.endswith("/") or route in no_lists):  # one thing is no list
                continue
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            sent["Authorization"] = f"Bearer {client.token}"
            query = {"limit": 200, "format": form} if form else {}
            answer = client.client.get(f"/api/v1{path}", headers=sent, query_string=query)
            assert answer.status_code in (200, 403, 404, 422), path
            if answer.status_code == 403:
                break
            if form and answer.is_json and answer.status_code == 200:
                no_lists.add(route)  # which is given in no other form
            yield path, answer


@dataclass
class Found:
    """Which planted words a caller found, each with its place, and which persons."""

    words: dict[tuple[str, str], str] = field(default_factory=dict)
    persons: list[dict] = field(default_factory=list)


def found_by(client, ids):
    findings = Found()
    for path, answer in read_all(client, ids):
        for word in WORDS.findall(text_of(answer)):
            findings.words.setdefault(word, path)
        findings.persons += persons(answer.json) if answer.is_json else ()
    return findings


@pytest.fixture(scope="module")
def findings(app, grounds):
    """What each caller finds, of whatever there is: everything is read once."""
    forget_shares()
    with grounds.undone():
        as_actor = actors.of(app)
        ids = recorded(as_actor)
        return {who: found_by(as_actor(*who), ids) for who in (*READING, (None, "secretariat"))}


def test_nobody_finds_what_is_not_his_to_read_and_the_rest_is_found(findings):
    found_in = defaultdict(set)
    for state, role in READING:
        for (key, name), path in findings[state, role].words.items():
            where = f"{state} {role} finds {key}-{name} at {path}"
            assert state in PLANTED[key][name], where
            owner = "PRY" if key in ("OPEN", "STRICT", "POINTER", "SILENT", "THEFT") else "BRA"
            assert role in READERS or state == owner, where
            found_in[key, name].add(state)
    assert findings[None, "secretariat"].words == {}
    assert found_in == {
        (key, name): {*states} for key, fields in PLANTED.items() for name, states in fields.items()
    }


def test_of_a_private_person_of_another_state_no_field_is_there_but_kind_and_country(findings):
    visible = [
        person
        for state in ("BRA", "URY")
        for person in findings[state, "trace_analyst"].persons
        if person["country"] == "PRY" and person.get("name") != "SHIPPED-PERSON"
    ]
    assert visible
    assert {frozenset(person) for person in visible} == {frozenset(("kind", "country"))}


def persons(value):
    if isinstance(value, list):
        for inner in value:
            yield from persons(inner)
    elif isinstance(value, dict):
        if value.get("kind") == "individual" and "country" in value:
            yield value
        for inner in value.values():
            yield from persons(inner)
