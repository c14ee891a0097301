/* Checks that verbs and expectations share. */
#ifndef LAB_RUNNER_WORDS_H
#define LAB_RUNNER_WORDS_H

#include "scenario.h"

/* A map with known keys only. */
MUST_CHECK enum err word_map(const struct scenario *s, const struct yaml_node *n, const char *const *keys,
                             struct yaml_error *error);
/* A scalar that names a device of the world. */
MUST_CHECK enum err word_device(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
/* Either 'device: meter', or 'devices' with a list or all. */
MUST_CHECK enum err word_device_or_devices(const struct scenario *s, const struct yaml_node *map, struct yaml_error *error);
/* A scalar that names an eIM of the world; "eim" is the one that is always there. */
MUST_CHECK enum err word_eim(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
/* A scalar that names a caller: a tenant, nobody, stranger, or a part whose certificate is shown. */
MUST_CHECK enum err word_caller(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
/* A scalar that names a contract of the world. */
MUST_CHECK enum err word_contract(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
/* The member `key` names a carrier of the world. */
MUST_CHECK enum err word_carrier(const struct scenario *s, const struct yaml_node *map, const char *key,
                                 struct yaml_error *error);

#endif
