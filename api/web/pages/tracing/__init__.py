"""Pages of traces, requests and consents."""

from api.web.pages.tracing import consents, conversations, replies, requests, traces

__all__ = ["consents", "conversations", "replies", "requests", "traces"]
