/* Shared by the files of lib/conf only. */
#ifndef LAB_CONF_SETTINGS_INTERNAL_H
#define LAB_CONF_SETTINGS_INTERNAL_H

#include "program.h"

/* Settings of a file's tree and of the command line's (later ones win). Takes the trees and the array on success. */
MUST_CHECK enum err settings_assemble(struct yaml *file, struct yaml **given, size_t given_count,
                                      const struct setting *known, size_t count, struct settings **out,
                                      struct yaml_error *error);
#endif
