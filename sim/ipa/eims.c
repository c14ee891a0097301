/* The eIMs that the eUICC is associated with (SGP.32 v1.2 2.4.1, 3.2): each is polled, and each hears of changes that it did not
 * order (stateChangeCause, 5.14.5). One that is no longer associated is served until it has the results that are its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipa_internal.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

#define TLS_MAX 4096

static void eim_free(struct ipa_eim *eim)
{
    if (!eim)
        return;
    free(eim->id);
    free(eim->url);
    buf_release(&eim->tls);
    free(eim);
}

void ipa_release_eims(struct ipa *i)
{
    for (size_t k = 0; k < i->eim_count; k++)
        eim_free(i->eims[k]);
    i->eim_count = 0;
    i->eim = NULL;
}

const struct http_trust *ipa_eim_trust(const struct ipa *i)
{
    return i->eim->trust.certificate.len || i->eim->trust.public_key.len ? &i->eim->trust : NULL;
}

void ipa_state_changed(struct ipa *i)
{
    for (size_t k = 0; k < i->eim_count; k++)
        i->eims[k]->told = false;
}

/* --- what the card says ----------------------------------------------------------------------------------- */

/* Catalogue A.6: a certificate or a key narrows whom this IPA believes to be its eIM. What is there and cannot be read must
 * not widen it to everybody the roots vouch for. */
static enum err read_trust(struct ipa *i, const struct rsp_eim_configuration *c, struct ipa_eim *out)
{
    bool certificate = c->trusted_tls.which == RSP_KEY_DATA_CERTIFICATE;
    if (!c->has_trusted_tls)
        return ERR_OK;
    enum err e = certificate ? rsp_put_certificate(c->trusted_tls.certificate, &out->tls)
                             : rsp_key_data_put_spki(&c->trusted_tls, &out->tls);
    if (e)
        return log_fail(i->env->log, e, "SGP.32 2.4.1", "trustedPublicKeyDataTls of the eIM cannot be read");
    *(certificate ? &out->trust.certificate : &out->trust.public_key) = buf_span(&out->tls);
    return ERR_OK;
}

/* One that is no key identifier is none of the eUICC's: it would not have been taken into the configuration. */
static void keep_ci(struct ipa_eim *eim, struct span ci)
{
    eim->ci_len = ci.len == sizeof eim->ci ? ci.len : 0;
    if (eim->ci_len)
        memcpy(eim->ci, ci.at, ci.len);
}

bool ipa_eim_polls(const struct ipa_eim *eim)
{
    return !eim->protocols || eim->protocols & RSP_EIM_RETRIEVE_HTTPS;
}

bool ipa_eim_pushes(const struct ipa_eim *eim)
{
    return eim->associated && (!eim->protocols || eim->protocols & RSP_EIM_INJECT_HTTPS);
}

static enum err judge(struct ipa *i, const struct rsp_eim_configuration *c, const struct ipa_eim *eim)
{
    if (!ipa_eim_polls(eim) && !(i->listens && ipa_eim_pushes(eim)))
        return log_fail(i->env->log, ERR_UNSUPPORTED, "SGP.32 6.2",
                        "the eIM lets nobody fetch over HTTPS (eimSupportedProtocol), nothing may be pushed to this IPA, and CoAPS "
                        "is not available here: have it offer retrieveHttps");
    if (!rsp_address_is_valid(c->eim_fqdn))
        return log_fail(i->env->log, ERR_STATE, "SGP.32 2.4.1", "the eIM configuration has no eimFqdn to poll");
    return ERR_OK;
}

