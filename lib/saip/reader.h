/* What the parts of the package reader share. Private. */
#ifndef LAB_SAIP_READER_H
#define LAB_SAIP_READER_H

#include "der.h"
#include "saip.h"

#define SAIP_ELEMENTS_MAX 256
#define SAIP_FILES_MAX 2048
#define SAIP_CODES_MAX 256

struct saip_reader {
    struct saip_package *package;
    struct saip_fault *fault;
    int identification; /* of the element being read */
    const uint8_t *element, *at; /* where that begins, and the part of it that is being read; NULL: none */
    unsigned files_made, files_left; /* of the element being read */
    uint8_t missing;
    bool mandated;
    size_t directory;   /* to which PIN and PUK elements belong: the MF, DF or ADF made last */
    size_t adf;         /* to which optional files and AKA parameters belong; SAIP_NONE before the first */
    size_t capacity[7]; /* of the package's arrays */
    bool entered; /* the free file management being read has created a directory */
    bool ended;
};

/* Notes the first fault, with the place of what is being read, and returns ERR_PARSE. */
enum err saip_refuse(struct saip_reader *r, enum saip_status status, const char *why);
/* As der_next and der_find; what they find is being read from then on, or what lacks it. */
MUST_CHECK enum err saip_next(struct saip_reader *r, struct der *d, struct der_tlv *out);
bool saip_find(struct saip_reader *r, struct span from, uint32_t tag, struct der_tlv *out);
/* Makes room for one more member of an array that holds `count`; ERR_PARSE past `most`. */
MUST_CHECK enum err saip_room(struct saip_reader *r, void *array, size_t *capacity, size_t count, size_t size,
                              size_t most);

/* Resolves file identifiers from the MF; SAIP_NONE when there is no such file. */
size_t saip_at_path(const struct saip_package *p, struct span path);
MUST_CHECK enum err saip_read_template_element(struct saip_reader *r, const struct der_tlv *element);
MUST_CHECK enum err saip_read_generic_files(struct saip_reader *r, const struct der_tlv *element);
MUST_CHECK enum err saip_read_pin_codes(struct saip_reader *r, const struct der_tlv *element);
MUST_CHECK enum err saip_read_puk_codes(struct saip_reader *r, const struct der_tlv *element);
MUST_CHECK enum err saip_read_aka(struct saip_reader *r, const struct der_tlv *element);
MUST_CHECK enum err saip_read_header(struct saip_reader *r, const struct der_tlv *element);
#endif
