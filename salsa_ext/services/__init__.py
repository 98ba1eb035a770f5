"""Commands: check the permission, change the state of things, append to the audit."""
