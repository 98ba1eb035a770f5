"""Pages for analysts: what other states ask, and the own state's traces."""

from api.web.console import answering, asking, replying, requests, traces
from api.web.console.blueprint import blueprint

__all__ = ["answering", "asking", "blueprint", "replying", "requests", "traces"]
