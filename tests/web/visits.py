"""Every page there is, as who uses it opens it. A new page wants a line in VISITS: a test asks for it."""

from collections import defaultdict
from typing import NamedTuple

from flask import Flask

from api.web.pages import AREAS
from tests.support.routes import ID
from tests.web import papers, scenes

Fields = dict[str, str]
DESK_PRY, DESK_BRA = "PRY licensing_officer", "BRA licensing_officer"
POST_PRY, POST_BRA = "PRY border_officer", "BRA border_officer"
ANALYST_PRY, ANALYST_BRA = "PRY trace_analyst", "BRA trace_analyst"
POLICE_PRY, POLICE_BRA, SUPERVISOR = "PRY police_officer", "BRA police_officer", "PRY supervisor"
AUDITOR, ADMINISTRATOR = "PRY auditor", "PRY state_administrator"
UNKNOWN_MAKE = {"values.0.kind": "make", "values.0.text": "Xyzzy", "values.0.means": "Nobody Ltd"}
FOR_A_CASE = {"purpose": "investigation", "case_number": "C-7"}
NO_PAGE = {
    "account.place_names",
    "account.choose_language",
    "account.sign_out",
    "account.add_passkey",
    "account.sign_in_by_passkey",
    "account.end_key",
    "account.leave_for_directory",
    "account.return_from_directory",
    "account.end_other_sessions",
    "account.remove_passkey",
    "account.rotate_key",
    "account.confirm_account",
    "account.recover",
    "account.issue_link",
    "account.mark_many_read",
    "border.device_session",
    "border.board_updates",
    "border.wall_updates",
    "border.desk_updates",
    "tracing.trace_news",
    "account.import_news",
    "account.release_news",
    "account.release_action",
    "border.answer_call",
    "border.desk_file",
}
"""What only ever leads back to the page before, or answers a script."""
BY_SCRIPT = {
    "border.scan_paper",
    "border.run_task",
    "border.request_call",
    "border.record_seizure",
    "border.run_check",
    "border.attach_photo",
}
"""Forms that the officer's desk sends by a script of its own: its own tests look at what comes of them."""
AT_POST = "/posts/{post}/desk"
FILES = (".pdf", ".csv", ".xlsx", ".js", "/file")


class Visit(NamedTuple):
    """A page, who opens it, what is sent by the form on it, where that goes, and how it is answered.

    A name in braces stands for an id of `regions.make`. Nobody is signed in where nobody is named.
    """

    path: str
    who: str = ""
    sent: Fields | None = None
    to: str = ""
    status: int = 200

    def __str__(self) -> str:
        return f"{self.path}{'' if self.sent is None else ' sent'} {self.who or 'nobody'}"


def refused(path: str, who: str, to: str = "", **typed: str) -> Visit:
    """A page whose form was sent with something missing or wrong."""
    return Visit(path, who, typed, to, 422)


