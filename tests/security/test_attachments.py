"""What may be attached, what is left of it, and who sees it."""

import io

import pytest
from PIL import Image

from salsa_ext.administration import file_cleaning
from salsa_ext.administration.file_cleaning import _run_cleaner
from salsa_ext.database.session import db
from tests.support import bodies, files

PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}


@pytest.fixture
def subject(police):
    joint = {"joint_with": {"state": "PRY", "number": "P-9"}}
    return f"seizure:{police.post('/seizures', bodies.seizure(**joint)).json['id']}"


@pytest.fixture
def handed_out(police, subject):
    """Return what is handed out of a file that was attached."""

    def attach(file):
        made = files.attach(police, subject, file).json
        return police.get(f"/attachments/{made['id']}/content").data

    return attach


@pytest.fixture
def refused(police, subject):
    """Return why a file is not taken."""

    def attach(file):
        errors = files.attach(police, subject, file, 422).json["errors"]
        assert list(errors) == ["file"]
        return errors["file"][0]

    return attach


def test_the_place_the_owner_and_all_else_beside_a_photograph_are_gone(handed_out):
    sent = files.photograph()
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825) != {}
    left = handed_out(sent)
    assert Image.open(io.BytesIO(left)).getexif() == {}
    assert files.PLANTED.encode() in sent
    assert files.PLANTED.encode() not in left
    assert b"Exif" not in left


@pytest.mark.parametrize(
    "mode,form",
    [
        ("RGBA", "PNG"),
        ("RGB", "PNG"),
        ("P", "PNG"),
        ("1", "PNG"),
        ("LA", "PNG"),
        ("I;16", "PNG"),
        ("L", "PNG"),
        ("RGB", "WEBP"),
        ("RGBA", "WEBP"),
    ],
)
def test_a_drawing_of_any_mode_is_stored_without_its_metadata(handed_out, mode, form):
    sent = files.drawing(mode, form)
    left = handed_out(sent)
    assert files.PLANTED.encode() in sent
    assert files.PLANTED.encode() not in left
    assert Image.open(io.BytesIO(left)).size == (30, 20)


def test_a_photograph_shows_what_it_showed(handed_out):
    shown = Image.open(io.BytesIO(handed_out(files.photograph(colour="#c02040"))))
    assert all(abs(a - b) < 4 for a, b in zip(shown.getpixel((5, 5)), (192, 32, 64), strict=True))


@pytest.mark.parametrize("side", [7_100, 12_000, 30_000, 2_000_000_000])
def test_a_picture_that_would_grow_beyond_bounds_is_refused_by_its_head(refused, side):
    assert refused(files.bomb(side)) == "A picture has at most 50 million pixels."


def test_a_webp_has_a_limit_of_its_own(refused):
    wide = files.drawing("RGB", "WEBP", (4_100, 4_000))
    assert refused(wide) == "A picture has at most 16 million pixels."


@pytest.mark.parametrize(
    "file",
    [
        files.photograph()[:400],
        files.drawing()[:60],
        files.bomb(20),
        b"\xff\xd8\xff\xe0" + b"\0" * 99,
    ],
)
def test_a_picture_that_is_cut_off_is_refused(refused, file):
    assert refused(file) == "This picture is damaged or cut off."


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"GIF89a" + b"\0" * 99,
        b"<html><script>alert(1)</script>",
        b"PK\x03\x04",
        b"MZ\x90",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b" " + files.pdf(),
        b"II*\0" + b"\0" * 99,
    ],
)
def test_a_file_of_another_kind_is_refused_whatever_it_is_called(refused, file):
    assert refused(file) == "A file is a photograph (JPEG, PNG or WebP) or a PDF."


def test_a_file_is_looked_into_while_no_connection_is_held(police, subject, monkeypatch):
    def run(received):
        in_transaction.append(db.session.registry().in_transaction())
        return real(received)

    in_transaction, real = [], _run_cleaner
    monkeypatch.setattr(file_cleaning, "_run_cleaner", run)
    files.attach(police, subject, files.pdf())
    assert in_transaction == [False]


def test_a_file_above_the_limit_is_refused(refused, monkeypatch):
    monkeypatch.setattr("salsa_ext.administration.file_cleaning.MAX_RECEIVED", 1000)
    assert refused(files.photograph() + b"\0" * 999) == "A file has at most 0 MiB."


def test_a_body_above_the_limit_is_too_large(police):
    answer = police.client.post(
        "/api/v1/attachments",
        data=b"--x\r\n",
        content_type="multipart/form-data; boundary=x",
        headers={"Authorization": f"Bearer {police.token}"},
        environ_overrides={"CONTENT_LENGTH": "22020097"},
    )
    assert answer.status_code == 413
    assert answer.json["detail"] == "The body is larger than the 21 MiB that are accepted."


@pytest.mark.parametrize("handling,view", [("H0", 1), ("H1", 1), ("H2", 0), ("H3", 0)])
def test_the_handling_code_says_whether_another_state_sees_it(
    police, pry_police, subject, handling, view
):
    made = files.attach(police, subject, files.pdf(), handling=handling).json
    assert len(pry_police.get(f"/attachments?subject={subject}", **PURPOSE).json["items"]) == view
    for path in (f"/attachments/{made['id']}", f"/attachments/{made['id']}/content"):
        pry_police.get(path, 200 if view else 404, **PURPOSE)


