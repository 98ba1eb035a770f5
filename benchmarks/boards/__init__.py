"""What boards cost, and open boards that follow changes."""
