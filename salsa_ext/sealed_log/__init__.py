"""The audit of each state as a tree of hashes (RFC 6962) with signed roots."""
