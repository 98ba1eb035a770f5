"""Pages of traces, requests and consents."""

from api.web.pages.tracing import consents, conversations, drafts, replies, requests, traces

__all__ = ["consents", "conversations", "drafts", "replies", "requests", "traces"]
