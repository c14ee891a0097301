/* The PKI in memory: each certificate is issued when it is first asked for, its issuer before it. */
#include <stdlib.h>
#include <string.h>

#include "pki_internal.h"

#define DER_MAX 4096
#define PEM_MAX 8192

struct pki_entry {
    struct pki_item item;
    struct pki_row row;
    char name[PKI_NAME_MAX], subject[PKI_NAME_MAX]; /* of rows that are not in the table */
    char oid[40];
    uint8_t serial[8];
    struct ec_key *key;
    struct buf der, pem, key_pem;
};

struct pki {
    struct crypto *crypto;
    int64_t epoch;
    struct pki_entry **entries;
    size_t count;
};

enum err pki_new(struct crypto *c, int64_t epoch, struct pki **out)
{
    struct pki *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->crypto = c;
    p->epoch = epoch;
    *out = p;
    return ERR_OK;
}

static void entry_free(struct pki_entry *e)
{
    if (e->key_pem.at)
        memory_clear(e->key_pem.at, e->key_pem.cap);
    buf_release(&e->key_pem);
    buf_release(&e->pem);
    buf_release(&e->der);
    ec_key_free(e->key);
    free(e);
}

void pki_free(struct pki *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        entry_free(p->entries[i]);
    free(p->entries);
    free(p);
}

static struct pki_entry *entry_named(const struct pki *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->entries[i]->row.name, name) == 0)
            return p->entries[i];
    return NULL;
}

/* Takes e, also on failure. */
static enum err keep_entry(struct pki *p, struct pki_entry *e)
{
    struct pki_entry **grown = realloc(p->entries, (p->count + 1) * sizeof *grown);
    if (!grown) {
        entry_free(e);
        return ERR_NOMEM;
    }
    p->entries = grown;
    p->entries[p->count++] = e;
    return ERR_OK;
}

static enum err make_key(struct crypto *c, const struct pki_row *r, struct ec_key **out)
{
    struct buf scalar = { .max = 32 };
    if (!r->published_key)
        return ec_key_generate(c, r->curve, out);
    enum err e = hex_decode(span_str(r->published_key), &scalar);
    if (!e)
        e = ec_key_from_scalar(c, r->curve, buf_span(&scalar), out);
    buf_release(&scalar);
    return e;
}

/* Positive and of eight octets. */
static enum err make_serial(struct crypto *c, const struct pki_row *r, uint8_t serial[8])
{
    for (size_t i = 0; i < 8; i++)
        serial[i] = (uint8_t)(r->serial >> (56 - 8 * i));
    if (r->serial)
        return ERR_OK;
    enum err e = rng_fill(crypto_rng(c), serial, 8);
    serial[0] = (serial[0] & 0x3f) | 0x40;
    return e;
}

/* SGP.26 gives the Test CI these dates; they stay, whatever the epoch. */
#define TEST_CI_FROM INT64_C(1585729671000) /* 2020-04-01T08:27:51Z */
#define TEST_CI_TO INT64_C(2690180871000)   /* 2055-04-01T08:27:51Z */

static struct cert_spec spec_of(const struct pki_row *r, int64_t epoch)
{
    int64_t from = epoch + r->from * CLOCK_DAY;
    return (struct cert_spec){
        .role = r->role,
        .common_name = r->common_name,
        .organization = r->organization,
        .organizational_unit = r->organizational_unit,
        .country = r->country,
        .serial_number = r->serial_number,
        .registered_id = r->registered_id,
        .dns_names = r->dns[0] ? r->dns : NULL,
        .policy_oid = r->policy,
        .permitted_organization = r->eid_prefix ? r->organization : NULL,
        .permitted_eid_prefix = r->eid_prefix,
        .path_length = r->no_ca_below ? 0 : -1,
        .key_usage = r->key_usage,
        .purposes = r->purposes,
        .public_key_info = r->p384 ? pki_p384_key() : (struct span){ 0 },
        .not_before = r->days ? from : TEST_CI_FROM,
        .not_after = r->until  ? r->until
                     : r->days ? from + r->days * CLOCK_DAY : TEST_CI_TO,
        .crl_url = r->issuer && r->role != CERT_EUICC ? "http://ci.test.example.com/CRL-A.crl" : NULL,
        .break_signature = r->altered,
    };
}

/* Issues r for `key` under its issuer's certificate; appends DER. issuer NULL: self-signed. */
static enum err issue(struct pki *p, const struct pki_row *r, const uint8_t serial[8],
                      const struct ec_key *key, const struct pki_item *issuer, struct buf *der)
{
    struct ec_point point;
    struct cert_spec spec = spec_of(r, p->epoch);
    memcpy(spec.serial, serial, sizeof spec.serial);
    ec_key_point(key, &point);
    return cert_issue(p->crypto, &spec, r->curve, &point, issuer ? issuer->cert : NULL,
                      issuer ? issuer->key : key, der);
}

