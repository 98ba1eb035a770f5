"""Program that reads a table from any file, as a process of its own."""
