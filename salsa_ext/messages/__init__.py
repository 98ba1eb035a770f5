"""How states talk: envelopes, the outbox of the one and the inbox of the other.

Nothing here knows what a message is about; `services.deliveries` hands each kind to its handler.
"""
