/* The statements that make the eSO's tables, in order; only ever added to. */
#ifndef LAB_ESO_SCHEMA_H
#define LAB_ESO_SCHEMA_H

#include <stddef.h>

extern const char *const eso_migrations[];
extern const size_t eso_migration_count;

#endif
