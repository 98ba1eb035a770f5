"""Marks that several people add to one gun at the same moment all stand."""

from concurrent.futures import ThreadPoolExecutor

from tests.support import bodies

TIMES = 12


def test_marks_that_are_added_at_once_all_stand(real_client, real_app):
    police = real_client("BRA", "police_officer")
    made = police.post("/seizures", bodies.seizure()).json
    path = f"/api/v1/seizures/{made['id']}/items/1/marks"

    def add(number):
        body = {"kind": "proof", "text": f"P{number:03}", "method": "visual", "reason": "Seen"}
        sent = {"Authorization": f"Bearer {police.token}"}
        return real_app.test_client().post(path, json=body, headers=sent).status_code

    with ThreadPoolExecutor(TIMES) as pool:
        assert [*pool.map(add, range(TIMES))] == [201] * TIMES
    read = police.get(f"/seizures/{made['id']}").json
    assert read["version"] == TIMES + 1
    texts = {mark["text"] for mark in read["items"][0]["marks"]}
    assert texts == {"ABC123456", *(f"P{number:03}" for number in range(TIMES))}
