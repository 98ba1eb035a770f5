"""Seeded faults: where processes are ended, what officers do meanwhile, what must hold."""
