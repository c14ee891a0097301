/* Profile packages in the format of the TCA "eUICC Profile Package: Interoperable Format"
 * (SAIP 2.x, 3.x): an unprotected package (UPP) is read into a model, and a minimal USIM package is
 * written. ICCIDs are 10 octets with swapped nibbles and F padding, as in EF.ICCID and in profile
 * metadata, unless said. */
#ifndef LAB_SAIP_SAIP_H
#define LAB_SAIP_SAIP_H

#include "aka.h"
#include "span.h"

#define SAIP_UPP_MAX (256u << 10)
#define SAIP_CONTENT_MAX (1u << 20) /* all file contents of one package together */
#define SAIP_NONE 0xffffu           /* no file */

/* What a package's installation answers per profile element (PEStatus of EUICCResponse). */
enum saip_status {
    SAIP_OK = 0,
    SAIP_PE_NOT_SUPPORTED = 1,
    SAIP_MEMORY_FAILURE = 2,
    SAIP_BAD_VALUES = 3,
    SAIP_NOT_ENOUGH_MEMORY = 4,
    SAIP_INVALID_REQUEST_FORMAT = 5,
    SAIP_INVALID_PARAMETER = 6,
    SAIP_RUNTIME_NOT_SUPPORTED = 7,
    SAIP_LIB_NOT_SUPPORTED = 8,
    SAIP_TEMPLATE_NOT_SUPPORTED = 9,
    SAIP_FEATURE_NOT_SUPPORTED = 10,
    SAIP_PIN_CODE_MISSING = 11,
    SAIP_UNSUPPORTED_PROFILE_VERSION = 31,
};
/* Where and why a package was refused. */
struct saip_fault {
    enum saip_status status;
    int identification; /* of the profile element; -1 unknown */
    const char *why;    /* static storage */
    uint8_t missing;    /* of feature-not-supported: SAIP_NO_GBA, SAIP_NO_MBMS; 0: neither */
    bool incomplete;    /* nothing is wrong with what is there: it ends before its end element */
    size_t offset;      /* of the part at fault, from the beginning of that element; 0: the element as a whole */
};

