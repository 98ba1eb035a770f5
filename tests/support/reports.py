"""Reports of theft and loss, recorded, corrected and withdrawn, as tests of what follows do it."""

from tests.support import bodies


def report(client, **changes):
    return client.post("/reports", bodies.report(**changes)).json


def withdraw(client, made):
    why = {"reason": "Entered in error"}
    client.post(f"/reports/{made['id']}/withdraw", why, 200, If_Match=f'"{made["version"]}"')


def correct(client, made, version=1, **changes):
    body = bodies.report(reason="Read again") | changes
    return client.post(f"/reports/{made['id']}/correct", body, 200, If_Match=f'"{version}"').json
