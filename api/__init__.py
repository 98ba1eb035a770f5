"""HTTP, pages and the command line over the domain."""
