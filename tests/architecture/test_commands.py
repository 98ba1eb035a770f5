"""What routes, pages and commands call with an actor requires its permission first."""

import ast
from functools import cache

from tests.support import source

CALLERS = ("api/routes", "api/web", "api/papers", "api/schemas", "api/cli")
ALLOWED = {
    "what was just written": """
        alerts.queries.load_alert alerts.queries.load_hit disclosure.consents.load_consent
        matches.queries.read_match tracing.traces.queries.load trade.permits.queries.read_permit
        trade.discrepancies.queries.read_discrepancy trade.shipments.queries.read_shipment
        administration.attachments.attachment_view checks.checks.build_answer
        reference.participation.declarations.read_declaration
        documents.reports.with_matches_and_alerts alerts.hits.match_records
        lookups.reviews.load_review""",
    "compared with If-Match before the command": """
        administration.attachments.attachment_version annual_reports.annual_reports.annual_report_version
        alerts.queries.alert_version
        alerts.queries.hit_version disclosure.consents.current_version
        matches.queries.current_version tracing.requests.queries.current_version
        exchange.webhooks.webhook_version
        tracing.traces.queries.current_version trade.discrepancies.queries.discrepancy_version
        trade.permits.queries.permit_version trade.shipments.queries.shipment_version""",
    "a part of a page that was read by right, each to readers who may": """
        alerts.queries.alerts_of_records alerts.queries.hits_of_records
        alerts.alerts.is_validation_due boards.calls.calls_on_board administration.keys.device_owner
        guns.joint_seizures.at_post documents.related.find_related
        documents.related.is_complete documents.related.with_matches
        documents.seizures.find_own_seizure trade.shipments.holds.refusal_reason
        trade.receipts.receipts.is_verified_on_paper
        trade.shipments.shipments.certificate_problem
        administration.accounts.read_identity administration.audit.log_reads
        firearms.search.advice.cached_scope""",
    "opens or ends a session, or is the check itself": """
        access.authentication.sign_in access.authentication.open_by_link
        access.authentication.close_session access.authentication.renew_session
        access.authentication.change_password administration.accounts.read_preferences
        access.rules.require database.session.transaction
        database.idempotency.store_answer disclosure.disclosures.require_purpose""",
    "of the own account, before it may do anything": """
        access.second_factor.confirm access.second_factor.has_codes
        access.second_factor.is_own_secret access.second_factor.new_secret
        access.second_factor.setup_address access.passkeys.creation_options
        access.passkeys.request_options access.passkeys.add_passkey access.passkeys.sign_in
        administration.directory.enter""",
    "decides what is released": "disclosure.sharing.share_records",
    "of who runs the server": "statistics.rollups.recount personal_data.erasure.encrypt_parties",
    "which day it is, and by which clock": """
        reference.calendars.today reference.calendars.reader_zone""",
}


def imported_names(tree):
    """Return local names of modules and functions that a file imports from the domain."""
    modules, functions = {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("salsa_ext"):
            for name in node.names:
                path = source.ROOT / f"{node.module}.{name.name}".replace(".", "/")
                is_module = path.with_suffix(".py").exists()
                local = name.asname or name.name
                (modules if is_module else functions)[local] = (node.module, name.name)
    return modules, functions


def used():
    """Return module and name of each function of the domain that the outer layers use."""
    for path in source.files(*CALLERS):
        tree = ast.parse(path.read_text())
        modules, functions = imported_names(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if found := modules.get(node.value.id):
                    yield ".".join(found), node.attr
            elif isinstance(node, ast.Name) and node.id in functions:
                yield functions[node.id]


@cache
def entrances():
    """Return the public functions among them that are given an actor."""
    by_module = {}
    for module, name in used():
        by_module.setdefault(module, set()).add(name)
    return [
        function
        for module, names in sorted(by_module.items())
        for function in source.functions(module)
        if function.node.name in names and function.takes_actor
    ]


def test_a_function_that_is_called_from_outside_requires_its_permission_first():
    allowed = {name for names in ALLOWED.values() for name in names.split()}
    others = {
        str(function)
        for function in entrances()
        if function.calls_first != "require"
        and "record_many" not in ast.unparse(function.first)  # a batch of one
    }
    assert others == allowed


def test_there_are_functions_to_look_at():
    assert len(entrances()) > 200
