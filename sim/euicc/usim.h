/* The UICC of the enabled profile as it is while in use. Private to sim/euicc. */
#ifndef LAB_EUICC_USIM_H
#define LAB_EUICC_USIM_H

#include "euicc_internal.h"
#include "saip.h"

struct usim {
    struct shared *upp;           /* what the package borrows */
    struct saip_package *package; /* with everything that was changed since */
    uint8_t iccid[10];
    bool *verified; /* per PIN, until power off */
    bool *changed;  /* per file: its content differs from the package's */
};

/* The enabled profile's; *out NULL when there is none. */
MUST_CHECK enum err usim_open(struct euicc *e, struct usim **out);
/* Puts what using it changed into the state to be saved. */
MUST_CHECK enum err usim_keep(struct euicc *e, const struct usim *u);
/* usim_store.c: the changes as DER. */
MUST_CHECK enum err usim_write_changes(const struct usim *u, struct buf *out);
MUST_CHECK enum err usim_apply_changes(struct usim *u, struct span changes);

/* usim_access.c */
enum usim_access { USIM_READ = 0x01, USIM_UPDATE = 0x02 };
bool usim_allows(const struct usim *u, const struct channel *ch, const struct saip_file *f,
                 enum usim_access access);
uint16_t usim_verify(struct usim *u, const struct channel *ch, const struct command *c,
                     bool *changed);

/* usim_authenticate.c */
MUST_CHECK enum err usim_authenticate(struct euicc *e, struct usim *u, const struct channel *ch,
                                      const struct command *c, struct buf *response, uint16_t *sw);
#endif
