"""Pages, a package for each area of work."""
