/* Error numbers of ESipa and ESep: what makes the eIM say each, what it makes of each that it hears; the page of them. */
#ifndef LAB_TESTS_EIM_CODES_H
#define LAB_TESTS_EIM_CODES_H

#include "eim_tests.h"

/* A number and its name, as the ASN.1 module has them. */
struct code_name {
    int64_t code;
    char name[48];
};
#define CODES_MAX 32
/* The numbers of one INTEGER of asn1/sgp32.asn or asn1/rsp.asn: of the type `type`, or of its member `member` where that is not
 * NULL. Gives how many. */
size_t module_codes(const char *type, const char *member, struct code_name out[CODES_MAX]);

/* Where the source is. */
const char *source_folder(void);

/* One number that the eIM answers over ESipa. Each row is played over both bindings. */
struct code_row {
    const char *function; /* "GetEimPackage" */
    int64_t code;
    const char *how; /* what provokes it */
    /* The number that was heard over f->peer; 0: no error, -1: a transport error. */
    int64_t (*provoke)(struct fixture *f, const struct code_row *r);
    const char *text;
    int what;
};
extern const struct code_row code_rows[];
extern const size_t code_row_count;
/* As the module has it; NULL: it has none. Overwritten by the next call. */
const char *code_name(const char *function, int64_t code);

/* What becomes of the order "a"; name "": it did not end. */
struct outcome {
    const char *state, *name;
};
/* Is that what is shown of it, with this number? */
bool shows_outcome(struct fixture *f, const struct outcome *o, int64_t code);
/* Is that the one event and the one letter of it? */
bool told_outcome(struct fixture *f, const struct outcome *o);

/* The page (codes_page.c). times: as often is it heard until the order ends. */
void put_outcome_row(struct buf *out, const char *heard, const struct code_name *c, const struct outcome *o, int times);
void put_esep_rows(struct buf *out);
void put_heard_rows(struct buf *out);
void put_problem_rows(struct buf *out);
extern const struct test codes_page_update;

#endif
