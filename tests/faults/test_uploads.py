"""A file that does not come whole, or cannot be kept whole, leaves nothing behind."""

import json

import pytest
from sqlalchemy.exc import OperationalError

from salsa_ext.administration import attachments
from salsa_ext.database import bulk
from tests.support import bodies, files

# werkzeug lets go of a part that breaks off without closing it; it is gone with the request
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def subject(police):
    return f"seizure:{police.post('/seizures', bodies.seizure()).json['id']}"


@pytest.fixture
def send(police, subject):
    """Send a body of two parts of which the end is cut off; returns the answer."""

    def post(cut, promised=0):
        document = json.dumps({"subject": subject, "kind": "document"}).encode()
        body = (
            b"--x\r\nContent-Disposition: form-data; name=document\r\n\r\n"
            + document
            + b"\r\n--x\r\nContent-Disposition: form-data; name=file; filename=a.jpg\r\n\r\n"
            + files.photograph()
            + b"\r\n--x--\r\n"
        )[:-cut]
        return police.client.post(
            "/api/v1/attachments",
            data=body,
            content_type="multipart/form-data; boundary=x",
            headers={"Authorization": f"Bearer {police.token}"},
            environ_overrides={"CONTENT_LENGTH": str(len(body) + promised)},
        )

    return post


@pytest.fixture
def listed(police, subject):
    return lambda: police.get(f"/attachments?subject={subject}").json["items"]


@pytest.mark.parametrize("cut", [9, 300, 1_500])
def test_an_upload_that_breaks_off_is_refused_and_leaves_nothing(send, listed, cut):
    assert send(cut, promised=cut).status_code == 400
    assert listed() == []


@pytest.mark.parametrize("cut", [9, 300, 1_500])
def test_an_upload_without_its_last_boundary_is_refused_and_leaves_nothing(send, listed, cut):
    answer = send(cut)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["document"]
    assert listed() == []


def test_a_file_of_which_a_piece_cannot_be_kept_is_not_kept_at_all(
    as_actor, police, subject, listed, monkeypatch
):
    written = []

    def insert(model, rows):
        if model.__tablename__ == "attachment_part" and (written.append(1) or len(written) == 3):
            raise OperationalError("INSERT", {}, Exception("no space left on device"))
        attachments_insert(model, rows)

    attachments_insert = bulk.insert_many
    monkeypatch.setattr(attachments, "insert_many", insert)
    monkeypatch.setattr(attachments, "PART_SIZE", 100)
    assert files.attach(police, subject, files.photograph(), 503).headers["Retry-After"]
    assert listed() == []
    assert as_actor("BRA", "auditor").get("/audit?subject_kind=attachment").json["items"] == []
