"""From a file to the meaning of its cells: tables, rows that are left out, codes, descriptions."""
