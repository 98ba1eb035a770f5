"""The datasets that clients read, in the order of their list."""

from salsa_ext.documents.figures import SEIZURES
from salsa_ext.tracing.requests.figures import OVERDUE
from salsa_ext.tracing.traces.figures import TRACES
from salsa_ext.trade.shipments.figures import LICIT_TRADE

DATASETS = (SEIZURES, TRACES, LICIT_TRADE, OVERDUE)