static enum err fill_item(struct crypto *c, struct pki_entry *e)
{
    struct pki_item *item = &e->item;
    struct span der = buf_span(&e->der);
    enum err err = cert_load(c, der, &item->cert);
    if (err == ERR_UNSUPPORTED && e->row.p384)
        err = ERR_OK;
    if (!err)
        err = sha256(c, &der, 1, item->fingerprint);
    if (!err)
        err = cert_put_pem(der, &e->pem);
    if (!err)
        err = ec_key_put_pem(e->key, &e->key_pem);
    item->name = e->row.name;
    item->der = der;
    item->pem = buf_span(&e->pem);
    item->key_pem = buf_span(&e->key_pem);
    item->key = e->key;
    return err;
}

/* Takes entry, whose row is set. */
static enum err issue_entry(struct pki *p, struct pki_entry *entry, const struct pki_item **out)
{
    const struct pki_item *issuer = NULL;
    const struct pki_row *r = &entry->row;
    entry->der = (struct buf){ .max = DER_MAX };
    entry->pem = entry->key_pem = (struct buf){ .max = PEM_MAX };
    enum err e = r->issuer ? pki_get(p, r->issuer, &issuer) : ERR_OK;
    if (!e)
        e = make_key(p->crypto, r, &entry->key);
    if (!e)
        e = make_serial(p->crypto, r, entry->serial);
    if (!e)
        e = issue(p, r, entry->serial, entry->key, issuer, &entry->der);
    if (!e)
        e = fill_item(p->crypto, entry);
    if (e) {
        entry_free(entry);
        return e;
    }
    *out = &entry->item;
    return keep_entry(p, entry);
}

enum err pki_get(struct pki *p, const char *name, const struct pki_item **out)
{
    struct pki_entry *entry = entry_named(p, name);
    if (entry) {
        *out = &entry->item;
        return ERR_OK;
    }
    const struct pki_row *row = pki_row_named(name);
    if (!row)
        return ERR_NOT_FOUND;
    entry = calloc(1, sizeof *entry);
    if (!entry)
        return ERR_NOMEM;
    entry->row = *row;
    return issue_entry(p, entry, out);
}

