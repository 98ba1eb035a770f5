"""Jobs of the exchange: deliver envelopes, and apply those received."""

from __future__ import annotations

from typing import Final

from salsa_ext.exchange import delivery
from salsa_ext.jobs.runner import QueueJob

JOBS: Final = (QueueJob("envelopes", delivery.run_steps, "SELECT * FROM salsa_envelope_states()"),)