def test_another_state_s_attachment_of_a_seizure_is_read_for_a_purpose(police, pry_police, subject):
    made = files.attach(police, subject, files.pdf()).json
    assert pry_police.get(f"/attachments?subject={subject}").json["items"] == []
    for path in (f"/attachments/{made['id']}", f"/attachments/{made['id']}/content"):
        assert list(pry_police.get(path, 422).json["errors"]) == ["Salsa-Purpose"]


def test_the_owner_reads_who_was_given_an_attachment(as_actor, police, pry_police, subject):
    made = files.attach(police, subject, files.pdf()).json
    pry_police.get(f"/attachments/{made['id']}/content", **PURPOSE)
    path = "/audit?action=attachment:disclosed"
    [entry] = as_actor("BRA", "auditor").get(path).json["items"]
    assert (entry["state"], entry["subject_id"], entry["case_number"]) == ("PRY", made["id"], "C-1")


def disclosed(as_actor):
    entries = as_actor("BRA", "auditor").get("/audit?action=attachment:disclosed").json["items"]
    return [(entry["state"], entry["subject_id"], entry["data"]["groups"]) for entry in entries]


@pytest.mark.parametrize("path", ["?subject={subject}", "/{id}"])
def test_the_owner_reads_who_received_an_attachment(as_actor, police, pry_police, subject, path):
    made = files.attach(police, subject, files.pdf(), title="Frame").json
    asked = path.format(subject=subject, id=made["id"])
    pry_police.get(f"/attachments{asked}", **PURPOSE)
    police.get(f"/attachments{asked}")
    assert disclosed(as_actor) == [("PRY", made["id"], ["document", "remarks"])]


def test_that_a_file_was_handed_out_is_distinguished_from_what_is_known_of_it(
    as_actor, police, pry_police, subject
):
    made = files.attach(police, subject, files.pdf()).json
    pry_police.get(f"/attachments/{made['id']}/content", **PURPOSE)
    pry_police.get(f"/attachments/{made['id']}", **PURPOSE)
    assert disclosed(as_actor) == [
        ("PRY", made["id"], ["document"]),
        ("PRY", made["id"], ["content"]),
    ]


@pytest.fixture
def of_record(as_actor, police):
    """Return what is attached to a record that Brazil keeps open, hides behind a pointer, or is silent on."""

    def attach(visibility):
        body = bodies.report(visibility=visibility)
        record = police.post("/reports", body).json["firearm"]["record"]
        files.attach(police, f"record:{record}", files.pdf())
        return f"/attachments?subject=record:{record}"

    return attach


def test_readers_of_an_open_record_see_whom_to_ask_for_attachments(of_record, pry_police):
    refused = pry_police.get(of_record("open"), 403, **PURPOSE).json["detail"]
    assert refused == (
        "What is attached to a record is shown to the states that it concerns; ask Brazil."
    )


@pytest.mark.parametrize("visibility", ["pointer", "silent"])
def test_of_what_is_attached_to_a_record_that_is_not_open_nothing_is_told(
    of_record, pry_police, visibility
):
    pry_police.get(of_record(visibility), 404, **PURPOSE)


def test_an_attachment_is_withdrawn_by_its_own_state_alone(police, pry_police, subject):
    made = files.attach(police, subject, files.pdf()).json
    path = f"/attachments/{made['id']}/withdraw"
    refused = pry_police.post(path, {"reason": "No"}, 403, If_Match='"1"').json
    assert refused["detail"] == "This belongs to BRA; only its authorities may change it."


def test_a_state_that_an_object_concerns_attaches_to_it_what_is_its_own(
    police, pry_police, subject
):
    made = files.attach(pry_police, subject, files.pdf()).json
    assert made["state"] == "PRY"
    visible = police.get(f"/attachments?subject={subject}", **PURPOSE).json["items"]
    assert [item["id"] for item in visible] == [made["id"]]


def test_a_state_that_an_object_does_not_concern_attaches_nothing(as_actor, subject):
    stranger = as_actor("URY", "police_officer")
    files.attach(stranger, subject, files.pdf(), 404)
    stranger.get(f"/attachments?subject={subject}", 404, **PURPOSE)


def test_a_role_that_may_not_read_an_object_reads_nothing_of_what_is_attached(police, subject, bra):
    made = files.attach(police, subject, files.pdf()).json
    files.attach(bra, subject, files.pdf(), 403)
    bra.get(f"/attachments?subject={subject}", 403)
    bra.get(f"/attachments/{made['id']}", 404)
    bra.get(f"/attachments/{made['id']}/content", 404)
    bra.post(f"/attachments/{made['id']}/withdraw", {"reason": "No"}, 404, If_Match='"1"')


def test_a_file_that_is_refused_leaves_nothing(as_actor, police, subject):
    files.attach(police, subject, files.bomb(30_000), 422)
    assert police.get(f"/attachments?subject={subject}").json["items"] == []
    assert as_actor("BRA", "auditor").get("/audit?subject_kind=attachment").json["items"] == []
