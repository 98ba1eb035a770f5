"""Every command requires a permission first, and every reader that knows its actor does too."""

import ast

import pytest

from tests.support import source

HANDS_OVER = {  # a batch of one: the bulk core that each calls requires the permission
    "permits.record",
    "shipments.record",
    "checkpoints.record",
    "transfers.record",
    "seizures.record",
    "licensees.record",
    "alerts.record",
}
READ_FOR_A_COMMAND = {  # the command that calls it has required its own permission
    "alerts.own_among": "of the alerts that hits name",
    "calendars.for_priority": "by which a term of the own state counts",
    "calendars.of": "by which a term of the own state counts",
    "calls.on_board": "a part of a board",
    "calls.waiting_since": "whether the same was asked a moment ago",
    "calls.waiting_of": "how many of the own side wait",
    "clocks.between": "a part of a board; which cases it names follows from permissions",
    "crossings.expected": "a part of a board",
    "discrepancies.at_post": "a part of a board; empty for who may read no discrepancies",
    "discrepancies.waiting_about": "a part of a shipment; empty for who may read no discrepancies",
    "finds.among": "which of some seizures stand on a board",
    "finds.along": "a part of a board",
    "finds.by_week": "a part of a board",
    "finds.joint_of_others": "a part of a board",
    "finds.near": "a part of a board",
    "hits.among": "which of some hits stand on a board; none for who may see no hits",
    "joint.at_post": "a part of the desk",
    "hits.at_post": "a part of a board; empty for who may see no hits",
    "hits.of_records": "a part of the page of a seizure or report, and nothing to who sees no hits",
    "alerts.of_records": "a part of a report, and nothing to who sees no alerts",
    "beside.of_document": "beside a document that was read by right; each part to who may read it",
    "reports.whole": "completes a report that was read by right; each part to who may read it",
    "consents.read": "what was just asked or decided",
    "consents.version": "compared with If-Match before the command",
    "consents.granted_for": "what the release function decides by",
    "document_facts.told": "what documents add to records that a command gives",
    "documents.shared": "completes documents that were read by right",
    "sharing.of_records": "what the release function decides by",
    "sharing.of_rows": "what the release function decides by",
    "sharing.of_papers": "what the release function decides by",
    "sharing.of_check": "what the release function decides by",
    "sharing.for_state": "what the release function decides by",
    "sharing.of_events": "what the release function decides by",
    "sharing.analyst_of": "who is told, as the release function has it",
    "sharing.reader_of": "who reads, as the release function has it",
    "papers.may_copy": "a rule that the command asks, not a reader",
    "papers.permit_facts": "what the command signs or checks",
    "amendments.of_permit": "what the command signs or checks",
    "permits.read": "what was just recorded",
    "permits.version": "compared with If-Match before the command",
    "discrepancies.read": "what was just said of it",
    "discrepancies.version": "compared with If-Match before the command",
    "discrepancies.views": "completes rows that were read by right",
    "families.around": "compares permits for a command that changed one",
    "licences.licences_on": "what a release asks before it lets goods go",
    "permits.views": "completes rows that were read by right",
    "attachments.shared": "completes a row that was read by right",
    "attachments.version": "compared with If-Match before the command",
    "unauthorised.named": "completes discrepancies that were read by right",
    "unauthorised.of_permits": "completes permits that were read by right",
    "days.today": "which day it is, nothing else",
    "days.zone_of": "by which clock it is said, nothing else",
    "notifications.find": "read and marked by the command",
    "days.days": "which day it is, nothing else",
    "shipments.read": "what was just recorded or ticked",
    "shipments.views": "completes rows that were read by right",
    "shipments.version": "compared with If-Match before the command",
    "journeys.facts_of": "what the ledger concludes from",
    "licensing.lacks_on": "what a release asks before it is",
    "licensing.licensed": "what the ledger concludes from",
    "alerts.read": "what was just entered, checked or ended",
    "alerts.version": "compared with If-Match before the command",
    "alerted.as_shown": "what a search that a command began may show",
    "hits.read": "what was just answered",
    "hits.version": "compared with If-Match before the command",
    "matches.read": "what was just judged",
    "matches.version": "compared with If-Match before the command",
    "matches.views": "completes rows that were read by right",
    "requests.version": "compared with If-Match before the command",
    "traces.read": "what was just asked or done",
    "traces.version": "compared with If-Match before the command",
    "serials.legible": "compares serials for a search that a command began",
}


def commands():
    return [
        function
        for function in source.public_functions("salsa_ext/services")
        if "actor" in [argument.arg for argument in function.node.args.kwonlyargs]
    ]


def readers():
    return [
        function
        for function in source.public_functions("salsa_ext/readmodels")
        if [argument.arg for argument in function.node.args.args][:1] == ["actor"]
    ]


@pytest.mark.parametrize("command", commands(), ids=str)
def test_a_command_requires_its_permission_before_anything_else(command):
    if str(command) in HANDS_OVER:
        assert "record_many" in ast.unparse(command.first) or (
            "confirm_many" in ast.unparse(command.first)
        )
    else:
        assert command.calls_first == "require"


@pytest.mark.parametrize("reader", readers(), ids=str)
def test_a_reader_requires_its_permission_before_anything_else(reader):
    assert (reader.calls_first == "require") != (str(reader) in READ_FOR_A_COMMAND)


def test_there_are_commands_and_readers_to_look_at():
    assert len(commands()) > 20
    assert len(readers()) > 20


def test_the_lists_of_exceptions_name_only_what_there_is():
    named = {str(function) for function in commands() + readers()}
    assert named >= HANDS_OVER | READ_FOR_A_COMMAND.keys()
