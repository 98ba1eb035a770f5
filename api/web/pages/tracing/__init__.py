"""Pages of traces, requests and consents."""

from api.web.pages.tracing import (
    approvals,
    consents,
    drafts,
    papers,
    replies,
    request_actions,
    request_messages,
    requests,
    route,
    trace_actions,
    traces,
)

__all__ = [
    "approvals",
    "consents",
    "drafts",
    "papers",
    "replies",
    "request_actions",
    "request_messages",
    "requests",
    "route",
    "trace_actions",
    "traces",
]
