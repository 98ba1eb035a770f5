"""What every package uses and needs no database: actor, errors, codes, text, time, fields."""