/* Gives *out. ERR_UNSUPPORTED and others: this eIM cannot be served. */
static enum err make(struct ipa *i, const struct rsp_eim_configuration *c, struct ipa_eim **out)
{
    char url[IPA_URL_MAX];
    struct ipa_eim *eim = calloc(1, sizeof *eim);
    if (!eim)
        return ERR_NOMEM;
    *eim = (struct ipa_eim){ .tls.max = TLS_MAX, .associated = true, .cause = -1,
                             .protocols = c->supported_protocol.present ? c->supported_protocol.bits : 0,
                             .relays = c->indirect_profile_download };
    keep_ci(eim, c->ci_pkid);
    snprintf(url, sizeof url, "https://%.*s", (int)c->eim_fqdn.len, (const char *)c->eim_fqdn.at);
    enum err e = judge(i, c, eim);
    if (!e && (!(eim->id = strndup((const char *)c->eim_id.at, c->eim_id.len)) || !(eim->url = strdup(url))))
        e = ERR_NOMEM;
    if (!e)
        e = read_trust(i, c, eim);
    if (e)
        eim_free(eim);
    else
        *out = eim;
    return e;
}

/* Those of the card's list that can be served. ERR_NOT_FOUND: none is associated; else why the first of them cannot be. */
static enum err read_card(struct ipa *i, struct ipa_eim *list[IPA_EIMS_MAX], size_t *count)
{
    struct es10b_eim_configuration_data data = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct rsp_eim_configuration c;
    enum err why = ERR_NOT_FOUND;
    enum err e = es10b_get_eim_configuration_data(&i->card, (struct span){ 0 }, &data);
    struct der all = der_open(e ? (struct span){ 0 } : data.message.list);
    while (!e && *count < IPA_EIMS_MAX && !der_at_end(&all)) {
        e = rsp_eim_configuration_next(&all, &c);
        enum err bad = e ? ERR_OK : make(i, &c, &list[*count]);
        if (bad == ERR_NOMEM)
            e = bad;
        else if (bad && why == ERR_NOT_FOUND)
            why = bad;
        *count += !e && !bad;
    }
    buf_release(&data.received);
    return e || *count ? e : why;
}

/* --- what is kept of them --------------------------------------------------------------------------------- */

static struct ipa_eim *find(const struct ipa *i, const char *id)
{
    for (size_t k = 0; k < i->eim_count; k++)
        if (strcmp(i->eims[k]->id, id) == 0)
            return i->eims[k];
    return NULL;
}

static enum err take_row(void *context, const struct db_row *r)
{
    struct ipa *i = context;
    /* The associated ones come first; a former one waits until there is room for it. */
    if (i->eim_count == IPA_EIMS_MAX)
        return ERR_OK;
    struct ipa_eim *eim = calloc(1, sizeof *eim);
    if (!eim)
        return ERR_NOMEM;
    *eim = (struct ipa_eim){ .tls.max = TLS_MAX, .associated = db_int(r, 4) != 0, .cause = db_int(r, 5),
                             .protocols = db_int(r, 6), .relays = db_int(r, 8) != 0 };
    eim->id = strdup(db_text(r, 0));
    eim->url = strdup(db_text(r, 1));
    struct span certificate = db_blob(r, 2), key = db_blob(r, 3);
    keep_ci(eim, db_blob(r, 7));
    enum err e = eim->id && eim->url ? buf_put(&eim->tls, certificate.len ? certificate : key) : ERR_NOMEM;
    if (certificate.len || key.len)
        *(certificate.len ? &eim->trust.certificate : &eim->trust.public_key) = buf_span(&eim->tls);
    if (e)
        eim_free(eim);
    else
        i->eims[i->eim_count++] = eim;
    return e;
}

