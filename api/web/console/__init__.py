"""Pages for analysts: what other states ask, the own state's traces, leads, hits and consents."""

from api.web.console import (
    amending,
    answering,
    approvals,
    asking,
    consents,
    hits,
    leads,
    papers,
    replying,
    requests,
    traces,
)
from api.web.console.blueprint import blueprint

__all__ = [
    "amending",
    "answering",
    "approvals",
    "asking",
    "blueprint",
    "consents",
    "hits",
    "leads",
    "papers",
    "replying",
    "requests",
    "traces",
]
