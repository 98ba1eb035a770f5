"""The pages that read records of other states ask for a purpose and a case."""

import pytest

from api.http.auth import SESSION_COOKIE
from tests.web.visitors import Visitor, browser
from tests.web.visits import ANALYST_BRA, ANALYST_PRY, POLICE_BRA, POLICE_PRY


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/leads", ANALYST_BRA),
        ("/leads/{lead}", ANALYST_BRA),
        ("/leads/{lead}", ANALYST_PRY),  # its own records make none
        ("/matches/{match}", POLICE_BRA),
        ("/guns/{sold}", POLICE_BRA),
        ("/seizures/{seizure}", POLICE_PRY),
        ("/hits/{met}", POLICE_PRY),
    ],
)
def test_a_refused_purpose_is_named_and_linked_in_the_summary(region, path, who):
    reader = Visitor(browser(region.app))
    reader.client.set_cookie(SESSION_COOKIE, region.key(who))
    with region.app.app_context():
        page = reader.send(path.format_map(region.ids), {"purpose": "investigation"}, 422).text
    assert page.count('class="summary"') == 1
    summary = page[page.index('class="summary"') : page.index('id="case_number-wrong"')]
    assert '<a href="#case_number">Case number</a>' in summary
