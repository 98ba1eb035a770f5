"""Accounts of the demo region read every answer they get, and find nothing that is not theirs to read.

Who may find a word is reckoned from the rows as their owners have them, by rules written here by
hand: nothing of this asks the release function.
"""

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from salsa_ext.demo.world import STATES
from salsa_ext.lookups import budgets
from tests.support.routes import ROUTES
from tests.support.sizes import long_only

OFFICERS = frozenset(
    {
        "licensing_officer",
        "police_officer",
        "forensic_examiner",
        "trace_analyst",
        "border_officer",
        "supervisor",
    }
)
"""Who reads anything of another state's; of an own state everybody may whose permission it is."""
PURPOSE = {"Salsa-Purpose": "investigation", "Salsa-Case": "READER-1"}
FILES = ("/paper", "/content", "/report", "/form")
ANYBODY = "*"
pytestmark = long_only
EACH, MOST = 3, 120  # things of each kind that everybody tries to open: of each keeping, and in all
SETTING = "LEFT JOIN record_setting s ON s.record_id = r.id WHERE r.owner_state = :state"
KEPT = "coalesce(s.visibility, 'open')"
# what each state wrote, with who else may find it: a visibility, or the states that it concerns
WORDS = (
    f"SELECT r.serial, r.concerned, {KEPT} FROM record r {SETTING} AND length(r.serial) > 6",
    *(
        f"SELECT d.number, d.concerned, {KEPT} FROM {kind} d JOIN record r ON r.document_id = d.id"
        f" {SETTING}"
        for kind in ("seizure", "transfer", "report")
    ),
    "SELECT number, concerned, 'open' FROM shipment WHERE owner_state = :state",
    "SELECT number, concerned, 'closed' FROM permit WHERE owner_state = :state",
    "SELECT unnest(plates || seals || container), concerned, 'closed' FROM shipment"
    " WHERE owner_state = :state",
    "SELECT firearm->>'serial', ARRAY(SELECT state FROM trace_leg l WHERE l.trace_id = t.id),"
    " 'closed' FROM trace t WHERE owner_state = :state AND length(firearm->>'serial') > 6",
    # an address of a made-up person may be that of a firm too, which open records show
    "SELECT unnest(ARRAY[identification, CASE WHEN address NOT IN (SELECT firm.address FROM party firm"
    " WHERE firm.kind <> 'individual' AND firm.address IS NOT NULL) THEN address END]),"
    " ARRAY(SELECT unnest(concerned) FROM permit"
    " WHERE p.id IN (exporter_id, importer_id, final_consignee_id, broker_id)), 'closed'"
    " FROM party p WHERE owner_state = :state AND kind = 'individual'",
)
THINGS = {
    **{
        f"{kind}_id": f"SELECT id, '' FROM {kind} WHERE owner_state = :state"
        for kind in ("transfer", "report", "permit", "shipment")
    },
    "seizure_id": f"SELECT r.document_id, {KEPT} FROM record r {SETTING}"
    " AND r.document_kind = 'seizure'",
    "trace_id": "SELECT id, status FROM trace WHERE owner_state = :state",
    "request_id": "SELECT id, status FROM trace_request WHERE owner_state = :state",
    "alert_id": "SELECT id, action FROM alert WHERE owner_state = :state",
    "hit_id": "SELECT id, status FROM hit WHERE owner_state = :state",
    "match_id": "SELECT id, strength FROM match WHERE owner_state = :state",
    "record_id": f"SELECT r.id, {KEPT} || r.event FROM record r {SETTING}",
}
# what other states answered to its traces, by a person's decision too
ANSWERED = (
    "SELECT unnest(ARRAY[event->>'document_number', event->>'serial']) FROM trace_leg,"
    " jsonb_array_elements(events) AS event WHERE owner_state = :state"
)


@dataclass
class Region:
    """Who may find which word, and the things that there are to be opened."""

    finders: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    owners: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    things: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def may_find(self, word, state, role):
        """Tell whether an officer may be given a word: his own state's, or as an officer others'."""
        if state in self.owners[word]:
            return True
        return role in OFFICERS and bool(self.finders[word] & {state, ANYBODY})


