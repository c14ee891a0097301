/* The library's header has the same name as ours, which comes first on the way; so the search goes on behind this folder. */
#ifndef LAB_CONF_LIBYAML_H
#define LAB_CONF_LIBYAML_H

#include_next <yaml.h>

#endif