VISITS = (
    Visit("/"),
    Visit("/", POST_BRA),
    Visit("/", "BRA supervisor"),
    Visit("/", POLICE_BRA),
    Visit("/", AUDITOR),
    Visit("/", " secretariat"),
    Visit("/nowhere", status=404),
    Visit("/traces", POST_BRA, status=403),
    Visit("/sign-in"),
    Visit("/sign-in", sent={"username": "nobody", "password": "wrong"}, status=401),
    Visit("/signed-out"),
    Visit("/design"),
    Visit("/design", DESK_PRY),
    Visit("/verify"),
    Visit("/verify", sent={"token": "SALSA1"}),
    Visit("/verify", DESK_PRY, {"token": "{token}"}),
    Visit("/forms"),
    Visit("/docs"),
    Visit("/notifications", POST_PRY),
    Visit("/notifications", "URY border_officer"),
    Visit("/notifications", ANALYST_PRY),
    Visit("/notifications?kind=shipment", POST_PRY),
    Visit("/posts/{post}/board", POST_PRY),
    Visit("/posts/{post}/board", "BRA supervisor"),
    Visit("/figures/table?by=class&then=marking&grain=year", POLICE_BRA),
    Visit("/figures/table?by=marking&then=transport", POLICE_BRA, status=422),
    Visit("/figures/table?dataset=requests&by=asking", " secretariat"),
    Visit("/figures", POLICE_BRA),
    Visit("/figures", " secretariat"),
    Visit("/annual-reports"),
    Visit("/annual-reports", ANALYST_BRA),
    Visit("/annual-reports/new", ANALYST_BRA),
    Visit("/annual-reports/new", ANALYST_BRA, {"year": "2027"}, status=422),
    Visit("/annual-reports/{annual_report}", ANALYST_BRA),
    Visit("/annual-reports/{annual_report}/write", ANALYST_BRA),
    Visit("/annual-reports/{annual_report}/sign", ANALYST_BRA),
    Visit("/questionnaires", ANALYST_BRA),
    Visit("/questionnaires?year=x", ANALYST_BRA, status=422),
    Visit("/releases"),
    Visit("/releases", " secretariat"),
    Visit("/releases/new", " secretariat"),
    Visit("/releases/new", " secretariat", {"year": "2027"}, status=422),
    Visit("/releases/{release}"),
    Visit("/figures/mirror?year=2026", DESK_PRY),
    Visit("/figures/mirror?year=x", " secretariat", status=422),
    Visit("/settings", ADMINISTRATOR),
    refused("/settings", ADMINISTRATOR, flash_minutes="x"),
    Visit("/keys", ADMINISTRATOR),
    Visit("/agencies", SUPERVISOR),
    Visit("/agencies/posts", SUPERVISOR),
    Visit("/agencies", "PRY state_administrator"),
    Visit("/agencies/new", "PRY state_administrator"),
    refused("/agencies/new", "PRY state_administrator", code="PRY"),
    Visit("/agencies/{agency}", "PRY state_administrator"),
    Visit("/agencies/{agency}/correct", "PRY state_administrator"),
    Visit("/agencies/{agency}/add_office", "PRY state_administrator"),
    Visit("/agencies/{agency}/offices/{office}/correct_office", "PRY state_administrator"),
    Visit("/agencies/{agency}/offices/{office}/close_office", "PRY state_administrator"),
    Visit("/posts/{post}/agencies", SUPERVISOR),
    Visit("/posts/{post}/agencies", "PRY state_administrator", {}),
    Visit("/posts/rivera-santana-do-livramento/board", "URY border_officer"),
    Visit(AT_POST, POST_PRY),
    Visit(f"{AT_POST}/find?q=A", POST_PRY),
    Visit(f"{AT_POST}/check", POST_PRY),
    Visit(f"{AT_POST}/photo", POST_PRY),
    Visit(f"{AT_POST}/call?which={{gone}}", POST_PRY),
    Visit(f"{AT_POST}/tick?which={{gone}}", POST_PRY),
    Visit(f"{AT_POST}/seizure", POST_PRY),
    Visit(f"{AT_POST}/offline", POST_PRY),
    Visit(f"{AT_POST}/seizures/{{seizure}}", POST_BRA),
    refused(
        f"{AT_POST}/seizures/{{seizure}}",
        POST_BRA,
        f"{AT_POST}/seizures/{{seizure}}/joint",
        number="",
    ),
    Visit(f"{AT_POST}/shipments/{{gone}}", POST_PRY),
    Visit(f"{AT_POST}/shipments/{{stopped}}?done=tick", POST_PRY),
    Visit(f"{AT_POST}/tick?which={{stopped}}", POST_PRY),
    Visit("/wall"),
    Visit("/wall?link=nothing", sent={"link": "nothing"}, status=401),
    Visit("/checks/new", POLICE_BRA),
    refused("/checks/new", POLICE_BRA),
    Visit("/checks/new", POLICE_BRA, {"serial": "ABC123456", "make": "Glock", "incident": "I-7"}),
    Visit("/checks/new", POLICE_BRA, {"serial": "NONE00001", "incident": "I-7"}),
    Visit("/matches", POLICE_BRA),
    Visit("/matches?status=maybe", "URY police_officer"),
    Visit("/matches/{match}", POLICE_BRA),
    Visit("/matches/{match}", POLICE_BRA, FOR_A_CASE),
    Visit("/matches/{match}/confirm", POLICE_BRA),
    refused("/matches/{match}/reject", POLICE_BRA),
    refused("/matches", POLICE_BRA, "/matches/reject"),
    Visit("/matches/confirm?pick.{match}=true", POLICE_BRA),
    Visit("/guns/{record}", POLICE_BRA),
    Visit("/guns/{sold}", POLICE_BRA),
    refused("/guns/{sold}", POLICE_BRA, case_number=""),
    Visit("/guns/{sold}", POLICE_BRA, FOR_A_CASE),
    Visit("/seizures", POLICE_BRA),
    Visit("/seizures?kind=maybe", "URY police_officer"),
    Visit("/seizures/new", POLICE_BRA),
    refused("/seizures/new", POLICE_BRA),
    Visit("/seizures/{seizure}/recorded", POLICE_BRA),
    Visit("/seizures/{seizure}", POLICE_BRA),
    Visit("/seizures/{seizure}", "PRY police_officer"),
    Visit("/seizures/{seizure}", "PRY police_officer", FOR_A_CASE),
    Visit("/seizures/{seizure}/withdraw", POLICE_BRA),
    refused("/seizures/{seizure}/withdraw", POLICE_BRA),
    Visit("/seizures/{seizure}/handover?line=1", POLICE_BRA),
    refused("/seizures/{seizure}/disposition", POLICE_BRA),
    Visit("/seizures/{seizure}/origin", POLICE_BRA),
    Visit("/seizures/{seizure}/items/1/correct", POLICE_BRA),
    Visit("/seizures/{seizure}/items/1/mark", "BRA forensic_examiner"),
    refused("/seizures/{seizure}/items/1/mark", POLICE_BRA),
    Visit("/seizures/{seizure}/attach", POLICE_BRA),
    refused("/seizures/{seizure}/attach", "BRA forensic_examiner"),
    refused("/seizures/{seizure}/items/1/correct", POLICE_BRA),
    Visit("/reports", POLICE_PRY),
    Visit("/reports", "URY police_officer"),
    Visit("/reports/new", POLICE_PRY),
    refused("/reports/new", POLICE_PRY),
    Visit("/reports/{report}", POLICE_PRY),
    Visit("/reports/{report}/correct", POLICE_PRY),
    refused("/reports/{report}/correct", POLICE_PRY),
    Visit("/reports/{report}/withdraw", POLICE_PRY),
    Visit("/leads", ANALYST_BRA),
    Visit("/leads?kind=shared_lot", ANALYST_PRY),
    Visit("/leads", ANALYST_BRA, FOR_A_CASE),
    Visit("/leads/{lead}", ANALYST_BRA),
    refused("/leads/{lead}", ANALYST_BRA, case_number=""),
    Visit("/desk/", DESK_PRY),
    Visit("/desk/", "URY licensing_officer"),
    Visit("/search?q=A", DESK_PRY),
    Visit("/search?q=zzz", DESK_PRY),
    Visit("/desk/permits", DESK_PRY),
    Visit("/desk/permits?status=maybe", "URY licensing_officer"),
    Visit("/desk/permits/new?kind=import", DESK_PRY),
    Visit(
        "/desk/permits/new?kind=import",
        DESK_PRY,
        papers.import_certificate(number="I-77", review="true"),
    ),
    refused("/desk/permits/new?kind=export", DESK_BRA),
    refused("/desk/permits/new?kind=in_transit", DESK_PRY),
    Visit("/desk/permits/{permit}", DESK_BRA),
    Visit("/desk/permits/{transit}", DESK_PRY),
    Visit("/desk/permits/{proposal}", "BRA supervisor"),
    Visit("/desk/permits/{proposal}/return", "BRA supervisor"),
    Visit("/desk/permits/{import}/amend", DESK_PRY),
    Visit("/desk/permits/{transit}/replan", DESK_PRY),
    Visit("/desk/permits/{import}/reissue", DESK_PRY),
    refused("/desk/permits/{import}/cancel", DESK_PRY),
    Visit("/desk/permits/{permit}/shipments/new", DESK_BRA),
    refused("/desk/permits/{permit}/shipments/new", DESK_BRA, number=""),
    Visit("/desk/shipments", DESK_PRY),
    Visit("/desk/shipments?due_before=soon", DESK_PRY),
    Visit("/desk/shipments/{shipment}", DESK_PRY),
    Visit("/desk/shipments/{short}", DESK_PRY),
    Visit("/desk/shipments/{glock}", DESK_BRA),
    Visit("/desk/shipments/{planned}/release", DESK_BRA),
    Visit("/desk/shipments/{planned}/amend", DESK_BRA),
    Visit("/desk/shipments/{gone}/receipt", DESK_PRY),
    Visit("/desk/shipments/{gone}/files", DESK_PRY),
    refused("/desk/shipments/{gone}/files", DESK_PRY),
    Visit("/desk/shipments/{short}/correct", DESK_PRY),
    refused("/desk/shipments/{gone}/checkpoint", POST_PRY),
    refused("/desk/shipments/{gone}/incident", POST_PRY),
    Visit("/desk/discrepancies", DESK_PRY),
    Visit("/desk/discrepancies?status=resolved", "URY licensing_officer"),
    Visit("/desk/discrepancies/{discrepancy}", DESK_PRY),
    Visit("/desk/discrepancies/{explained}", DESK_PRY),
    Visit("/desk/discrepancies/{explained}/agree", DESK_PRY),
    refused("/desk/discrepancies/{discrepancy}/explain", DESK_PRY),
    Visit("/desk/licensees", DESK_PRY),
    Visit("/desk/licensees/{licensee}", DESK_PRY),
    Visit("/desk/transfers", DESK_PRY),
    Visit("/desk/transfers", "URY licensing_officer"),
    Visit("/desk/transfers/new", DESK_PRY),
    refused("/desk/transfers/new", DESK_PRY),
    Visit("/desk/transfers/{transfer}", DESK_PRY),
    Visit("/traces", ANALYST_BRA),
    Visit("/traces?status=maybe", "URY trace_analyst"),
    Visit("/traces/new", ANALYST_BRA),
    refused("/traces/new", ANALYST_BRA, seizure="S-404"),
    Visit("/traces/{trace}", ANALYST_BRA),
    Visit("/traces/{draft}", ANALYST_BRA),
    Visit("/traces/{draft}/amend", ANALYST_BRA),
    refused("/traces/{draft}/amend", ANALYST_BRA, legal_basis=""),
    Visit("/traces/{trace}/send", ANALYST_BRA, status=409),
    Visit("/traces/{questioned}", ANALYST_BRA),
    Visit("/traces/{trace}/legs", ANALYST_BRA),
    Visit("/traces/{trace}/origin", ANALYST_BRA),
    Visit("/traces/{trace}/withdraw", ANALYST_BRA),
    refused("/traces/{trace}/notes", ANALYST_BRA),
    Visit("/traces/{trace}/legs/{leg}/reply", ANALYST_BRA),
    Visit("/traces/{trace}/legs/{leg}/channel", ANALYST_BRA),
    Visit("/traces/{trace}/legs/{leg}/channel", ANALYST_BRA, {}),
    Visit("/traces/{trace}/legs/{leg}/attempt", ANALYST_BRA),
    Visit("/traces/{trace}/legs/{leg}/attempt_reply", ANALYST_BRA),
    refused("/traces/{trace}/legs/{leg}/reply", ANALYST_BRA),
    Visit("/search?q=", POLICE_BRA),
    Visit("/webhooks", ADMINISTRATOR),
    Visit("/webhooks/new", ADMINISTRATOR),
    refused("/webhooks/new", ADMINISTRATOR, url="http://records.example"),
    Visit("/webhooks/{webhook}", ADMINISTRATOR),
    Visit("/webhooks/{webhook}/secret", ADMINISTRATOR),
    Visit("/webhooks/{webhook}/rotate", ADMINISTRATOR),
    Visit("/webhooks/{webhook}/deliveries/{delivery}/replay", ADMINISTRATOR),
    Visit("/imports", POLICE_BRA),
    Visit("/imports", DESK_PRY),
    Visit("/imports/new", POLICE_BRA),
    refused("/imports/new", POLICE_BRA),
    Visit("/imports/{run}", POLICE_BRA),
    Visit("/imports/{run}/mapping", POLICE_BRA),
    refused("/imports/{run}/mapping", POLICE_BRA, name="?"),
    Visit("/imports/{run}/assumed", POLICE_BRA),
    Visit("/imports/{run}/values", POLICE_BRA),
    refused("/imports/{run}/values", POLICE_BRA, **UNKNOWN_MAKE),
    Visit("/imports/{run}/confirm", POLICE_BRA),
    Visit("/imports/{run}/discard", POLICE_BRA),
    Visit("/accounts", ADMINISTRATOR),
    Visit("/accounts/new", ADMINISTRATOR),
    refused("/accounts/new", ADMINISTRATOR),
    Visit("/accounts/{account}", ADMINISTRATOR),
    Visit("/accounts/{account}/close", ADMINISTRATOR),
    Visit("/accounts/{account}/cancel-recovery", ADMINISTRATOR, status=409),
    Visit("/requests", ANALYST_PRY),
    Visit("/requests", "URY trace_analyst"),
    refused("/requests", ANALYST_PRY, "/requests/acknowledge"),
    Visit("/requests/{request}", ANALYST_PRY),
    refused("/requests/{request}", ANALYST_PRY, "/requests/{request}/answer", records="NONE-1"),
    Visit("/requests/{request}/refuse", ANALYST_PRY),
    refused("/requests/{request}/defer", ANALYST_PRY),
    Visit("/requests/{request}/hide", ANALYST_PRY),
    Visit("/conversations", ANALYST_BRA),
    Visit("/conversations/new", ANALYST_BRA),
    refused("/conversations/new", ANALYST_BRA),
    Visit("/conversations/{conversation}", ANALYST_BRA),
    refused("/conversations/{conversation}", ANALYST_BRA),
    Visit("/consents", ANALYST_BRA),
    Visit("/consents", "URY trace_analyst"),
    Visit("/consents/new", ANALYST_BRA),
    refused("/consents/new", ANALYST_BRA),
    Visit("/consents/{consent}", ANALYST_PRY),
    Visit("/consents/{consent}/grant", ANALYST_PRY),
    refused("/consents/{consent}/refuse", ANALYST_PRY),
    Visit("/alerts", ANALYST_BRA),
    Visit("/alerts?status=maybe", "URY trace_analyst"),
    Visit("/alerts/new", POLICE_BRA),
    refused("/alerts/new", POLICE_BRA),
    Visit("/alerts/{alert}", ANALYST_BRA),
    Visit("/alerts/{alert}/verify", POLICE_BRA),
    refused("/alerts/{alert}/cancel", POLICE_BRA),
    Visit("/audit", AUDITOR),
    Visit("/audit?action=nothing", SUPERVISOR),
    Visit("/disclosures", AUDITOR),
    Visit("/disclosures?record={sold}", AUDITOR),
    Visit("/disclosures?record=nothing", AUDITOR),
    Visit("/hits", ANALYST_BRA),
    Visit("/hits?status=maybe", "URY trace_analyst"),
    Visit("/hits/{hit}", ANALYST_BRA),
    Visit("/hits/{met}", POLICE_PRY, FOR_A_CASE),
    Visit("/hits/{hit}/confirm", ANALYST_BRA),
    refused("/hits/{hit}/extend", ANALYST_BRA),
    Visit("/approvals", "BRA supervisor"),
    Visit("/approvals", "URY supervisor"),
    Visit("/lookups", "BRA supervisor"),
    Visit("/lookups/{lookup}", "BRA supervisor"),
    refused("/lookups/{lookup}/question", "BRA supervisor"),
    Visit("/subject-requests", AUDITOR),
    Visit("/subject-requests/new", AUDITOR),
    refused("/subject-requests/new", AUDITOR),
    Visit("/subject-requests/{person_asked}", AUDITOR),
    refused("/subject-requests/{person_asked}/erase", AUDITOR),
    Visit("/second-factor", POLICE_PRY),
    refused("/second-factor", POLICE_PRY, code="000000"),
    Visit("/account", POLICE_PRY),
    refused("/account", POLICE_PRY, "/account/keys", days="x"),
    Visit("/account", POLICE_PRY, {"time_zone": "America/Asuncion"}, "/account/preferences"),
    refused("/account", POLICE_PRY, "/account/password", old="x", password="y"),
    Visit("/account", POLICE_PRY, {"name": "Register", "days": "30"}, "/account/keys"),
    Visit("/participation", POLICE_PRY),
    Visit("/participation?state=BRA&register=import", "BRA state_administrator"),
    Visit("/participation/new", "BRA state_administrator"),
    refused("/participation/new", "BRA state_administrator"),
)


def pages_of(app: Flask) -> set[str]:
    """Return the endpoints that answer with a page."""
    names = {blueprint.name for blueprint in AREAS}
    return (
        {
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if rule.endpoint.split(".")[0] in names and not rule.rule.endswith(FILES)
        }
        - NO_PAGE
        - BY_SCRIPT
    )


def visited(app: Flask) -> set[str]:
    """Return the endpoints that VISITS opens, or sends a form to."""
    found, adapter = set(), app.url_map.bind("localhost")
    for visit in VISITS:
        if visit.status == 404:
            continue
        path = fill_path(visit.path)
        found.add(adapter.match(path, "GET")[0])
        if visit.sent is not None:
            found.add(adapter.match(fill_path(visit.to) or path, "POST")[0])
    return found


def fill_path(path: str) -> str:
    """Return a path with the id of nothing for each of its names, and without its query."""
    return path.format_map(defaultdict(lambda: ID, post=scenes.POST)).split("?")[0]
