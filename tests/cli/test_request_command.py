"""Requests and traces from the command line."""

import hashlib
import json
from dataclasses import replace

import pytest

from api.bare import bare_app
from api.schemas.traces import TraceRequest
from api.schemas.transfers import TransferRequest
from salsa_ext.db import db, transaction
from salsa_ext.policy.rules import operator
from salsa_ext.services import traces, transfers
from tests import bodies
from tests.papers import text_of

OWN, ASKING = ("--state", "PRY"), ("--state", "BRA")


@pytest.fixture
def trace(salsa, fresh_database, tmp_path):
    """Return the id of Brazil's trace of a gun of which Paraguay keeps a pointer."""
    config = replace(fresh_database, home=tmp_path / "home")
    with bare_app(config).app_context() as context:
        pry, bra = operator("PRY"), operator("BRA")
        sale = TransferRequest().load(bodies.transfer(visibility="pointer"))
        with transaction(pry):
            transfers.record(actor=pry, data=sale)
        vault, data = context.app.config["VAULT"], TraceRequest().load(bodies.trace())
        with transaction(bra):
            made = traces.request(actor=bra, vault=vault, data=data)
        db.engine.dispose()
    return str(made)


@pytest.fixture
def request_(salsa, trace):
    [found] = json.loads(salsa("request", "list", *OWN, "--json").stdout)
    return found


def test_a_request_is_listed_shown_acknowledged_and_answered(salsa, trace, request_):
    own = request_["id"]
    assert salsa("request", "list", *OWN, "--status", "sent").stdout.split()[:3] == [
        own, "sent", "routine",
    ]  # fmt: skip
    nobody = "0199f2c0-0000-7000-8000-000000000000"
    done = salsa("request", "acknowledge", *OWN, nobody, own)
    assert (done.stdout, done.returncode) == ("1 acknowledged.\n", 1)
    assert done.stderr.startswith(f"{nobody}: ")
    record = request_["candidates"][0]["record"]
    shown = salsa("request", "show", *OWN, own).stdout
    assert "BRA, case C-1" in shown and record in shown
    answered = salsa("request", "answer", *OWN, "--record", record, own)
    assert answered.stdout == f"{own} is answered.\n"
    told = salsa("trace", "show", *ASKING, trace).stdout
    assert "answered, version" in told and "PRY  answered  salsa" in told


def test_a_report_is_written_and_the_audit_knows_it(salsa, trace, tmp_path):
    file = tmp_path / "trace.pdf"
    made = salsa("trace", "report", *ASKING, "-o", str(file), "--language", "pt", trace)
    assert made.returncode == 0, made.stderr
    assert "Relatório de rastreamento" in text_of(file.read_bytes())
    known = salsa("trace", "report", *ASKING, "--verify", str(file), trace)
    assert known.stdout.startswith("The audit knows this file: made at ")
    found = made.stdout.split()[-1]
    pasted = f"{found[:8]}\u200b{found[8:40]}\n{found[40:]}"
    printed = salsa("trace", "report", *ASKING, "--sha256", pasted, f"{trace[:8]}\u200b{trace[8:]}")
    assert printed.stdout.startswith("The audit knows this content: made at ")
    file.write_bytes(file.read_bytes() + b" ")
    unknown = salsa("trace", "report", *ASKING, "--verify", str(file), trace)
    assert (unknown.returncode, "knows no such report" in unknown.stderr) == (1, True)
    assert salsa("trace", "report", *ASKING, trace).returncode == 2


def test_a_form_for_a_state_that_takes_no_part_is_written_by_the_ending_of_its_name(
    salsa, trace, tmp_path
):
    asked = ("--of", "ESP", "--reason", "Import mark", "--channel", "etrace")
    assert salsa("trace", "ask", *ASKING, *asked, trace).returncode == 0
    [found] = json.loads(salsa("trace", "list", *ASKING, "--json").stdout)
    [leg] = [leg["id"] for leg in found["legs"] if leg["state"] == "ESP"]
    pdf, table, data = (tmp_path / f"form.{kind}" for kind in ("pdf", "csv", "json"))
    made = salsa("trace", "form", *ASKING, "--leg", leg, "-o", str(pdf), "--language", "fr", trace)
    assert made.stdout == f"{pdf}: SHA-256 {hashlib.sha256(pdf.read_bytes()).hexdigest()}\n"
    assert "Demande de traçage" in text_of(pdf.read_bytes())
    for file in (table, data):
        salsa("trace", "form", *ASKING, "--leg", leg, "-o", str(file), trace)
    assert "V,5a,Serial number,Yes,ABC123456" in table.read_text("utf-8-sig")
    assert json.loads(data.read_text())["form"] == "ATF F 3312.1 (February 2018)"
    wrong = salsa("trace", "form", *ASKING, "--leg", leg, "-o", str(tmp_path / "form"), trace)
    assert (wrong.returncode, "ends in .pdf" in wrong.stderr) == (2, True)


