/* DEACTIVATE FILE and ACTIVATE FILE (ETSI TS 102 221 11.1.14, 11.1.15). */
#include "usim.h"

#define ACTIVATED 0x05
#define DEACTIVATED 0x04

/* ISO 7816-4 5.3.3.2: 0000 01-0. */
bool usim_is_deactivated(const struct saip_file *f)
{
    return (f->lifecycle & 0xfd) == DEACTIVATED;
}

/* P1 00: by identifier, or the current EF without data; 08 and 09: by path. */
static size_t target_of(const struct usim *u, const struct channel *ch, const struct command *c,
                        uint16_t *sw)
{
    bool current = c->p1 == 0x00 && !c->data.len;
    *sw = SW_OK;
    if (c->p2 || (c->p1 != 0x00 && c->p1 != 0x08 && c->p1 != 0x09))
        *sw = SW_INCORRECT_P1P2;
    else if (current && ch->ef == SAIP_NONE)
        *sw = SW_NO_EF_SELECTED;
    if (*sw != SW_OK || current)
        return ch->ef;
    size_t file = usim_find(u->package, ch, c);
    if (file == SAIP_NONE)
        *sw = SW_FILE_NOT_FOUND;
    else if (usim_is_directory(&u->package->files[file]))
        *sw = SW_INCOMPATIBLE_FILE;
    return file;
}

uint16_t usim_set_lifecycle(struct usim *u, struct channel *ch, const struct command *c,
                            bool *changed)
{
    bool activate = c->ins == INS_ACTIVATE_FILE;
    uint16_t sw;
    size_t file = target_of(u, ch, c, &sw);
    if (sw != SW_OK)
        return sw;
    struct saip_file *f = &u->package->files[file];
    if (!usim_allows(u, ch, f, activate ? USIM_ACTIVATE : USIM_DEACTIVATE))
        return SW_SECURITY_STATUS;
    if (ch->ef != file)
        usim_enter(u->package, ch, file);
    *changed = usim_is_deactivated(f) == activate;
    if (*changed) {
        f->lifecycle = activate ? ACTIVATED : DEACTIVATED;
        u->changed[file] |= USIM_LIFECYCLE;
    }
    return SW_OK;
}
