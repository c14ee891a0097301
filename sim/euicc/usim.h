/* The UICC of the enabled profile as it is while in use. Private to sim/euicc. */
#ifndef LAB_EUICC_USIM_H
#define LAB_EUICC_USIM_H

#include "euicc_internal.h"
#include "saip.h"

#define INS_DEACTIVATE_FILE 0x04
#define INS_VERIFY 0x20
#define INS_CHANGE_PIN 0x24
#define INS_DISABLE_PIN 0x26
#define INS_ENABLE_PIN 0x28
#define INS_UNBLOCK_PIN 0x2c
#define INS_INCREASE 0x32
#define INS_ACTIVATE_FILE 0x44
#define INS_GET_IDENTITY 0x78
#define INS_AUTHENTICATE 0x88
#define INS_SEARCH_RECORD 0xa2
#define INS_SELECT 0xa4
#define INS_READ_BINARY 0xb0
#define INS_READ_RECORD 0xb2
#define INS_RETRIEVE_DATA 0xcb
#define INS_UPDATE_BINARY 0xd6
#define INS_SET_DATA 0xdb
#define INS_UPDATE_RECORD 0xdc
#define INS_STATUS 0xf2

#define USIM_CONTENT 1 /* the contents are this card's own copy */
#define USIM_LIFECYCLE 2

struct usim {
    struct kept_package *upp;     /* what the package borrows */
    struct saip_package *package; /* with everything that was changed since */
    struct euicc_contents *store; /* of the contents below; NULL: they are this card's alone */
    struct piece **content;       /* of each element's files, as the package gives them; NULL none */
    uint8_t iccid[10];
    bool *verified; /* per PIN, until power off */
    uint8_t *changed; /* per file: what differs from the package's, USIM_CONTENT and USIM_LIFECYCLE */
};

/* The enabled profile's; *out NULL when there is none. */
MUST_CHECK enum err usim_open(struct euicc *e, struct usim **out);
/* Puts what using it changed into the state to be saved. */
MUST_CHECK enum err usim_keep(struct euicc *e, const struct usim *u);
/* usim_store.c: the changes as DER. */
MUST_CHECK enum err usim_write_changes(const struct usim *u, struct buf *out);
MUST_CHECK enum err usim_apply_changes(struct usim *u, struct span changes);

/* usim_access.c */
/* Bits of the access mode octet; above it the instruction that a rule names by itself. */
enum usim_access {
    USIM_READ = 0x01,
    USIM_UPDATE = 0x02,
    USIM_DEACTIVATE = 0x08,
    USIM_ACTIVATE = 0x10,
    USIM_INCREASE = 0x3200
};
bool usim_allows(const struct usim *u, const struct channel *ch, const struct saip_file *f,
                 enum usim_access access);
/* usim_pin.c */
struct saip_pin *usim_pin(const struct usim *u, const struct channel *ch, uint8_t reference);
bool usim_pin_is_adm(const struct saip_pin *p);
bool usim_pin_satisfied(const struct usim *u, const struct channel *ch, uint8_t reference);
/* VERIFY, CHANGE, DISABLE, ENABLE, UNBLOCK PIN. */
uint16_t usim_pin_command(struct usim *u, const struct channel *ch, const struct command *c,
                          bool *changed);

/* usim.c */
/* The file that P1 and data of SELECT name; SAIP_NONE. */
size_t usim_find(const struct saip_package *p, const struct channel *ch, const struct command *c);
void usim_enter(const struct saip_package *p, struct channel *ch, size_t file);

/* usim_lifecycle.c: DEACTIVATE FILE, ACTIVATE FILE. */
bool usim_is_deactivated(const struct saip_file *f);
uint16_t usim_set_lifecycle(struct usim *u, struct channel *ch, const struct command *c, bool *changed);

/* usim_transfer.c: RETRIEVE DATA, SET DATA. */
MUST_CHECK enum err usim_transfer(struct euicc *e, struct usim *u, struct channel *ch,
                                  const struct command *c, struct buf *response, uint16_t *sw);

/* usim_files.c */
/* Which record is current once a file is selected: that of a cyclic one which was updated last; 0 none. */
unsigned usim_first_record(const struct saip_file *f);
/* The EF that a command means: by its short identifier, which selects it, or (0) the current one. NULL with *sw. */
struct saip_file *usim_target(struct usim *u, struct channel *ch, unsigned sfi, uint16_t *sw);
/* By its rule, and by its life cycle; *sw says why not. */
bool usim_permits(const struct usim *u, const struct channel *ch, const struct saip_file *f,
                  enum usim_access access, uint16_t *sw);
/* The contents of a file for writing: this card's own from now on. */
MUST_CHECK enum err usim_own(struct usim *u, const struct saip_file *f, uint8_t **out);
/* Writes into a file, which must have that room, and keeps it. */
MUST_CHECK enum err usim_put(struct euicc *e, struct usim *u, struct saip_file *f, size_t offset,
                             struct span bytes, uint16_t *sw);
bool usim_is_directory(const struct saip_file *f);
bool usim_has_records(const struct saip_file *f);
MUST_CHECK enum err usim_binary(struct euicc *e, struct usim *u, struct channel *ch,
                                const struct command *c, struct buf *response, uint16_t *sw);
MUST_CHECK enum err usim_record(struct euicc *e, struct usim *u, struct channel *ch,
                                const struct command *c, struct buf *response, uint16_t *sw);
MUST_CHECK enum err usim_search(struct usim *u, struct channel *ch, const struct command *c,
                                struct buf *response, uint16_t *sw);
MUST_CHECK enum err usim_increase(struct euicc *e, struct usim *u, struct channel *ch,
                                  const struct command *c, struct buf *response, uint16_t *sw);

/* usim_authenticate.c */
/* Is this service available in the EF.UST of an application? */
bool usim_has_service(const struct usim *u, size_t adf, unsigned service);
MUST_CHECK enum err usim_authenticate(struct euicc *e, struct usim *u, const struct channel *ch,
                                      const struct command *c, struct buf *response, uint16_t *sw);

/* usim_identity.c */
MUST_CHECK enum err usim_get_identity(struct euicc *e, const struct usim *u, const struct channel *ch,
                                      const struct command *c, struct buf *response, uint16_t *sw);
#endif
