"""Import of files: meaning of each source's rows, and one pipeline."""
