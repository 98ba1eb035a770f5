"""Attachments: added to any object, handed out as they are kept, withdrawn with a reason."""

import hashlib
import io

import pytest
from PIL import Image

from tests.support import bodies, files

PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}


@pytest.fixture
def seizure(police):
    joint = {"joint_with": {"state": "PRY", "number": "P-9"}}
    return police.post("/seizures", bodies.seizure(**joint)).json


@pytest.fixture
def subject(seizure):
    return f"seizure:{seizure['id']}"


@pytest.fixture
def photograph(examiner, subject):
    return files.attach(examiner, subject, files.photograph(), kind="photograph").json


def test_an_attachment_is_answered_with_what_is_known_of_it(examiner, subject):
    sent, number = files.photograph(), {"Salsa_Officer": "LAB-7"}
    made = files.attach(examiner, subject, sent, headers=number, kind="photograph", title="Frame")
    answer = made.json
    assert (answer["subject"], answer["kind"], answer["title"]) == (subject, "photograph", "Frame")
    assert (answer["state"], answer["handling"], answer["version"]) == ("BRA", "H1", 1)
    assert answer["received_sha256"] == hashlib.sha256(sent).hexdigest()
    assert answer["added"] == {
        "agency": "BRA-TEST",
        "officer": "LAB-7",
        "at": "2026-03-09T15:00:00+00:00",
    }


def test_the_content_is_handed_out_to_be_saved_and_not_shown(examiner, photograph):
    got = examiner.get(f"/attachments/{photograph['id']}/content")
    assert got.headers["Content-Type"] == "image/jpeg"
    name = f"photograph-{photograph['id']}.jpg"
    assert got.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert hashlib.sha256(got.data).hexdigest() == photograph["stored_sha256"]
    assert len(got.data) == photograph["size"]


def test_content_that_the_caller_has_is_not_sent_again(examiner, photograph):
    path = f"/attachments/{photograph['id']}/content"
    etag = examiner.get(path).headers["ETag"]
    assert etag == f'"{photograph["stored_sha256"]}"'
    assert examiner.get(path, 304, If_None_Match=etag).data == b""


def test_a_file_of_many_pieces_comes_back_whole(examiner, subject, monkeypatch):
    monkeypatch.setattr("salsa_ext.administration.attachments.PART_SIZE", 100)
    sent = files.pdf({"Note": b"(" + b"0123456789" * 99 + b")"})
    made = files.attach(examiner, subject, sent).json
    got = examiner.get(f"/attachments/{made['id']}/content").data
    assert len(got) > 1_000
    assert hashlib.sha256(got).hexdigest() == made["stored_sha256"]


def test_a_list_shows_what_is_attached_to_one_object_newest_first(examiner, subject, photograph):
    report = files.attach(examiner, subject, files.pdf(), kind="laboratory_report").json
    assert examiner.get(f"/attachments?subject={subject}").json["items"] == [report, photograph]
    few = examiner.get(f"/attachments?subject={subject}&kind=photograph").json["items"]
    assert few == [photograph]


@pytest.mark.parametrize("query", ["", "?subject=seizure", "?subject=gun:1", "?subject=seizure:1"])
def test_a_list_names_its_object(examiner, query):
    assert list(examiner.get(f"/attachments{query}", 422).json["errors"]) == ["subject"]


def test_a_file_is_attached_to_an_item_by_its_record(examiner, seizure):
    subject = f"record:{seizure['items'][0]['record']}"
    made = files.attach(examiner, subject, files.photograph(), kind="photograph").json
    assert examiner.get(f"/attachments?subject={subject}").json["items"] == [made]


