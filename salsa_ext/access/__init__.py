"""Who may do what: accounts, keys, sessions, permissions, the audit, and signing keys."""