enum saip_file_kind {
    SAIP_MF, /* directories first */
    SAIP_ADF,
    SAIP_DF,
    SAIP_TRANSPARENT,
    SAIP_LINEAR_FIXED,
    SAIP_CYCLIC,
    SAIP_BER_TLV,
};
/* A card has hundreds of them. */
struct saip_file {
    union {
        const uint8_t *at; /* its contents, unless it links to another's */
        size_t offset;     /* while the package is being read */
    };
    uint32_t size;
    uint16_t fid, parent;   /* parent: index of the directory, SAIP_NONE for the MF */
    uint16_t record_length; /* linear fixed, cyclic */
    uint16_t link;          /* index of the file this one links to; SAIP_NONE */
    uint16_t directory;     /* of a directory: index into saip_package.directories; SAIP_NONE */
    enum saip_file_kind kind : 8;
    uint8_t sfi;             /* 0 none */
    uint8_t lifecycle;       /* ISO 7816-4: 05 activated, 04 deactivated */
    bool usable_deactivated; /* readable and updatable while deactivated (TS 102 222 6.3.2.2.2) */
    uint8_t access[3];       /* 8B as given: ARR file id and record, or record only */
    uint8_t access_len;
};
/* What only a directory has; borrows the package. */
struct saip_directory {
    struct span aid;        /* of an ADF */
    struct span pin_status; /* C6 */
};
struct saip_pin {
    uint16_t directory; /* index of the MF, DF or ADF that it belongs to */
    uint8_t reference;  /* 01 application PIN, 81 second PIN, 0A.. ADM */
    uint8_t value[8];   /* FF padded */
    uint8_t puk;        /* its unblocking PIN's reference, 0 none */
    uint8_t attributes; /* bit 1 enabled, bit 2 may be disabled, bit 3 may be changed */
    uint8_t tries;      /* high nibble most, low nibble left */
};
struct saip_puk {
    uint16_t directory;
    uint8_t reference, value[8], tries;
};
/* The local PINs of one directory serve another too. */
struct saip_share {
    uint16_t directory, source;
};
struct saip_aka {
    uint16_t adf;        /* index of the NAA that it serves */
    bool test_algorithm; /* algorithmID 3, the 3GPP test algorithm: params.k only */
    struct aka_params params;
    struct span mapped_from; /* AID whose parameters are shared; then params is empty */
    uint8_t sqn_options;          /* bit 2: sqn_delta is checked */
    uint64_t sqn_delta, sqn_age_limit; /* of SEQ, which has no index; 0 none */
    uint8_t sqn[32][6];           /* SEQ || IND, the highest that was taken for each index */
    uint32_t counter_max, counter; /* how often it may be used, and was; max 0: as often as one likes */
};
/* How far an element was carried out. */
enum saip_outcome {
    SAIP_EXECUTED,
    SAIP_STORED,         /* kept, and nothing here runs it: A5 to A9, files without a known template */
    SAIP_STORED_IN_PART, /* some of its files were made; the others need a template that is not known */
};
#define SAIP_NO_GBA 1 /* additional-information of feature-not-supported */
#define SAIP_NO_MBMS 2
struct saip_element {
    uint32_t tag;       /* 0xA0 header, 0xB3 usim, … */
    int identification; /* -1: the header has none */
    struct span whole;
    bool mandated;           /* the header always is */
    enum saip_status status; /* not SAIP_OK: at fault, not mandated and passed over, or some parameter of it ignored */
    enum saip_outcome outcome;
    uint16_t files_left;       /* its files that were not made */
    uint8_t missing;           /* SAIP_NO_GBA, SAIP_NO_MBMS: it has files of what no card of ours can do */
    uint32_t content, content_len; /* where the contents of its files are in saip_package.content */
};
struct saip_header {
    unsigned major, minor;
    uint8_t iccid[10]; /* swapped as everywhere; the element itself has it unswapped */
    struct span profile_type;
    uint32_t services;        /* bit n: service tag 80+n is mandatory */
    bool unknown_services;    /* one that has no name yet is mandatory */
    bool mandates_libraries;  /* eUICC-Mandatory-AIDs names one */
    struct span connectivity; /* connectivityParameters, "" when absent */
    struct span pix;          /* of an IoT minimal profile, 7 to 11 octets; "": a full one */
    uint8_t directory[20];    /* what EF.DIR says of that one's USIM, with its AID from the fifth octet on */
};

/* A package as read. Borrows the UPP's bytes; owns the file contents. */
struct saip_package {
    struct saip_header header;
    struct saip_file *files; /* [0] is the MF */
    size_t file_count;
    struct saip_directory *directories;
    size_t directory_count;
    struct saip_pin *pins;
    size_t pin_count;
    struct saip_puk *puks;
    size_t puk_count;
    struct saip_share *shares;
    size_t share_count;
    struct saip_aka *akas;
    size_t aka_count;
    struct saip_element
        *elements; /* all, in order; what is stored only (A5-A9) is to be had here only */
    size_t element_count;
    struct buf content; /* of all files; may be taken elsewhere, see saip_move_content */
};

/* Reads a UPP, which must stay while the package is used. ERR_PARSE with *fault (may be NULL)
 * filled, ERR_NOMEM. Gives *out. */
MUST_CHECK enum err saip_read(struct span upp, struct saip_package **out, struct saip_fault *fault);
/* The same of a UPP in parts, one after the other, each of whole profile elements. */
MUST_CHECK enum err saip_read_parts(const struct span *parts, size_t count, struct saip_package **out,
                                    struct saip_fault *fault);
/* As saip_read, but gives *out with ERR_PARSE too (NULL when there is no memory): of such a package only
 * the elements count, up to the one at fault. */
MUST_CHECK enum err saip_try(struct span upp, struct saip_package **out, struct saip_fault *fault);
void saip_free(struct saip_package *p); /* clears keys; NULL is harmless */
size_t saip_footprint(const struct saip_package *p); /* octets that it occupies, the UPP apart */

/* ---- what is answered, element by element (EUICCResponse)
 * -------------------------------------------------------- */
