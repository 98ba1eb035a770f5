"""HTTP interface, pages and command line."""
