"""Import of all models, so that the metadata are complete for migrations."""

import salsa_ext.access.models
import salsa_ext.administration.models
import salsa_ext.alerts.models
import salsa_ext.annual_reports.models
import salsa_ext.boards.models
import salsa_ext.checks.models
import salsa_ext.custody.models
import salsa_ext.disclosure.models
import salsa_ext.documents.models
import salsa_ext.exchange.models
import salsa_ext.firearms.records.models
import salsa_ext.jobs.models
import salsa_ext.leads.models
import salsa_ext.lookups.models
import salsa_ext.matches.models
import salsa_ext.notifications.models
import salsa_ext.personal_data.models
import salsa_ext.reference.models
import salsa_ext.reference.participation.models
import salsa_ext.releases.models
import salsa_ext.sealed_log.models
import salsa_ext.statistics.models
import salsa_ext.tracing.requests.models
import salsa_ext.tracing.traces.models
import salsa_ext.trade.discrepancies.models
import salsa_ext.trade.models
import salsa_ext.trade.permits.models
import salsa_ext.trade.receipts.models
import salsa_ext.trade.shipments.models  # noqa: F401
