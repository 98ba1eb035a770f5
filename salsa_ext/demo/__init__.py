"""The demo region: 34 states with made-up records, recorded through the commands."""
