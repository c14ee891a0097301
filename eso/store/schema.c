#include "schema.h"

#define BY_KEY(table, columns)                                                                              \
    "CREATE TABLE old AS SELECT * FROM " table "; DROP TABLE " table ";"                                    \
    "CREATE TABLE " table " (" columns ") WITHOUT ROWID; INSERT INTO " table " SELECT * FROM old; DROP TABLE old;"

/* Times are milliseconds, booleans 0 or 1, states the words of the model. Download codes are sealed (AES-256-GCM):
 * code_tail shows the last four characters, code_mac keeps the same code from being imported twice. */
const char *const eso_migrations[] = {
    "CREATE TABLE tenants (id TEXT PRIMARY KEY);"
    "CREATE TABLE carriers (tenant TEXT NOT NULL, id TEXT NOT NULL, platform TEXT NOT NULL, platform_url TEXT NOT NULL,"
    " account TEXT NOT NULL, username TEXT NOT NULL, api_key TEXT NOT NULL, transfer_url TEXT NOT NULL,"
    " smdp_url TEXT NOT NULL, requester TEXT NOT NULL, delegated INTEGER NOT NULL, PRIMARY KEY (tenant, id));"
    "CREATE TABLE contracts (tenant TEXT NOT NULL, id TEXT NOT NULL, carrier TEXT NOT NULL, model TEXT NOT NULL,"
    " territory TEXT NOT NULL, quota BIGINT NOT NULL, used BIGINT NOT NULL, valid_from BIGINT NOT NULL,"
    " valid_to BIGINT NOT NULL, rate_plan TEXT NOT NULL, communication_plan TEXT NOT NULL,"
    " exhausted INTEGER NOT NULL, PRIMARY KEY (tenant, id));"
    "CREATE INDEX contracts_by_carrier ON contracts (tenant, carrier, id);"
    "CREATE TABLE stock (tenant TEXT NOT NULL, iccid TEXT NOT NULL, contract TEXT NOT NULL, smdp_address TEXT NOT NULL,"
    " code BLOB NOT NULL, code_tail TEXT NOT NULL, code_mac BLOB NOT NULL, state TEXT NOT NULL, eid TEXT,"
    " added BIGINT NOT NULL, PRIMARY KEY (tenant, iccid));"
    "CREATE UNIQUE INDEX stock_codes ON stock (tenant, code_mac);"
    "CREATE INDEX stock_by_state ON stock (tenant, contract, state, added, iccid);"
    "CREATE TABLE devices (tenant TEXT NOT NULL, eid TEXT NOT NULL, name TEXT NOT NULL, tags TEXT NOT NULL,"
    " country TEXT NOT NULL, eim TEXT NOT NULL, lead TEXT NOT NULL, PRIMARY KEY (tenant, eid));"
    "CREATE TABLE profiles (tenant TEXT NOT NULL, eid TEXT NOT NULL, iccid TEXT NOT NULL, carrier TEXT NOT NULL,"
    " enabled INTEGER NOT NULL, fallback INTEGER NOT NULL, PRIMARY KEY (tenant, eid, iccid));"
    "CREATE TABLE swaps (tenant TEXT NOT NULL, id TEXT NOT NULL, eid TEXT NOT NULL, target TEXT NOT NULL,"
    " requested_by TEXT NOT NULL, idempotency_key TEXT, state TEXT NOT NULL, aside TEXT NOT NULL, step TEXT NOT NULL,"
    " undoing INTEGER NOT NULL, attempt BIGINT NOT NULL, step_since BIGINT NOT NULL, due BIGINT NOT NULL,"
    " deadline BIGINT NOT NULL, cause TEXT NOT NULL, detail TEXT NOT NULL, ending TEXT NOT NULL,"
    " contract TEXT NOT NULL, iccid TEXT NOT NULL, present INTEGER NOT NULL, round BIGINT NOT NULL,"
    " transferred INTEGER NOT NULL, ordered INTEGER NOT NULL, installed INTEGER NOT NULL, order_id TEXT NOT NULL,"
    " order_known INTEGER NOT NULL, enable_at BIGINT NOT NULL, status_before TEXT NOT NULL, created BIGINT NOT NULL, changed BIGINT NOT NULL,"
    " cancel_wanted INTEGER NOT NULL, nudged INTEGER NOT NULL, leased INTEGER NOT NULL, is_open INTEGER NOT NULL,"
    " PRIMARY KEY (tenant, id));"
    "CREATE UNIQUE INDEX swaps_one_per_eid ON swaps (tenant, eid) WHERE is_open = 1;"
    "CREATE UNIQUE INDEX swaps_by_key ON swaps (tenant, requested_by, idempotency_key);"
    "CREATE INDEX swaps_due ON swaps (tenant, due, created, id) WHERE is_open = 1;"
    "CREATE INDEX swaps_aside ON swaps (tenant, target, aside, created, id) WHERE is_open = 1;"
    "CREATE INDEX swaps_listed ON swaps (tenant, created, id);"
    "CREATE TABLE journal (tenant TEXT NOT NULL, swap TEXT NOT NULL, n BIGINT NOT NULL, step TEXT NOT NULL,"
    " attempt BIGINT NOT NULL, at BIGINT NOT NULL, outcome TEXT NOT NULL, state TEXT NOT NULL, cause TEXT NOT NULL,"
    " detail TEXT NOT NULL, PRIMARY KEY (tenant, swap, n));"
    "CREATE TABLE outbox (tenant TEXT NOT NULL, id TEXT NOT NULL, eim TEXT NOT NULL, body TEXT NOT NULL,"
    " due BIGINT NOT NULL, attempt BIGINT NOT NULL, PRIMARY KEY (tenant, id));"
    "CREATE INDEX outbox_due ON outbox (tenant, due, id);"
    "CREATE TABLE alerts (tenant TEXT NOT NULL, n BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL,"
    " subject TEXT NOT NULL, swap TEXT NOT NULL, who TEXT NOT NULL, PRIMARY KEY (tenant, n));"
    "CREATE TABLE audit (tenant TEXT NOT NULL, n BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL,"
    " subject TEXT NOT NULL, swap TEXT NOT NULL, who TEXT NOT NULL, PRIMARY KEY (tenant, n));",
    /* Devices whose card is to be asked what it holds. placed: when the question was put, 0 not yet. */
    "CREATE TABLE looks (tenant TEXT NOT NULL, eid TEXT NOT NULL, reference TEXT NOT NULL, placed BIGINT NOT NULL,"
    " due BIGINT NOT NULL, attempt BIGINT NOT NULL, PRIMARY KEY (tenant, eid));"
    "CREATE INDEX looks_due ON looks (tenant, due, eid);"
    "CREATE INDEX swaps_by_eid ON swaps (tenant, eid, changed);",
    /* An index is written again whenever one of its columns is: `changed` is, at each step, and a device has few swaps. */
    "DROP INDEX swaps_by_eid;"
    "CREATE INDEX swaps_by_eid ON swaps (tenant, eid);"
    /* What every step reads and writes by its whole key lies in the tree of that key, and in no second one. */
    BY_KEY("journal", "tenant TEXT NOT NULL, swap TEXT NOT NULL, n BIGINT NOT NULL, step TEXT NOT NULL,"
           " attempt BIGINT NOT NULL, at BIGINT NOT NULL, outcome TEXT NOT NULL, state TEXT NOT NULL, cause TEXT NOT NULL,"
           " detail TEXT NOT NULL, PRIMARY KEY (tenant, swap, n)")
    BY_KEY("devices", "tenant TEXT NOT NULL, eid TEXT NOT NULL, name TEXT NOT NULL, tags TEXT NOT NULL,"
           " country TEXT NOT NULL, eim TEXT NOT NULL, lead TEXT NOT NULL, PRIMARY KEY (tenant, eid)")
    BY_KEY("profiles", "tenant TEXT NOT NULL, eid TEXT NOT NULL, iccid TEXT NOT NULL, carrier TEXT NOT NULL,"
           " enabled INTEGER NOT NULL, fallback INTEGER NOT NULL, PRIMARY KEY (tenant, eid, iccid)"),
    /* low_told: the alert of this crossing was raised. */
    ("ALTER TABLE contracts ADD COLUMN low BIGINT NOT NULL DEFAULT 0;"
     "ALTER TABLE contracts ADD COLUMN low_told INTEGER NOT NULL DEFAULT 0;"),
};
const size_t eso_migration_count = sizeof eso_migrations / sizeof eso_migrations[0];