def test_files_are_attached_to_documents_of_every_kind(police, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    shipment = bra.post(f"/permits/{permit}/shipments", bodies.shipment()).json["id"]
    maker = bodies.licensee(party=bodies.party("Fábrica Exemplo", "BRA"))
    licensee = bra.post("/licensees", maker).json["id"]
    transfer = bra.post("/transfers", bodies.transfer()).json["id"]
    report = police.post("/reports", bodies.report()).json["id"]
    trace = police.post("/traces", bodies.trace()).json["id"]
    of_licensing = {
        "permit": permit,
        "shipment": shipment,
        "licensee": licensee,
        "transfer": transfer,
    }
    for kind, object_id in of_licensing.items():
        files.attach(bra, f"{kind}:{object_id}", files.pdf())
    for kind, object_id in {"report": report, "trace": trace}.items():
        files.attach(police, f"{kind}:{object_id}", files.pdf())


def test_an_object_that_there_is_not_has_no_attachments(examiner):
    nothing = "seizure:0199f2c0-0000-7000-8000-000000000000"
    files.attach(examiner, nothing, files.pdf(), 404)
    examiner.get(f"/attachments?subject={nothing}", 404)


def test_an_attachment_is_withdrawn_with_its_reason_and_stays_known(examiner, photograph):
    path = f"/attachments/{photograph['id']}"
    etag = examiner.get(path).headers["ETag"]
    why = {"reason": "Shows another gun"}
    gone = examiner.post(f"{path}/withdraw", why, 200, If_Match=etag).json
    assert (gone["version"], gone["withdrawn_reason"]) == (2, "Shows another gun")
    assert examiner.get(path).json == gone
    refused = examiner.get(f"{path}/content", 409).json
    assert refused["detail"] == "This attachment was withdrawn: Shows another gun"
    assert examiner.post(f"{path}/withdraw", why, 409, If_Match='"2"').json["code"] == "conflict"


@pytest.mark.parametrize("headers,status", [({}, 428), ({"If_Match": '"7"'}, 412)])
def test_an_attachment_is_withdrawn_as_it_was_read(examiner, photograph, headers, status):
    path = f"/attachments/{photograph['id']}/withdraw"
    examiner.post(path, {"reason": "Double"}, status, **headers)


def test_what_is_done_with_an_attachment_is_written_down(as_actor, examiner, photograph):
    path = f"/attachments/{photograph['id']}/withdraw"
    examiner.post(path, {"reason": "Double"}, 200, If_Match='"1"')
    items = as_actor("BRA", "auditor").get("/audit?subject_kind=attachment").json["items"]
    assert [item["action"] for item in items] == ["attachment:withdrawn", "attachment:added"]
    assert items[0]["data"] == {
        "subject": photograph["subject"],
        "kind": "photograph",
        "sha256": photograph["stored_sha256"],
    }


def test_a_file_sent_twice_with_one_key_is_attached_once(examiner, subject):
    key, sent = {"Idempotency_Key": "desk-1"}, files.photograph()
    first = files.attach(examiner, subject, sent, headers=key).json
    assert files.attach(examiner, subject, sent, headers=key).json == first
    assert len(examiner.get(f"/attachments?subject={subject}").json["items"]) == 1


def test_another_file_with_the_same_key_is_refused(examiner, subject):
    key = {"Idempotency_Key": "desk-1"}
    files.attach(examiner, subject, files.photograph(), headers=key)
    other = files.attach(examiner, subject, files.photograph(colour="red"), 422, headers=key)
    assert other.json["code"] == "idempotency_key_reused"


def test_a_picture_may_be_a_scan_of_a_report(examiner, subject):
    made = files.attach(examiner, subject, files.drawing(), kind="laboratory_report").json
    assert (made["media_type"], made["width"], made["height"]) == ("image/png", 30, 20)


def test_a_pdf_is_no_photograph(examiner, subject):
    refused = files.attach(examiner, subject, files.pdf(), 422, kind="photograph").json
    assert refused["errors"] == {"kind": ["A PDF is a document or a laboratory report."]}


def test_a_photograph_is_turned_upright_by_its_orientation(examiner, photograph):
    assert (photograph["width"], photograph["height"]) == (40, 60)
    stored = examiner.get(f"/attachments/{photograph['id']}/content").data
    assert Image.open(io.BytesIO(stored)).size == (40, 60)


@pytest.mark.parametrize(
    "changes,field",
    [
        ({"kind": "video"}, "kind"),
        ({"handling": "H9"}, "handling"),
        ({"title": "a\nb"}, "title"),
        ({"subject": "seizure"}, "subject"),
        ({"subject": 7}, "subject"),
        ({"owner": "BRA"}, "owner"),
    ],
)
def test_a_document_that_says_what_cannot_be_is_refused(examiner, subject, changes, field):
    refused = files.attach(examiner, **{"subject": subject} | changes, file=files.pdf(), expect=422)
    assert list(refused.json["errors"]) == [field]


def test_a_body_that_is_not_in_parts_is_refused(examiner, subject):
    refused = examiner.post("/attachments", {"subject": subject, "kind": "document"}, 415).json
    assert refused["detail"] == "Send the body as multipart/form-data."
