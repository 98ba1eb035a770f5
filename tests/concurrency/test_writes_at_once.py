"""Commands at the same moment, each over a connection of its own."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import bodies

TIMES = 16


@pytest.fixture
def at_once(real_app):
    """Post several bodies at the same moment; returns the statuses, sorted."""

    def post(real_client, path, sent, **headers):
        known = {name.replace("_", "-"): value for name, value in headers.items()}
        known["Authorization"] = f"Bearer {real_client.token}"

        def one(body):
            url = f"/api/v1{path}"
            return real_app.test_client().post(url, json=body, headers=known).status_code

        with ThreadPoolExecutor(len(sent)) as pool:
            return sorted(pool.map(one, sent))

    return post


def test_of_32_shipments_at_once_ten_are_drawn_of_a_balance_of_ten(real_client, at_once):
    exporter = real_client("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    sent = [bodies.shipment((f"SER{number:04}",), number=f"A-{number}") for number in range(32)]
    assert at_once(exporter, f"/permits/{permit}/shipments", sent) == [201] * 10 + [409] * 22
    read = exporter.get(f"/permits/{permit}").json
    assert read["balance"][0] | {"status": read["status"]} == {
        "line": 1,
        "authorised": 10,
        "shipped": 10,
        "lapsed": 0,
        "remaining": 0,
        "entered": 0,
        "committed": 10,
        "status": "exhausted",
    }
    assert len(exporter.get("/shipments?limit=200").json["items"]) == 10


def test_the_last_of_several_shipments_is_refused_with_the_balance(real_client):
    exporter = real_client("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    first = bodies.shipment(tuple(f"SER{number:04}" for number in range(9)))
    exporter.post(f"/permits/{permit}/shipments", first)
    second = bodies.shipment(("SER1000", "SER1001"), number="A-2")
    problem = exporter.post(f"/permits/{permit}/shipments", second, 409).json
    assert (problem["code"], problem["article"], problem["balance"]) == (
        "over_quantity",
        "Model Regulations 8.3",
        {"1": "1"},
    )


def test_two_certificates_under_one_import_draw_no_more_than_it_allows(real_client, real_app):
    exporter, importer = (
        real_client("BRA", "licensing_officer"),
        real_client("PRY", "licensing_officer"),
    )
    importer.post("/permits", bodies.import_permit())
    permits = [
        exporter.post("/permits", bodies.permit(number=number)).json["id"]
        for number in ("E-1", "E-2")
    ]
    known = {"Authorization": f"Bearer {exporter.token}"}

    def one(number):
        body = bodies.shipment((f"SER{number:04}",), number=f"A-{number}")
        url = f"/api/v1/permits/{permits[number % 2]}/shipments"
        return real_app.test_client().post(url, json=body, headers=known).status_code

    with ThreadPoolExecutor(24) as pool:
        statuses = sorted(pool.map(one, range(24)))
    assert statuses == [201] * 10 + [409] * 14
    read = importer.get("/permits?kind=import").json["items"][0]
    assert (read["balance"][0]["remaining"], read["status"]) == (0, "issued")


def test_counterparts_that_are_posted_at_once_find_each_other(real_client, real_app):
    exporter, importer = (
        real_client("BRA", "licensing_officer"),
        real_client("PRY", "licensing_officer"),
    )

    def one(pair):
        caller, body = pair
        known = {"Authorization": f"Bearer {caller.token}"}
        url = "/api/v1/permits"
        return real_app.test_client().post(url, json=body, headers=known).status_code

    sent = []
    for number in range(8):
        named = {"import_permit": {"state": "PRY", "number": f"I-{number}"}}
        sent.append((importer, bodies.import_permit(number=f"I-{number}")))
        sent.append((exporter, bodies.permit(number=f"E-{number}", **named)))
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(one, sent)) == {201}
    read = exporter.get("/permits").json["items"]
    assert [permit["counterpart_status"] for permit in read] == ["complete"] * 16


def test_of_corrections_at_once_one_is_accepted(real_client, at_once):
    police = real_client("BRA", "police_officer")
    seizure = police.post("/seizures", bodies.seizure()).json["id"]
    sent = [bodies.seizure(reason=f"Reading {n}") for n in range(TIMES)]
    path = f"/seizures/{seizure}/correct"
    assert at_once(police, path, sent, If_Match='"1"') == [200] + [412] * (TIMES - 1)
    assert police.get(f"/seizures/{seizure}").json["version"] == 2


def test_of_receipts_at_once_one_is_accepted(real_client, at_once):
    exporter, importer = (
        real_client("BRA", "licensing_officer"),
        real_client("PRY", "licensing_officer"),
    )
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    shipment = exporter.post(f"/permits/{permit}/shipments", bodies.shipment()).json["id"]
    sent = [{"received_on": "2026-03-03", "all": True}] * TIMES
    assert at_once(importer, f"/shipments/{shipment}/receipt", sent) == [201] + [409] * (TIMES - 1)


def test_a_shipment_that_is_cancelled_and_put_off_at_once_is_one_of_the_two(real_client, real_app):
    exporter = real_client("BRA", "licensing_officer")
    lines = [bodies.permit()["lines"][0] | {"quantity": 2_000}]
    permit = exporter.post("/permits", bodies.permit(lines=lines)).json["id"]
    known = {"Authorization": f"Bearer {exporter.token}"}
    signed = {"reason": "Strike", "authentication": "Stamp 7"}
    for number in range(4):
        serials = tuple(f"DL{number}{at:05}" for at in range(400))
        body = bodies.shipment(serials, number=f"A-{number}")
        made = exporter.post(f"/permits/{permit}/shipments", body)
        headers = known | {"If-Match": f'"{made.json["version"]}"'}
        path = f"/api/v1/shipments/{made.json['id']}"

        def one(sent, path=path, headers=headers):
            action, result = sent
            caller = real_app.test_client()
            return caller.post(f"{path}/{action}", json=result, headers=headers).status_code

        both = [("cancel", {"reason": "Withdrawn"}), ("amend", {"ships_on": "2026-02-20"} | signed)]
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(one, both)) == [200, 412]


def test_of_equal_numbers_at_once_one_is_accepted(real_client, at_once):
    clerk = real_client("PRY", "licensing_officer")
    sent = [bodies.transfer(number="T-1")] * TIMES
    assert at_once(clerk, "/transfers", sent) == [201] + [409] * (TIMES - 1)


def test_of_corrections_to_one_number_at_once_one_is_accepted(real_client, at_once, real_app):
    clerk = real_client("PRY", "licensing_officer")
    ids = [clerk.post("/transfers", bodies.transfer(number=f"T-{n}")).json["id"] for n in range(2)]
    sent, key = bodies.transfer(number="X-1", reason="Read again"), clerk.token

    def correct(transfer):
        headers = {"Authorization": f"Bearer {key}", "If-Match": '"1"'}
        path = f"/api/v1/transfers/{transfer}/correct"
        return real_app.test_client().post(path, json=sent, headers=headers).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(correct, ids)) == [200, 409]


def test_of_actions_on_a_trace_at_once_one_is_accepted(real_client, at_once):
    analyst = real_client("BRA", "trace_analyst")
    trace = analyst.post("/traces", bodies.trace()).json
    path, visible = f"/traces/{trace['id']}/close", f'"{trace["version"]}"'
    statuses = at_once(analyst, path, [None] * TIMES, If_Match=visible)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 412}


def test_an_officer_number_used_twice_at_once_is_created_once(real_client, at_once):
    clerk = real_client("PRY", "licensing_officer")
    sent = [bodies.transfer(number=f"T-{n}") for n in range(TIMES)]
    assert at_once(clerk, "/transfers", sent, Salsa_Officer="P-7") == [201] * TIMES


def test_requests_of_two_states_at_once_do_not_mix(real_client, real_app):
    clients = [real_client("PRY", "licensing_officer"), real_client("BRA", "licensing_officer")]

    def ask(number):
        return clients[number % 2].get("/me").json["state"]

    with ThreadPoolExecutor(TIMES) as pool:
        assert list(pool.map(ask, range(100))) == ["PRY", "BRA"] * 50


def test_of_many_who_ask_for_one_call_at_once_one_does_and_the_others_are_told(
    real_client, at_once
):
    officer, path = (
        real_client("PRY", "border_officer"),
        "/posts/ciudad-del-este-foz-do-iguacu/calls",
    )
    assert at_once(officer, path, [{}] * TIMES) == [201] + [409] * (TIMES - 1)
    assert len(real_client("BRA", "border_officer").get(path).json["items"]) == 1


def test_of_four_who_ask_the_same_consent_at_once_one_has_asked(real_client, at_once):
    sold = real_client("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    analyst = real_client("BRA", "trace_analyst")
    asked = bodies.consent(sold["firearm"]["record"])
    assert at_once(analyst, "/consents", [asked] * 4) == [201, 409, 409, 409]
    [first] = real_client("PRY", "trace_analyst").get("/consents").json["items"]
    assert first["status"] == "asked"