/* Below the test SM-DP+'s 2.999.10, an arc of its own for each name: FNV-1a of the name, 31 bits of it. */
static void own_oid(const char *subject, char out[40])
{
    uint32_t hash = 2166136261u;
    for (const char *c = subject; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    snprintf(out, 40, "2.999.10.%u", hash >> 1);
}

/* A row that is not in the table: `format` makes its name of the subject, `make` the row. */
static enum err get_further(struct pki *p, const char *prefix, const char *subject, const char *suffix,
                            struct pki_row (*make)(const char *name, const char *subject),
                            const struct pki_item **out)
{
    char name[PKI_NAME_MAX];
    if (!pki_name_usable(subject))
        return ERR_PARSE;
    snprintf(name, sizeof name, "%s%s%s", prefix, subject, suffix);
    enum err e = pki_get(p, name, out);
    if (e != ERR_NOT_FOUND)
        return e;
    struct pki_entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return ERR_NOMEM;
    memcpy(entry->name, name, sizeof name);
    memcpy(entry->subject, subject, strlen(subject) + 1);
    entry->row = make(entry->name, entry->subject);
    own_oid(subject, entry->oid);
    if (entry->row.own_oid)
        entry->row.registered_id = entry->oid;
    return issue_entry(p, entry, out);
}

static bool serves_host(const struct pki_row *r, const char *host)
{
    bool found = false;
    for (size_t i = 0; i < COUNT(r->dns) && r->dns[i] && !r->flaw; i++)
        found = found || strcmp(r->dns[i], host) == 0;
    return found;
}

enum err pki_server(struct pki *p, const char *host, const struct pki_item **out)
{
    for (size_t i = 0; i < pki_row_count; i++)
        if (serves_host(&pki_rows[i], host))
            return pki_get(p, pki_rows[i].name, out);
    return get_further(p, "CERT_S_", host, "_TLS", pki_server_row, out);
}

enum err pki_eim_sign(struct pki *p, const char *eim_id, const struct pki_item **out)
{
    return get_further(p, "CERT_S_", eim_id, "_EIMsign", pki_eim_row, out);
}

enum err pki_smdp(struct pki *p, const char *host, struct pki_smdp *out)
{
    enum err e = get_further(p, "CERT_S_", host, "_DPauth", pki_smdp_auth_row, &out->auth);
    if (!e)
        e = get_further(p, "CERT_S_", host, "_DPpb", pki_smdp_pb_row, &out->pb);
    return e ? e : get_further(p, "CERT_S_", host, "_DPtls", pki_smdp_tls_row, &out->tls);
}

enum err pki_smdp_brainpool(struct pki *p, const char *host, const struct pki_item **auth, const struct pki_item **pb)
{
    enum err e = get_further(p, "CERT_S_", host, "_DPauth_BRP", pki_smdp_auth_brp_row, auth);
    return e ? e : get_further(p, "CERT_S_", host, "_DPpb_BRP", pki_smdp_pb_brp_row, pb);
}

enum err pki_client(struct pki *p, const char *who, const struct pki_item **out)
{
    return get_further(p, "CERT_OPERATOR_", who, "", pki_client_row, out);
}

static bool eid_well_formed(const char *eid) { return strlen(eid) == 32 && strspn(eid, "0123456789") == 32; }

enum err certs_issue_euicc(struct pki *p, const char *name, const char *eid, struct pki_euicc *out)
{
    return certs_issue_euicc_until(p, name, eid, 0, out);
}

enum err certs_issue_euicc_until(struct pki *p, const char *name, const char *eid, int64_t until, struct pki_euicc *out)
{
    const struct pki_row *row = pki_row_named(name);
    const struct pki_item *eum = NULL;
    struct ec_key *key = NULL;
    uint8_t serial[8];
    char own[33];
    *out = (struct pki_euicc){ .certificate = { .max = DER_MAX } };
    if (!row || row->role != CERT_EUICC)
        return ERR_NOT_FOUND;
    if (!eid_well_formed(eid))
        return ERR_PARSE;
    memcpy(own, eid, sizeof own);
    if (row->verdict == CERT_EID_OUTSIDE_RANGE) /* the last digit of the EUM's prefix */
        own[7] = own[7] == '3' ? '4' : '3';
    struct pki_row r = *row;
    r.serial_number = own;
    r.until = until;
    enum err e = pki_get(p, r.issuer, &eum);
    if (!e)
        e = make_key(p->crypto, &r, &key);
    if (!e)
        e = make_serial(p->crypto, &r, serial);
    if (!e)
        e = issue(p, &r, serial, key, eum, &out->certificate);
    if (!e)
        e = ec_key_scalar(key, &out->key);
    if (!e)
        out->eum_certificate = eum->der;
    ec_key_free(key);
    if (e)
        pki_euicc_release(out);
    return e;
}

void pki_euicc_release(struct pki_euicc *e)
{
    buf_release(&e->certificate);
    secret_release(&e->key);
    e->eum_certificate = (struct span){ 0 };
}

#define CRL_DAYS 1095 /* SGP.26's lists */
#define CRL_NUMBER 2024
#define REVOKED_MAX 16

enum err pki_crl(struct pki *p, const char *ci, struct buf *der)
{
    uint8_t serials[REVOKED_MAX][8];
    const struct pki_item *issuer = NULL, *item = NULL;
    size_t count = 0;
    enum err e = pki_get(p, ci, &issuer);
    for (size_t i = 0; !e && i < pki_row_count; i++) {
        const struct pki_row *r = &pki_rows[i];
        if (!r->revoked || strcmp(r->issuer, ci) != 0)
            continue;
        e = count < REVOKED_MAX ? pki_get(p, r->name, &item) : ERR_LIMIT;
        if (!e)
            memcpy(serials[count++], entry_named(p, r->name)->serial, 8);
    }
    if (e)
        return e;
    int64_t since = p->epoch - CLOCK_DAY;
    return crl_issue(p->crypto, issuer->cert, issuer->key, (const uint8_t(*)[8])serials, count, since,
                     since + CRL_DAYS * CLOCK_DAY, CRL_NUMBER, der);
}

enum err pki_roots_pem(struct pki *p, struct buf *pem)
{
    const struct pki_item *ci = NULL;
    enum err e = pki_get(p, "CERT_CI_ECDSA_NIST", &ci);
    return e ? e : buf_put(pem, ci->pem);
}

static enum err trust_of(struct pki *p, const char *const *cis, size_t count, struct trust **out)
{
    struct trust *t = NULL;
    const struct pki_item *ci = NULL;
    enum err e = trust_new(p->crypto, &t);
    for (size_t i = 0; !e && i < count; i++) {
        e = pki_get(p, cis[i], &ci);
        if (!e)
            e = trust_add_ci(t, ci->der);
    }
    if (e)
        trust_free(t);
    else
        *out = t;
    return e;
}

enum err pki_trust(struct pki *p, struct trust **out)
{
    static const char *const cis[] = { "CERT_CI_ECDSA_NIST", "CERT_CI_ECDSA_BRP" };
    return trust_of(p, cis, COUNT(cis), out);
}

enum err pki_trust_clients(struct pki *p, struct trust **out)
{
    static const char *const cis[] = { "CERT_OPERATOR_CA" };
    return trust_of(p, cis, COUNT(cis), out);
}
