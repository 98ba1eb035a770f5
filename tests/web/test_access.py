"""Which pages open to whom: by the navigation, and without a session."""

import pytest
from flask import url_for

from api.web.areas import AREAS
from salsa_ext.access.rules import ROLE_PERMISSIONS
from tests.web.visits import VISITS, fill_path

OPEN_TO_MORE = ("/participation", "/lookups")
"""Pages that others read too, whom no area leads there."""
ROLES = sorted(ROLE_PERMISSIONS.keys() - {"secretariat", "display"})


@pytest.mark.parametrize("role", ROLES)
def test_an_area_opens_to_whom_the_navigation_leads_there_and_to_nobody_else(app, signed_in, role):
    someone = signed_in("BRA", role)
    home = someone.open("/").partition("<main")[0]
    with app.test_request_context():
        addresses = {url_for(endpoint): permission for permission, endpoint, *_ in AREAS[1:]}
    for address, permission in addresses.items():
        is_allowed = permission in ROLE_PERMISSIONS[role]
        assert (f'href="{address}"' in home) == is_allowed, address
        if is_allowed or address not in OPEN_TO_MORE:
            someone.open(address, 200 if is_allowed else 403)


def test_each_page_leads_who_is_not_signed_in_to_sign_in_and_back(visitor):
    paths = {fill_path(visit.path) for visit in VISITS if visit.who}
    public = {fill_path(visit.path) for visit in VISITS if not visit.who}
    for path in sorted(paths - public):
        answer = visitor.client.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.location) == (302, f"/sign-in?next={path}")
