"""The page that explains scores: its examples are asked of the service, its pictures drawn from the answers."""
