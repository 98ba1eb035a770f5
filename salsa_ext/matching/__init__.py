"""Reading marks, their keys and the evidence for a match; pure, without a database."""
