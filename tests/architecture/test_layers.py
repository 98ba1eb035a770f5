"""The layers of CONTRIBUTING, and the few places where something rare may be done."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import source

SEES_AS_ANOTHER_STATE = {  # each answers from a state's own records, and for nothing else
    "salsa_ext/services/candidates.py": "what an asking state may know of, by its own search",
    "salsa_ext/services/disclosures.py": "an open record, read for a purpose and written down",
    "salsa_ext/services/consents.py": "each side of a consent owns its own row of it",
    "salsa_ext/services/ledger.py": "a shipment is as the facts of all sides are",
    "salsa_ext/services/reshipments.py": "what an owner's watch is to look at, when its guns moved",
    "salsa_ext/services/takings.py": "a shipment is locked for whichever side states a fact",
    "salsa_ext/services/notifications.py": "a state is told what another did, and owns that",
    "salsa_ext/services/papers.py": "whether a paper that a state signed still stands",
    "salsa_ext/services/deliveries.py": "an envelope is taken by its recipient, under its own eyes",
    "salsa_ext/services/corrections.py": "who got an old value, also in a trace kept from who corrects it",
    "salsa_ext/services/retellings.py": "each state tells its own records that were corrected again",
    "salsa_ext/services/traces.py": "a trace learns of its gun by whom must not see it too",
    "salsa_ext/services/signing.py": "a state signs its own paper, whoever may have it",
    "salsa_ext/services/families.py": "which states a family of permits reaches, to lock them",
    "salsa_ext/services/standings.py": "each state's permits are classified against the others'",
    "salsa_ext/services/reviews.py": "which permits of any state name a licensee of one",
    "salsa_ext/services/authorisations.py": "a state's register answers for its own parties",
    "salsa_ext/services/balances.py": "an import certificate is drawn by what another state ships",
    "salsa_ext/services/discrepancies.py": "a discrepancy belongs to its subject's state",
    "salsa_ext/services/telling_owners.py": "which records an owner was told of, hidden from the asker",
    "salsa_ext/services/proposals.py": "a state's row of a match is its own, whoever wrote the record",
    "salsa_ext/services/hits.py": "a hit is of the alert's state, and of the one that met it",
    "salsa_ext/services/hit_endings.py": "who waits for an answer reads it in a row of its own",
    "salsa_ext/services/hit_causes.py": "a hit is of the alert's state, whoever corrects what met it",
    "salsa_ext/services/hit_sides.py": "what a state asked in the check that met an alert, as it may be given",
    "salsa_ext/services/match_withdrawals.py": "a correction takes it from both, each its own row",
    "salsa_ext/services/histories.py": "open records that a link or a confirmed match leads to",
    "salsa_ext/services/positions.py": "its status follows from what all states say",
    "salsa_ext/readmodels/serials.py": "whether a record that another mark hits has its own serial",
    "salsa_ext/readmodels/consignments.py": "by which shipment an open record left its state",
    "salsa_ext/readmodels/holders.py": "whether open records name the same person, and not whom",
    "salsa_ext/readmodels/joining.py": "open records that a link or a match leads to",
    "salsa_ext/readmodels/traces.py": "firms that answers named already",
}
ENDS_A_TRANSACTION = ("commit", "rollback")
CODE = ("salsa_ext", "api", "importers")


def test_imports_keep_to_the_layers():
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run(
        [linter, "--no-cache"], cwd=source.ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout


def test_only_the_database_module_ends_transactions():
    ending = {
        str(path.relative_to(source.ROOT))
        for path in source.files(*CODE)
        for call in source.calls(path)
        if call.rpartition(".")[2] in ENDS_A_TRANSACTION
    }
    assert ending == {"salsa_ext/db.py"}


def test_only_the_listed_places_see_what_another_state_sees():
    seeing = {
        str(path.relative_to(source.ROOT))
        for path in source.files(*CODE)
        if "as_state" in source.calls(path)
    }
    assert seeing == SEES_AS_ANOTHER_STATE.keys()


@pytest.mark.parametrize("path", source.files(*CODE), ids=lambda path: path.stem)
def test_a_file_has_at_most_400_lines(path):
    assert len(path.read_text().splitlines()) <= 400
