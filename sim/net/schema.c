#include "net_internal.h"

const char *const network_migrations[] = {
    /* sealed: K, OPc and the like, encrypted (keys.c). sim: the first 19 digits of the ICCID. */
    "CREATE TABLE subscriber (imsi TEXT PRIMARY KEY, iccid TEXT NOT NULL, sim TEXT NOT NULL UNIQUE,"
    "                         amf BLOB NOT NULL, sqn BIGINT NOT NULL, sealed BLOB NOT NULL);"
    "CREATE TABLE service (sim TEXT PRIMARY KEY, allowed INTEGER NOT NULL);"
    "CREATE TABLE coverage (country TEXT PRIMARY KEY, lost INTEGER NOT NULL);"
    "CREATE TABLE network_state (name TEXT PRIMARY KEY, value INTEGER NOT NULL);"
    /* One open attach a SIM. */
    "CREATE TABLE attach (id TEXT PRIMARY KEY, imsi TEXT NOT NULL UNIQUE, country TEXT NOT NULL, imei TEXT NOT NULL,"
    "                     rand BLOB NOT NULL, resynchronised INTEGER NOT NULL);"
    "CREATE TABLE session (id TEXT PRIMARY KEY, imsi TEXT NOT NULL, iccid TEXT NOT NULL, sim TEXT NOT NULL,"
    "                      country TEXT NOT NULL, imei TEXT NOT NULL, started_at BIGINT NOT NULL,"
    "                      ended_at BIGINT, cause TEXT NOT NULL);"
    "CREATE INDEX session_imsi ON session (imsi);"
    "CREATE INDEX session_open ON session (sim) WHERE ended_at IS NULL;"
    "CREATE TABLE outbox (id BIGINT PRIMARY KEY, iccid TEXT NOT NULL, event TEXT NOT NULL, at BIGINT NOT NULL,"
    "                     attempts INTEGER NOT NULL, next_at BIGINT NOT NULL)",
};
const size_t network_migration_count = COUNT(network_migrations);
