/* R46: a carrier that is not integrated. The customer provisions elsewhere; the eSO moves the card only. */
#include <string.h>

#include "eso_port.h"

const struct port_platform_ops port_cmp_manual = { .dialect = "manual", .has_interface = false };

const struct port_platform_ops *port_platform_find(const char *dialect)
{
    const struct port_platform_ops *const all[] = { &port_cmp_control_center, &port_cmp_manual };
    for (size_t i = 0; i < COUNT(all); i++)
        if (strcmp(all[i]->dialect, dialect) == 0)
            return all[i];
    return NULL;
}