#define SAIP_ANSWER_MAX 4096 /* of the largest package */
struct saip_answer {
    enum saip_status status;
    int identification;  /* -1 none */
    const char *element; /* "securityDomain"; NULL when the element was carried out or is at fault */
    enum saip_outcome outcome;
};
/* Appends the EUICCResponse: a PEStatus for each element that was not carried out in full, then ok or the fault. `p` may be
 * NULL: then the fault alone. What is stored and not executed has status ok, and in additional-information the
 * number of the element's kind (bits 1 to 6) with bit 7, or bit 8 when only in part. */
MUST_CHECK enum err saip_put_answer(const struct saip_package *p, const struct saip_fault *fault,
                                    struct buf *out);
/* Appends the PEStatus alone, one after the other, of elements that were passed over or stored. */
MUST_CHECK enum err saip_put_exceptions(const struct saip_package *p, struct buf *out);
/* The next PEStatus of a list of them; moves `list`. ERR_PARSE. */
MUST_CHECK enum err saip_answer_next(struct span *list, struct saip_answer *out);
/* The ASN.1 name of a kind of element: "opt-csim" for 0xBA; NULL unknown. */
const char *saip_element_name(uint32_t tag);

/* Its AID and PIN status; empty where it has none. */
struct span saip_aid(const struct saip_package *p, const struct saip_file *f);
struct span saip_pin_status(const struct saip_package *p, const struct saip_file *f);
/* The contents of an element's files are at `at` from now on, which must stay and be the same octets. */
void saip_move_content(struct saip_package *p, const struct saip_element *element, const uint8_t *at);
/* The contents of a file as the package gives them (defaults, fill patterns and fills applied). */
struct span saip_content(const struct saip_package *p, const struct saip_file *f);
/* A file by id under a directory (index); SAIP_NONE when absent. */
size_t saip_child(const struct saip_package *p, size_t directory, uint16_t fid);
/* The ADF whose AID begins with `aid` (partial selection); SAIP_NONE when absent. */
size_t saip_adf(const struct saip_package *p, struct span aid);
/* The directory whose local PINs serve this one: itself, or the one that it shares with. */
size_t saip_pin_directory(const struct saip_package *p, size_t directory);

/* "89..." digits (18 to 20) <-> 10 swapped octets. ERR_PARSE. Text needs room for 21. */
MUST_CHECK enum err saip_iccid_parse(const char *digits, uint8_t iccid[10]);
void saip_iccid_text(const uint8_t iccid[10], char digits[21]);

/* What personalises a minimal USIM profile. */
struct saip_subscription {
    uint8_t iccid[10];
    const char *imsi;    /* 6 to 15 digits, MCC and MNC included */
    unsigned mnc_length; /* 2 or 3; 0 means 2 */
    const char *spn;     /* service provider name, at most 16 characters; NULL "Lab" */
    const char *pin1, *puk1, *pin2, *puk2,
        *adm1;                /* up to 8 digits; NULL: 0000, 11111111, 9999, 22222222, 55555555 */
    struct span connectivity; /* connectivityParameters of the header; empty: none */
    const struct aka_params *aka; /* Milenage or TUAK with K and OPc/TOPc */
};
/* Appends the UPP: header, MF, PUK, PIN, USIM, second PIN, AKA parameters, end (catalogue D.2).
 * ERR_PARSE when a value of the subscription does not fit. The result holds K and OPc: keep it as a
 * secret. */
MUST_CHECK enum err saip_minimal_usim(const struct saip_subscription *s, struct buf *upp);

/* Appends `upp`, any package that saip_read takes, with the subscription's values in the place of its own: ICCID (header
 * and EF.ICCID), EF.IMSI, EF.ACC, K and OPc with their algorithm in every AKA element that has keys, and EF.SPN, the
 * length of the MNC in EF.AD, PINs and PUKs where the subscription has them (NULL or 0: the package's stay). With the
 * length of the MNC the ISIM gets the identities that its IMSI gives (TS 23.003 13). Every other byte is the package's. ERR_PARSE with *fault (may be NULL): the package
 * has no place for a value; `why` begins with the name of the element. The result is a secret. */
MUST_CHECK enum err saip_personalise(struct span upp, const struct saip_subscription *s, struct buf *out,
                                     struct saip_fault *fault);
#endif