@pytest.fixture(scope="module")
def known(small):
    findings, draw = Region(), random.Random(5)
    with small.app.app_context():
        for state in sorted(STATES):
            with transaction(operator(state)):
                for word, concerned, shown in rows(WORDS, state):
                    findings.owners[word].add(state)
                    findings.finders[word] |= {ANYBODY} if shown == "open" else {*(concerned or ())}
                for (word,) in rows([ANSWERED], state):
                    findings.finders[word].add(state)
                for name, query in THINGS.items():
                    stored = defaultdict(set)
                    for key, how in rows([query], state):
                        stored[how].add(str(key))
                    for some in stored.values():
                        findings.things[name] += draw.sample(sorted(some), min(EACH, len(some)))
    for some in findings.things.values():
        draw.shuffle(some)
    return findings


@pytest.fixture(scope="module", autouse=True)
def ample_budget():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(budgets.BUDGETS, "unknown", budgets.Budget(10**6, 10**6))
        yield


def rows(queries, state):
    """Return the rows of a state that say anything."""
    every = (db.session.execute(text(query), {"state": state}) for query in queries)
    return [row for findings in every for row in findings if row[0]]


def paths(known):
    """Return the paths of all that can be read, and of some things of each kind and each keeping."""
    for route in ROUTES:
        names = re.findall(r"\{(\w+)\}", route.path)
        if route.method != "GET" or route.path.endswith(FILES):
            continue
        if not names:
            yield route.url + "?limit=200"
        elif names[0] in known.things and len(names) == 1:
            for key in known.things[names[0]][:MOST]:
                yield route.path.replace(f"{{{names[0]}}}", key)
        else:
            yield route.url


def read(small, known, state, role):
    """Yield each answer that an account gets, for a purpose and, of lists, without one too."""
    client = small.client(state, role)
    for path in paths(known):
        for headers in ({}, PURPOSE) if "?" in path else (PURPOSE,):
            sent = headers | {"Authorization": f"Bearer {client.token}"}
            answer = client.client.get(f"/api/v1{path}", headers=sent)
            if answer.status_code == 422 and "limit" in answer.get_data(as_text=True):
                answer = client.client.get(f"/api/v1{path.partition('?')[0]}", headers=sent)
            assert answer.status_code in (200, 403, 404, 422), (path, answer.status_code)
            if answer.status_code == 200:
                yield path, answer


def texts_of(value):
    """Yield the texts of an answer whole, and word by word."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)
    elif isinstance(value, str):
        yield value
        yield from re.findall(r"[\w-]+", value)


def found_by(small, known, state, role):
    """Return the words that an account finds, each with its first place."""
    findings = {}
    for path, answer in read(small, known, state, role):
        for word in texts_of(
            answer.json if answer.is_json else answer.data.decode(errors="replace")
        ):
            if word in known.owners:
                findings.setdefault(word, path)
    return findings


def not_his(known, findings, state, role):
    """Return what an account found and may not, as sentences."""
    return [
        f"{state} {role} finds {word} of {sorted(known.owners[word])} at {path}"
        for word, path in findings.items()
        if not known.may_find(word, state, role)
    ]


@pytest.fixture(scope="module")
def findings(small, known):
    """What each account finds."""
    accounts = [(each.state, each.role) for each in small.made.accounts]
    return {who: found_by(small, known, *who) for who in accounts}


def test_nobody_finds_a_word_that_is_not_his_to_read(known, findings):
    assert [each for who, words in findings.items() for each in not_his(known, words, *who)] == []


def test_the_region_has_words_that_others_find_and_many_that_they_do_not(known, findings):
    words = findings["BRA", "trace_analyst"].keys()
    others = {word for word in words if "BRA" not in known.owners[word]}
    stored = {word for word in known.owners if not known.may_find(word, "BRA", "trace_analyst")}
    assert len(others) > 60
    assert len(stored) > 500


def test_what_one_state_finds_is_not_all_for_another(known, findings):
    assert not_his(known, findings["BRA", "trace_analyst"], "CHL", "trace_analyst")