/* The rows as they are now; who knew the present state still knows it. */
static enum err load(struct ipa *i)
{
    struct ipa before = { .eim_count = i->eim_count };
    char served[IPA_EIM_ID_MAX + 1] = "";
    memcpy(before.eims, i->eims, sizeof before.eims);
    if (i->eim)
        snprintf(served, sizeof served, "%s", i->eim->id);
    i->eim_count = 0;
    i->eim = NULL;
    enum err e = ipa_journal_each_eim(i, take_row, i);
    for (size_t k = 0; k < i->eim_count; k++) {
        const struct ipa_eim *was = find(&before, i->eims[k]->id);
        i->eims[k]->told = was && was->told;
        i->eims[k]->knows_card = was && was->knows_card;
        i->eims[k]->separate = was && was->separate;
    }
    i->eim = find(i, served);
    if (!i->eim && i->eim_count)
        i->eim = i->eims[0];
    ipa_release_eims(&before);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err ipa_read_eims(struct ipa *i)
{
    struct ipa_eim *list[IPA_EIMS_MAX] = { NULL };
    size_t count = 0;
    enum err e = read_card(i, list, &count);
    bool none = e == ERR_NOT_FOUND;
    if (!e || none)
        e = ipa_journal_set_eims(i, list, count);
    if (!e)
        e = load(i);
    for (size_t k = 0; k < count; k++)
        eim_free(list[k]);
    if (!e)
        ipa_open_gate(i);
    return e ? e : none ? ERR_NOT_FOUND : ERR_OK;
}

enum err ipa_forget_former(struct ipa *i)
{
    enum err e = ipa_journal_forget_eim(i, i->eim->id);
    return e ? e : load(i);
}

/* --- what they are told ------------------------------------------------------------------------------------- */

enum err ipa_tell(struct ipa *i, int64_t cause, const char *but)
{
    enum err e = ipa_journal_set_cause(i, cause, but);
    for (size_t k = 0; !e && k < i->eim_count; k++) {
        if (strcmp(i->eims[k]->id, but) == 0)
            continue;
        i->eims[k]->cause = cause;
        i->eims[k]->told = false;
    }
    return e;
}

/* Which profile is enabled, as text: what an announced switch is held against. */
static enum err enabled_now(struct ipa *i, char text[IPA_ENABLED_TEXT])
{
    uint8_t iccid[10];
    bool any = false;
    struct buf hex = { .max = IPA_ENABLED_TEXT };
    enum err e = ipa_enabled_profile(i, iccid, &any);
    if (!e && any)
        e = hex_put(&hex, SPAN_ARRAY(iccid));
    snprintf(text, IPA_ENABLED_TEXT, "%s", any && !e ? buf_cstr(&hex) : "none");
    buf_release(&hex);
    return e;
}

enum err ipa_announce(struct ipa *i, int64_t cause, const char *left)
{
    char before[IPA_ENABLED_TEXT];
    enum err e = enabled_now(i, before);
    return e ? e : ipa_journal_announce(i, cause, before, left);
}

enum err ipa_confirm(struct ipa *i, const char *left)
{
    int64_t cause = -1;
    char before[IPA_ENABLED_TEXT];
    enum err e = ipa_journal_announced(i, &cause, before);
    if (!e)
        e = ipa_journal_confirm(i, left);
    for (size_t k = 0; !e && cause >= 0 && k < i->eim_count; k++) {
        i->eims[k]->cause = cause;
        i->eims[k]->told = false;
    }
    return e;
}

enum err ipa_leave_announced(struct ipa *i, enum err e)
{
    i->ready = false;
    return e;
}

/* Whoever is still attached is so with the profile that was enabled before. */
static enum err settle_made(struct ipa *i)
{
    ipa_detach(i);
    i->imsi[0] = 0;
    i->offline_since = 0;
    return ipa_confirm(i, NULL);
}

enum err ipa_settle_announcement(struct ipa *i)
{
    int64_t cause = -1;
    char before[IPA_ENABLED_TEXT], now[IPA_ENABLED_TEXT];
    enum err e = ipa_journal_announced(i, &cause, before);
    if (e || cause < 0)
        return e;
    if (cause == RSP_CAUSE_RESET)
        return strcmp(before, IPA_RESET_DONE) == 0 ? ipa_confirm(i, NULL) : ipa_journal_withdraw(i, NULL);
    e = enabled_now(i, now);
    if (e)
        return e;
    return strcmp(before, now) != 0 ? settle_made(i) : ipa_journal_withdraw(i, NULL);
}
