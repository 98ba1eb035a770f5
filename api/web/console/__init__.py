"""Pages for analysts, police and auditors: requests, traces, leads, alerts and hits, consents, the audit."""

from api.web.console import (
    alerts,
    amending,
    answering,
    approvals,
    asking,
    auditing,
    consents,
    hits,
    leads,
    papers,
    replying,
    requests,
    seizing,
    traces,
)
from api.web.console.blueprint import blueprint

__all__ = [
    "alerts",
    "amending",
    "answering",
    "approvals",
    "asking",
    "auditing",
    "blueprint",
    "consents",
    "hits",
    "leads",
    "papers",
    "replying",
    "requests",
    "seizing",
    "traces",
]
