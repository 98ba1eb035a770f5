"""Pages of a border post: the officer's desk, the board, the wall."""
