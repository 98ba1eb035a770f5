"""ETags: what was read is not sent again, and what changed meanwhile is not overwritten."""

import pytest

from tests.support import bodies


@pytest.fixture
def recorded(police):
    """A seizure with the client that made it."""
    response = police.post("/seizures", bodies.seizure())
    return police, f"/seizures/{response.json['id']}", response


def test_what_was_read_is_not_sent_again(recorded):
    client, path, _ = recorded
    etag = client.get(path).headers["ETag"]
    again = client.get(path, 304, If_None_Match=etag)
    assert again.get_data() == b""
    assert again.headers["ETag"] == etag


def test_another_language_is_another_entity(recorded):
    client, path, _ = recorded
    etag = client.get(path, Accept_Language="en").headers["ETag"]
    client.get(path, 200, If_None_Match=etag, Accept_Language="es")


def test_an_etag_is_strong_and_names_the_version(recorded):
    client, path, _ = recorded
    assert client.get(path).headers["ETag"].startswith('"1.en.')


def test_a_correction_without_if_match_asks_for_it(recorded):
    client, path, _ = recorded
    answer = client.post(f"{path}/correct", bodies.seizure(reason="Typo"), 428).json
    assert answer["code"] == "precondition_required"


@pytest.mark.parametrize("tag", ["1", 'W/"1"', '"x"', "*", '"1", "2"', '"-1"', '"1e3"'])
def test_an_if_match_that_names_no_version_counts_as_none(recorded, tag):
    client, path, _ = recorded
    refused = client.post(f"{path}/correct", bodies.seizure(reason="Typo"), 428, If_Match=tag)
    assert refused.json["detail"] == (
        "If-Match is the ETag as it was given, one and strong, in its quotation marks,"
        ' such as "1.en.0123456789ab".'
    )


def test_a_stale_version_is_refused(recorded):
    client, path, first = recorded
    etag = first.headers["ETag"]
    client.post(f"{path}/correct", bodies.seizure(reason="Typo"), 200, If_Match=etag)
    stale = client.post(f"{path}/correct", bodies.seizure(reason="Typo"), 412, If_Match=etag)
    assert stale.json["code"] == "stale_version"


def test_a_version_is_compared_before_the_body_is_looked_at(recorded):
    client, path, _ = recorded
    client.post(f"{path}/correct", {"no": "body"}, 412, If_Match='"7"')
    client.post(f"{path}/correct", {"no": "body"}, 428)
    client.post(f"{path}/correct", {"no": "body"}, 422, If_Match='"1"')


def test_the_version_alone_is_compared(recorded):
    client, path, _ = recorded
    spanish = client.get(path, Accept_Language="es").headers["ETag"]
    client.post(f"{path}/correct", bodies.seizure(reason="Typo"), 200, If_Match=spanish)


def test_the_answer_to_an_action_has_the_next_etag(recorded):
    client, path, _ = recorded
    corrected = client.post(f"{path}/correct", bodies.seizure(reason="x"), 200, If_Match='"1"')
    assert corrected.headers["ETag"].startswith('"2.en.')
    assert client.get(path).json["version"] == 2


def test_a_replay_comes_before_the_version_is_compared(recorded):
    client, path, _ = recorded
    sent = {"If_Match": '"1"', "Idempotency_Key": "k-1"}
    first = client.post(f"{path}/correct", bodies.seizure(reason="x"), 200, **sent)
    again = client.post(f"{path}/correct", bodies.seizure(reason="x"), 200, **sent)
    assert again.get_data() == first.get_data()


def test_closing_an_account_wants_if_match(administrator):
    account = {"username": "bra.ana", "role": "auditor", "agency": "BRA-POLICE"}
    path = f"/accounts/{administrator.post('/accounts', account).json['id']}"
    administrator.post(f"{path}/close", expect=428)
    administrator.post(f"{path}/close", expect=412, If_Match='"2"')
    administrator.post(
        f"{path}/close", expect=200, If_Match=administrator.get(path).headers["ETag"]
    )


@pytest.mark.parametrize("action", ["send", "withdraw", "close"])
def test_an_action_on_a_trace_wants_if_match(action, police):
    trace = police.post("/traces", bodies.trace()).json["id"]
    police.post(f"/traces/{trace}/{action}", expect=428)
    police.post(f"/traces/{trace}/{action}", expect=412, If_Match='"99"')


@pytest.mark.parametrize("action", ["send", "withdraw"])
def test_an_optional_body_may_be_missing_with_any_content_type(action, analyst):
    path = f"/traces/{analyst.post('/traces', bodies.trace(draft=True)).json['id']}"
    tag = analyst.get(path).headers["ETag"]
    analyst.post(f"{path}/{action}", expect=200, If_Match=tag, Content_Type="application/json")