def test_a_question_is_asked_and_replied_to(salsa, trace, request_):
    own = request_["id"]
    asked = salsa("request", "ask", *OWN, "--question", "Which calibre?", own)
    assert asked.stdout == f"{own} is clarification.\n"
    [found] = json.loads(salsa("trace", "list", *ASKING, "--json").stdout)
    [leg] = [leg["id"] for leg in found["legs"] if leg["state"] == "PRY"]
    replied = salsa("trace", "reply", *ASKING, "--leg", leg, "--text", "9x19", trace)
    assert replied.stdout == f"{trace} is sent.\n"
    assert json.loads(salsa("request", "show", *OWN, "--json", own).stdout)["status"] == (
        "acknowledged"
    )


@pytest.mark.parametrize("said,status", [
    (("refuse", "--reason", "national_security", "--text", "No"), "refused"),
    (("defer", "--until", "2099-01-01", "--reason", "No"), None),
    (("no-record",), "no_record"),
    (("forward", "--to", "URY", "--reason", "Sold on"), "forwarded"),
])  # fmt: skip
def test_a_request_is_ended_in_other_ways(salsa, request_, said, status):
    done = salsa("request", said[0], *OWN, *said[1:], request_["id"])
    if status is None:
        assert (done.returncode, "within 366 days" in done.stderr) == (1, True)
    else:
        assert done.stdout == f"{request_['id']} is {status}.\n"


def test_a_request_is_kept_from_an_agency_of_the_state(salsa, request_):
    salsa("agency", "add", *OWN, "--kind", "police", "--zone", "UTC", "PRY-POLICE", "Police")
    salsa("agency", "add", *OWN, "--kind", "licensing", "--zone", "UTC", "PRY-LICENSING", "Arms")
    own = request_["id"]
    done = salsa("request", "hide", *OWN, "--from", "PRY-POLICE", own)
    assert done.stdout == f"{own} is kept from PRY-POLICE.\n"
    assert "PRY-POLICE" in salsa("request", "show", *OWN, own).stdout
    wrong = salsa("request", "hide", *OWN, "--from", "PRY-NOBODY", own)
    assert (wrong.returncode, "There is no agency PRY-NOBODY" in wrong.stderr) == (1, True)


def test_a_trace_is_led_on(salsa, trace, request_):
    one_more = ("ask", *ASKING, "--of", "AUT", "--reason", "Made there", "--channel", "post")
    assert salsa("trace", *one_more, trace).returncode == 0
    assert salsa("trace", "note", *ASKING, "--text", "Ask the judge", trace).returncode == 0
    refused = salsa("trace", "feedback", *ASKING, "--helped", trace)
    assert (refused.returncode, "No state has answered" in refused.stderr) == (1, True)
    assert salsa("trace", "withdraw", *ASKING, trace).stdout == f"{trace} is withdrawn.\n"
    [found] = json.loads(salsa("request", "list", *OWN, "--json").stdout)
    assert found["status"] == "withdrawn"


def test_a_draft_is_advised(salsa, fresh_database, tmp_path):
    config = replace(fresh_database, home=tmp_path / "home")
    with bare_app(config).app_context() as context:
        bra, gun = operator("BRA"), bodies.firearm()
        del gun["make"]
        data = TraceRequest().load(bodies.trace(firearm=gun, draft=True))
        with transaction(bra):
            made = traces.request(actor=bra, vault=context.app.config["VAULT"], data=data)
        db.engine.dispose()
    said = salsa("trace", "advice", *ASKING, str(made)).stdout
    assert "general experience" in said and "The trace has no make." in said
    told = json.loads(salsa("trace", "advice", *ASKING, "--json", str(made)).stdout)
    assert told["next"] == "make"
