"""The layers of CONTRIBUTING, and the few places where something rare may be done."""

import subprocess
import sys
from pathlib import Path

from tests.support import source

SEES_AS_ANOTHER_STATE = {  # each answers from a state's own records, and for nothing else
    "salsa_ext/tracing/requests/queries.py": "what an asking state may know of, by its own search",
    "salsa_ext/disclosure/disclosures.py": "an open record, read for a purpose and written down",
    "salsa_ext/notifications/commands.py": "a state is told what another did, and owns that",
    "salsa_ext/papers/commands.py": "whether a paper that a state signed still stands",
    "salsa_ext/exchange/processing.py": "an envelope is taken by its recipient, under its own eyes",
    "salsa_ext/documents/corrections.py": "who got an old value, also in a trace kept from who corrects it",
    "salsa_ext/tracing/traces/commands.py": "a trace learns of its gun by whom must not see it too",
    "salsa_ext/access/signing.py": "a state signs its own paper, whoever may have it",
    "salsa_ext/trade/permits/families.py": "each state's permits are compared with the others'",
    "salsa_ext/trade/permits/licensing.py": "which permits of any state name a licensee of one",
    "salsa_ext/trade/permits/licensees.py": "which firms a state publishes of its licensees",
    "salsa_ext/trade/permits/quotas.py": "an import certificate is drawn by what another state ships",
    "salsa_ext/matches/jobs.py": "a record of another state that a new alert may have missed",
    "salsa_ext/matches/commands.py": "a state's row of a match is its own, whoever wrote the record",
    "salsa_ext/alerts/hits.py": "each state reads a hit on an alert in a row of its own",
    "salsa_ext/alerts/reevaluation.py": "a hit is of the alert's state, whoever corrects what met it",
    "salsa_ext/alerts/pair_view.py": "what a state asked in the check that met an alert, as it may be given",
    "salsa_ext/matches/notices.py": "a change of a state's match is in its own feed",
    "salsa_ext/matches/withdrawals.py": "a correction takes it from both, each its own row",
    "salsa_ext/guns/graph.py": "open records that a link, a match or a mark leads to",
    "salsa_ext/firearms/search/mark_lookup.py": "whether a record that another mark hits has its own serial",
    "salsa_ext/leads/queries.py": "by which shipment an open record left its state",
    "salsa_ext/sealed_log/sealing.py": "each state's log, as the service of that state",
    "salsa_ext/personal_data/erasure.py": "a case keeps its persons, hidden or not",
    "salsa_ext/exchange/webhooks.py": "what the agency of a webhook may see of its own state",
    "salsa_ext/tracing/traces/trace_results.py": "firms that answers named already",
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
    assert ending == {"salsa_ext/database/session.py"}


def test_only_the_listed_places_see_what_another_state_sees():
    seeing = {
        str(path.relative_to(source.ROOT))
        for path in source.files(*CODE)
        if "acting_as" in source.calls(path)
    }
    assert seeing == SEES_AS_ANOTHER_STATE.keys()


def test_no_file_has_more_than_500_lines():
    lines = {path: len(path.read_text().splitlines()) for path in source.files(*CODE)}
    assert {str(path): count for path, count in lines.items() if count > 500} == {}
