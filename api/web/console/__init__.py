"""Pages for analysts: what other states ask, the own state's traces, and leads."""

from api.web.console import answering, approvals, asking, leads, papers, replying, requests, traces
from api.web.console.blueprint import blueprint

__all__ = [
    "answering",
    "approvals",
    "asking",
    "blueprint",
    "leads",
    "papers",
    "replying",
    "requests",
    "traces",
]
