"""Background work: the log of changes, the jobs that follow it, and their wake-up."""
