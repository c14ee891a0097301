/* Default files of the profile package templates: facts of the interoperable format, as constant rows.
 * Private. */
#ifndef LAB_SAIP_TEMPLATES_H
#define LAB_SAIP_TEMPLATES_H

#include "saip.h"

#define SAIP_IOT 17
#define SAIP_OPT_IOT 18
#define SAIP_UNDER_ADF 0xffffu

struct saip_template_file {
    uint8_t family,
        version;  /* 2.23.143.1.2.family[.version]; a row holds until a later version replaces it */
    uint16_t tag; /* of the member of the profile element */
    uint16_t fid; /* of the first file of this member; further ones count on from it; 0: must be given */
    enum saip_file_kind kind;
    uint16_t size, record_length; /* 0: must be given */
    uint8_t access_record, sfi;
    bool content_required;
    uint16_t under;      /* directory inside the template; 0: the element's own; SAIP_UNDER_ADF */
    const char *content; /* hex; "FF*": fill with FF; "FF*07": and end with 07; "(…)": repeat */
};

/* Reads templateID 2.23.143.1.2.family[.version], the contents of its OID. False: another OID. */
bool saip_template_id(struct span oid, unsigned *family, unsigned *version);
/* The row of a member; NULL when the template does not know it. */
const struct saip_template_file *saip_template_find(unsigned family, unsigned version, uint32_t tag);
/* Rows of a family's newest version up to `version`, one after the other; NULL at the end. */
const struct saip_template_file *saip_template_next(unsigned family, unsigned version,
                                                    const struct saip_template_file *previous);
/* Is this version in the table? */
bool saip_template_version_known(unsigned family, unsigned version);
/* Are the files of this template there without being mentioned? (MF, USIM, ISIM, CSIM and IoT) */
bool saip_template_by_default(unsigned family);
/* The access rules that an IoT minimal profile has where the package gives none, a pattern a record: what the record numbers
 * of all templates stand for. */
#define SAIP_DEFAULT_RULES 14
#define SAIP_DEFAULT_RULE_OCTETS 44
extern const char *const saip_default_rules[SAIP_DEFAULT_RULES];
/* Fills `size` octets as a content pattern says. */
void saip_template_fill(const char *pattern, uint8_t *at, size_t size);
#endif
