/* How an eUICC is told to trust this eIM: what stands in the EimConfigurationData that its provisioning writes (SGP.32 v1.2
 * 2.4.1): eimPublicKeyData as key or certificate, trustedPublicKeyDataTls when the device is to believe one server only. */
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_eim_configuration.h"

void eim_trust_init(struct eim_trust *t)
{
    *t = (struct eim_trust){ .tls_certificate.max = 4096, .tls_public_key.max = 512 };
}

void eim_trust_release(struct eim_trust *t)
{
    buf_release(&t->tls_certificate);
    buf_release(&t->tls_public_key);
}

bool eim_trust_is_default(const struct eim_trust *t)
{
    return !t->sign_with_certificate && !t->tls_certificate.len && !t->tls_public_key.len;
}

/* --- reading ------------------------------------------------------------------------------------------ */

static enum err contents_of(struct span sequence, struct span *out)
{
    struct der_tlv whole;
    enum err x = der_only(sequence, 0x30, &whole);
    *out = x ? (struct span){ 0 } : whole.value;
    return x;
}

static enum err check_certificate(struct eim *e, struct span der)
{
    const struct cert *c = NULL;
    enum err x = cert_borrow(e->env->crypto, der, &c);
    cert_give_back(e->env->crypto, c);
    return x ? ERR_PARSE : ERR_OK;
}

static enum err check_public_key(struct span der)
{
    struct rsp_key_data k = { .which = RSP_KEY_DATA_PUBLIC_KEY };
    struct span curve, point;
    enum err x = contents_of(der, &k.public_key);
    return x || rsp_key_data_point(&k, &curve, &point) ? ERR_PARSE : ERR_OK;
}

static enum err read_tls(struct eim *e, const json_t *tls, struct eim_trust *out)
{
    if (!tls)
        return ERR_OK;
    enum err certificate = json_base64(tls, "certificate", &out->tls_certificate);
    enum err key = json_base64(tls, "publicKey", &out->tls_public_key);
    if (!certificate && key == ERR_NOT_FOUND)
        return check_certificate(e, buf_span(&out->tls_certificate));
    return certificate == ERR_NOT_FOUND && !key ? check_public_key(buf_span(&out->tls_public_key)) : ERR_PARSE;
}

enum err eim_trust_read(struct eim *e, const json_t *item, struct eim_trust *out)
{
    const json_t *signing = json_object_get(item, "signingTrust");
    const char *word = json_string_value(signing);
    if (signing && (!word || (strcmp(word, "publicKey") != 0 && strcmp(word, "certificate") != 0)))
        return ERR_PARSE;
    out->sign_with_certificate = word && strcmp(word, "certificate") == 0;
    return read_tls(e, json_object_get(item, "tlsTrust"), out);
}

/* --- keeping ------------------------------------------------------------------------------------------ */

enum err eim_trust_keep(struct eim *e, const char *eid, const struct eim_trust *t)
{
    if (eim_trust_is_default(t))
        return ERR_OK;
    return db_run(e->env->db,
                  "INSERT INTO trust (eid, sign_with_certificate, tls_certificate, tls_public_key) VALUES (?, ?, ?, ?)"
                  " ON CONFLICT (eid) DO UPDATE SET sign_with_certificate = excluded.sign_with_certificate,"
                  " tls_certificate = excluded.tls_certificate, tls_public_key = excluded.tls_public_key",
                  DB_ARGS(DB_TEXT(eid), DB_INT(t->sign_with_certificate), eim_blob_or_null(&t->tls_certificate),
                          eim_blob_or_null(&t->tls_public_key)),
                  NULL);
}

static enum err take(void *context, const struct db_row *r)
{
    struct eim_trust *t = context;
    t->sign_with_certificate = db_int(r, 0);
    enum err x = buf_set(&t->tls_certificate, db_blob(r, 1));
    return x ? x : buf_set(&t->tls_public_key, db_blob(r, 2));
}

enum err eim_trust_get(struct eim *e, const char *eid, struct eim_trust *out)
{
    enum err x = db_query(e->env->db, "SELECT sign_with_certificate, tls_certificate, tls_public_key FROM trust WHERE eid = ?",
                          DB_ARGS(DB_TEXT(eid)), take, out);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

/* --- writing the configuration ------------------------------------------------------------------------ */

static enum err set_signing(const struct eim_signing *signing, bool with_certificate, struct buf *spki,
                            struct rsp_key_data *out)
{
    if (with_certificate) {
        out->which = RSP_KEY_DATA_CERTIFICATE;
        return contents_of(signing->certificate->der, &out->certificate);
    }
    out->which = RSP_KEY_DATA_PUBLIC_KEY;
    enum err x = eim_signing_spki(signing, spki);
    out->public_key = buf_span(spki);
    return x;
}

static enum err set_tls(const struct eim_trust *t, struct rsp_eim_configuration *out)
{
    out->has_trusted_tls = t->tls_certificate.len || t->tls_public_key.len;
    if (t->tls_certificate.len) {
        out->trusted_tls.which = RSP_KEY_DATA_CERTIFICATE;
        return contents_of(buf_span(&t->tls_certificate), &out->trusted_tls.certificate);
    }
    if (!out->has_trusted_tls)
        return ERR_OK;
    out->trusted_tls.which = RSP_KEY_DATA_PUBLIC_KEY;
    return contents_of(buf_span(&t->tls_public_key), &out->trusted_tls.public_key);
}

enum err eim_put_configuration(struct eim *e, const struct eim_signing *signing, const struct eim_trust *t, bool pushes,
                              struct buf *list)
{
    struct buf spki = { .max = 256 };
    struct rsp_eim_configuration configuration = {
        .eim_id = span_str(e->eim_id),
        .eim_fqdn = span_str(e->fqdn),
        .eim_id_type = { true, RSP_EIM_ID_FQDN },
        .counter = { true, 0 },
        .has_public_key_data = true,
        .supported_protocol = { true, RSP_EIM_RETRIEVE_HTTPS | (pushes ? RSP_EIM_INJECT_HTTPS : 0) },
        .indirect_profile_download = true,
    };
    enum err x = set_signing(signing, t->sign_with_certificate, &spki, &configuration.public_key_data);
    if (!x)
        x = set_tls(t, &configuration);
    if (!x)
        x = rsp_eim_configuration_write_as(&e->wire, &configuration, list);
    buf_release(&spki);
    return x;
}
