"""Pages of traces, requests and consents."""
