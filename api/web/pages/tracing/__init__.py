"""Pages of traces, requests and consents."""

from api.web.pages.tracing import consents, drafts, replies, requests, traces

__all__ = ["consents", "drafts", "replies", "requests", "traces"]
