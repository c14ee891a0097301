#include "cmp_store.h"

/* Times are milliseconds, 0 never; booleans 0 or 1. API keys are kept as SHA-256 only. */
const char *const cmp_migrations[] = {
    "CREATE TABLE accounts (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, key_hash BLOB NOT NULL);"
    "CREATE TABLE devices (iccid TEXT PRIMARY KEY, imsi TEXT NOT NULL, msisdn TEXT NOT NULL, imei TEXT NOT NULL,"
    " account TEXT NOT NULL, status TEXT NOT NULL, rate_plan TEXT NOT NULL, communication_plan TEXT NOT NULL,"
    " added BIGINT NOT NULL, shipped BIGINT NOT NULL, activated BIGINT NOT NULL, updated BIGINT NOT NULL);"
    "CREATE INDEX devices_listed ON devices (account, updated, iccid);"
    "CREATE TABLE fields (iccid TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (iccid, name));"
    "CREATE TABLE audit (iccid TEXT NOT NULL, n BIGINT NOT NULL, call BIGINT NOT NULL, at BIGINT NOT NULL,"
    " who TEXT NOT NULL, field TEXT NOT NULL, before_text TEXT NOT NULL, after_text TEXT NOT NULL,"
    " PRIMARY KEY (iccid, n));"
    "CREATE TABLE periods (iccid TEXT NOT NULL, n BIGINT NOT NULL, status TEXT NOT NULL, at BIGINT NOT NULL,"
    " PRIMARY KEY (iccid, n));"
    "CREATE TABLE transfers (reference TEXT PRIMARY KEY, iccid TEXT NOT NULL, account TEXT NOT NULL,"
    " reversed INTEGER NOT NULL);"
    "CREATE TABLE events (iccid TEXT NOT NULL, at BIGINT NOT NULL, event TEXT NOT NULL, plmn TEXT NOT NULL,"
    " PRIMARY KEY (iccid, at, event));"
    "CREATE TABLE sessions (iccid TEXT PRIMARY KEY, started BIGINT NOT NULL, ended BIGINT NOT NULL,"
    " plmn TEXT NOT NULL);"
    "CREATE TABLE notices (id BIGINT PRIMARY KEY, iccid TEXT NOT NULL, service INTEGER NOT NULL,"
    " attempts BIGINT NOT NULL, due BIGINT NOT NULL);"
    "CREATE INDEX notices_of_sim ON notices (iccid, id);"
    "CREATE INDEX notices_due ON notices (due, id);"
    "CREATE TABLE scheduled (id BIGINT PRIMARY KEY, iccid TEXT NOT NULL, who TEXT NOT NULL, at BIGINT NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE INDEX scheduled_at ON scheduled (at, id);"
    "CREATE TABLE facts (name TEXT PRIMARY KEY, text TEXT NOT NULL, number BIGINT NOT NULL);",
};
const size_t cmp_migration_count = sizeof cmp_migrations / sizeof cmp_migrations[0];
