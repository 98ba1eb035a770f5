"""The sealed log: what is written is sealed, proven, and verified offline."""

import base64
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.rules import operator, service
from salsa_ext.access.signing import current_private_key, key_set
from salsa_ext.core import log_verifier
from salsa_ext.core.log_verifier import NotProven
from salsa_ext.database.session import execute_raw, transaction
from salsa_ext.sealed_log import sealing
from tests.support import bodies
from tests.support.jobs import run_due

LEAVES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def rfc_root(leaves):
    """The root as RFC 6962 defines it, from the top."""
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return log_verifier.hash_node(rfc_root(leaves[:middle]), rfc_root(leaves[middle:]))


@given(LEAVES)
def test_a_tree_grown_leaf_by_leaf_has_the_root_of_the_standard(leaves):
    peaks = []
    for size, leaf in enumerate(leaves):
        log_verifier.add_leaf(peaks, size, leaf)
    assert log_verifier.root_of(peaks) == rfc_root(leaves)


@pytest.fixture
def officer(as_actor):
    return as_actor("BRA", "police_officer")


@pytest.fixture
def auditor(as_actor):
    return as_actor("BRA", "auditor")


@pytest.fixture
def seal(app):
    return lambda: run_due(app, "sealing")


@pytest.fixture
def bundle(auditor, tmp_path):
    """The log of Brazil as a file, changed by a function of its parts."""

    def load(change=lambda parts: None):
        path, parts = tmp_path / "bundle.zip", {}
        with zipfile.ZipFile(io.BytesIO(auditor.get("/audit/bundle").data)) as files:
            parts = {name: files.read(name) for name in files.namelist()}
        change(parts)
        with zipfile.ZipFile(path, "w") as files:
            for name, content in parts.items():
                files.writestr(name, content)
        return path

    return load


@pytest.fixture
def verify(session, bundle):
    def run(change=lambda parts: None, older=()):
        keys = {key["kid"]: key for key in key_set()["keys"]}
        return log_verifier.verify_bundle(bundle(change), keys, older)

    return run


def test_all_acts_of_a_state_are_sealed_and_verified(officer, seal, verify, monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 3)
    for number in range(5):
        officer.post("/seizures", bodies.seizure(number=f"S-{number}"))
    seal()
    result = verify()
    assert (result.state, result.without_text) == ("BRA", 0)
    assert result.entries == execute_raw("SELECT count(*) FROM log_leaf").fetchone()[0] >= 5


def test_a_checkpoint_by_a_key_that_was_reported_stolen_proves_nothing(officer, seal, bundle):
    officer.post("/seizures", bodies.seizure())
    seal()
    keys = {key["kid"]: key | {"compromised_at": "2026-01-01"} for key in key_set()["keys"]}
    with pytest.raises(NotProven, match="reported stolen"):
        log_verifier.verify_bundle(bundle(), keys)


def test_each_entry_has_a_proof_to_the_checkpoint(officer, auditor, seal):
    for number in range(4):
        officer.post("/checks", bodies.check(case_number=f"C-{number}"))
    seal()
    note = auditor.get("/audit/checkpoint").json
    for entry in auditor.get("/audit?limit=10").json["items"]:
        proof = auditor.get(f"/audit/{entry['id']}/proof").json
        hashes = map(base64.b64decode, proof["hashes"])
        leaf, size = base64.b64decode(proof["leaf"]), note["size"]
        root = log_verifier.root_by_proof(leaf, proof["position"], size, hashes)
        assert base64.b64encode(root).decode() in proof["checkpoint"] == note["note"]


def test_an_entry_is_proven_once_it_is_sealed(officer, auditor, seal):
    seal()
    officer.post("/checks", bodies.check())
    [entry] = auditor.get("/audit?action=check:made").json["items"]
    auditor.get(f"/audit/{entry['id']}/proof", 404)
    seal()
    assert auditor.get(f"/audit/{entry['id']}/proof").json["position"] >= 0


def change_text(parts):
    parts["entries.jsonl"] = parts["entries.jsonl"].replace(b"police_officer", b"police_officeR", 1)


def drop_entry(parts):
    parts["entries.jsonl"] = b"".join(parts["entries.jsonl"].splitlines(keepends=True)[:-1])


def drop_leaf(parts):
    parts["leaves"] = parts["leaves"][:-32]


def swap(parts):
    leaves, lines = parts["leaves"], parts["entries.jsonl"].splitlines(keepends=True)
    parts["leaves"] = leaves[32:64] + leaves[:32] + leaves[64:]
    parts["entries.jsonl"] = b"".join([lines[1], lines[0], *lines[2:]])


def sign_by_another(parts):
    parts["checkpoint"] = parts["checkpoint"].replace(b"\n\n", b"\ntime 1\n\n")


@pytest.mark.parametrize(
    "change,reason",
    [
        (change_text, "is not the one that was sealed"),
        (drop_entry, "the bundle has"),
        (drop_leaf, "the bundle has others"),
        (swap, "the leaves are others"),
        (sign_by_another, "not written as one"),
    ],
)
def test_what_was_altered_is_not_proven(officer, seal, verify, change, reason):
    for number in range(3):
        officer.post("/checks", bodies.check(case_number=f"C-{number}"))
    seal()
    with pytest.raises(NotProven, match=reason):
        verify(change)


def test_no_byte_of_a_bundle_is_changed_or_cut_off_unnoticed(officer, seal, session, bundle):
    officer.post("/checks", bodies.check())
    seal()
    path = bundle()
    content, keys = path.read_bytes(), {key["kid"]: key for key in key_set()["keys"]}
    whole = log_verifier.verify_bundle(path, keys)
    for position in range(0, len(content), 7):
        changed = bytearray(content)
        changed[position] ^= 0x20
        path.write_bytes(changed)
        try:  # what is no part of the content, as the time of a file in the archive, may be changed
            assert log_verifier.verify_bundle(path, keys) == whole
        except NotProven:
            continue
    for size in (0, 1, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:size])
        with pytest.raises(NotProven):
            log_verifier.verify_bundle(path, keys)


def test_an_older_checkpoint_is_a_beginning_of_the_log(officer, auditor, seal, verify):
    officer.post("/checks", bodies.check())
    seal()
    older = auditor.get("/audit/checkpoint").json["note"]
    officer.post("/checks", bodies.check())
    seal()
    assert verify(older=[older]).older == 1


FORGERIES = {
    "truncated": (lambda entries: entries[:-1], "the log went back"),
    "re-ordered": (lambda entries: [entries[1], entries[0], *entries[2:]], "two logs of"),
    "forked": (lambda entries: [*entries[:-1], entries[0]], "two logs of"),
    "rewritten and continued": (lambda entries: entries[1:] * 2, "leaves are others than those"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_another_log_is_found_by_a_checkpoint_of_before(
    officer, auditor, seal, verify, app, forgery
):
    """Who has the state's key and the database can sign another log, and not the note of before."""
    for number in range(3):
        officer.post("/checks", bodies.check(case_number=f"C-{number}"))
    seal()
    before = auditor.get("/audit/checkpoint").json["note"]
    actor = service("BRA", app.config["CLOCK"], app.config["VAULT"])
    kid, key = current_private_key(actor, "BRA")
    change, reason = FORGERIES[forgery]

    def forge(parts):
        hashes, lines = parts["leaves"], parts["entries.jsonl"].splitlines(keepends=True)
        pairs = [(hashes[at * 32 : at * 32 + 32], line) for at, line in enumerate(lines)]
        leaves, lines = zip(*change(pairs), strict=True)
        parts["leaves"], parts["entries.jsonl"] = b"".join(leaves), b"".join(lines)
        root, public = rfc_root(leaves), key.public_key().public_bytes_raw()
        parts["checkpoint"] = log_verifier.write_note(
            "BRA", len(leaves), root, kid, public, key.sign
        )

    assert verify(forge).older == 0
    with pytest.raises(NotProven, match=reason):
        verify(forge, older=[before])


def test_a_state_reads_no_log_of_another(as_actor, officer, seal):
    officer.post("/checks", bodies.check())
    seal()
    as_actor("PRY", "auditor").get("/audit/checkpoint", 404)
    as_actor("PRY", "police_officer").post("/checks", bodies.check())
    seal()
    note = as_actor("PRY", "auditor").get("/audit/checkpoint").json["note"]
    assert note.startswith("salsa-ext/PRY\n")


def test_what_is_hidden_from_its_own_state_is_sealed_in_the_other_log(app, seal, session):
    actor = service("BRA", app.config["CLOCK"], app.config["VAULT"])
    hidden = AuditEvent(Action.RECORD_MATCHED, "check", "x", "PRY", ["PRY"], hidden=True)
    with transaction(actor):
        append(actor, hidden)
    seal()
    found = {}
    for state in ("BRA", "PRY"):
        with transaction(operator(state)):
            found[state] = execute_raw(
                "SELECT count(*) FROM log_leaf WHERE state = %s", (state,)
            ).fetchone()[0]
    assert found == {"BRA": 0, "PRY": 2}  # with the key that is made for it


def test_a_proof_is_read_from_few_rows_of_a_large_log():
    leaves = [number.to_bytes(32, "big") for number in range(1_000)]
    stored = {}
    peaks = []
    for size, leaf in enumerate(leaves):
        log_verifier.add_leaf(
            peaks,
            size,
            leaf,
            lambda height, root, at=size: stored.update({(height, at >> height): root}),
        )
    assert stored[8, 2] == rfc_root(leaves[512:768])
    assert json.dumps(len(stored)) == str(sum(1_000 >> height for height in range(1, 10)))
