/* Associations with eIMs (SGP.32 5.9.4, 5.9.18, 2.11.1.1; catalogue A.5.6, A.6). */
#include "euicc_internal.h"
#include "package.h"
#include "rsp_eim_configuration.h"

static enum err read_configuration(const struct eim *m, struct rsp_eim_configuration *c)
{
    struct der list = der_open(shared_span(m->configuration));
    return rsp_eim_configuration_next(&list, c);
}

struct eim *eim_find(const struct state *s, struct span eim_id)
{
    for (size_t i = 0; i < s->eim_count; i++) {
        struct rsp_eim_configuration c;
        if (!read_configuration(&s->eims[i], &c) && span_equal(c.eim_id, eim_id))
            return &s->eims[i];
    }
    return NULL;
}

struct eim_key {
    enum ec_curve curve;
    struct ec_point point;
};

static enum err key_of_certificate(struct euicc *e, struct span contents, struct eim_key *out)
{
    struct buf der = { .max = 8192 };
    const struct cert *cert = NULL;
    enum err err = rsp_put_certificate(contents, &der);
    if (!err)
        err = cert_borrow(e->env.crypto, buf_span(&der), &cert);
    if (!err)
        *out = (struct eim_key){ cert->curve, cert->key };
    cert_give_back(e->env.crypto, cert);
    buf_release(&der);
    return err;
}

static enum err key_of_point(struct euicc *e, const struct rsp_key_data *k, struct eim_key *out)
{
    struct span oid, point;
    enum err err = rsp_key_data_point(k, &oid, &point);
    if (err)
        return err;
    out->curve = span_equal(oid, rsp_oid_brainpool_p256r1()) ? EC_BRAINPOOL_P256R1 : EC_P256;
    if (out->curve == EC_P256 && !span_equal(oid, rsp_oid_p256()))
        return ERR_UNSUPPORTED;
    return ec_point_expand(e->env.crypto, out->curve, point, &out->point);
}

/* A point of its curve, that of a certificate too. ERR_NOMEM; any other failure: no key that could verify anything. */
static enum err read_key(struct euicc *e, const struct rsp_eim_configuration *c, struct eim_key *out)
{
    *out = (struct eim_key){ 0 };
    if (!c->has_public_key_data)
        return ERR_NOT_FOUND;
    return c->public_key_data.which == RSP_KEY_DATA_CERTIFICATE
               ? key_of_certificate(e, c->public_key_data.certificate, out)
               : key_of_point(e, &c->public_key_data, out);
}

enum err eim_verify(struct euicc *e, const struct eim *m, const struct rsp_tbs *tbs,
                    struct span signature)
{
    struct rsp_eim_configuration c;
    struct eim_key key;
    enum err err = read_configuration(m, &c);
    if (err)
        return err;
    err = read_key(e, &c, &key);
    if (!err)
        err = ec_verify(e->env.crypto, key.curve, SPAN_ARRAY(key.point.at), tbs->part, tbs->count, signature);
    return err == ERR_NOMEM ? err : err ? ERR_VERIFY : ERR_OK;
}

unsigned eim_credential(const struct euicc *e, const struct eim *m)
{
    struct rsp_eim_configuration c;
    if (read_configuration(m, &c) || !c.ci_pkid.at)
        return 0;
    unsigned found = euicc_credential_of(e, c.ci_pkid);
    return found == EUICC_NO_CREDENTIAL ? 0 : found;
}

static int64_t judge_add(struct euicc *e, const struct state *s,
                         const struct rsp_eim_configuration *c)
{
    struct eim_key key;
    if (eim_find(s, c->eim_id))
        return RSP_ADD_EIM_ASSOCIATED_EIM_ALREADY_EXISTS;
    if (s->eim_count >= e->eim_max)
        return RSP_ADD_EIM_INSUFFICIENT_MEMORY;
    if (c->association_token.present && c->association_token.value != -1)
        return RSP_ADD_EIM_INVALID_ASSOCIATION_TOKEN;
    if (c->counter.present && (c->counter.value < 0 || c->counter.value > e->counter_max))
        return RSP_ADD_EIM_COUNTER_VALUE_OUT_OF_RANGE;
    if (c->ci_pkid.at && euicc_credential_of(e, c->ci_pkid) == EUICC_NO_CREDENTIAL)
        return RSP_ADD_EIM_CI_PK_UNKNOWN;
    return read_key(e, c, &key) ? RSP_ADD_EIM_COMMAND_ERROR : RSP_ADD_EIM_OK;
}

/* GetEimConfigurationData tells of all of them in one answer. */
#define CONFIGURATIONS_MAX (EUICC_RESPONSE_MAX - 16)

static size_t octets_of_others(const struct state *s, const struct eim *m)
{
    size_t n = 0;
    for (size_t i = 0; i < s->eim_count; i++)
        n += &s->eims[i] == m ? 0 : shared_span(s->eims[i].configuration).len;
    return n;
}

/* Kept as it is answered: in this card's form, with the token that the card made, without the counter. ERR_LIMIT: there is no room for it. */
static enum err keep_configuration(const struct euicc *e, const struct state *s, struct eim *m,
                                   const struct rsp_eim_configuration *given)
{
    struct rsp_eim_configuration c = *given;
    struct buf der = { .max = 16384 };
    c.whole = (struct span){ 0 };
    c.counter = (struct rsp_int){ 0 };
    c.association_token = (struct rsp_int){ m->has_token, m->token };
    if (!e->v1_3)
        c.proprietary = (struct span){ 0 };
    enum err err = rsp_eim_configuration_write_as(&e->wire, &c, &der);
    if (!err && octets_of_others(s, m) + der.len > CONFIGURATIONS_MAX)
        err = ERR_LIMIT;
    if (!err)
        err = shared_set(&m->configuration, buf_span(&der));
    buf_release(&der);
    return err;
}

enum err eim_add(struct euicc *e, struct state *s, const struct rsp_eim_configuration *c,
                 int64_t *code, struct rsp_int *token)
{
    struct eim *m;
    *token = (struct rsp_int){ 0 };
    *code = judge_add(e, s, c);
    enum err err = *code ? ERR_OK : state_add_eim(s, &m);
    if (err || *code)
        return err;
    m->counter = c->counter.present ? c->counter.value : 0;
    m->has_token = c->association_token.present;
    if (m->has_token)
        m->token = s->next_token;
    err = keep_configuration(e, s, m, c);
    if (err == ERR_LIMIT) {
        state_remove_eim(s, m);
        *code = RSP_ADD_EIM_INSUFFICIENT_MEMORY;
        return ERR_OK;
    }
    s->next_token += m->has_token;
    *token = (struct rsp_int){ m->has_token, m->token };
    return err;
}

/* ---- ES10b
 * ---------------------------------------------------------------------------------------------------
 */
static enum err add_each(struct euicc *e, struct state *s, struct span list, int64_t *code,
                         struct buf *results)
{
    struct der d = der_open(list);
    enum err err = ERR_OK;
    while (!err && !*code && !der_at_end(&d)) {
        struct rsp_eim_configuration c;
        struct rsp_int token;
        err = rsp_eim_configuration_next(&d, &c);
        if (!err)
            err = eim_add(e, s, &c, code, &token);
        if (err || *code)
            break;
        struct rsp_initial_eim_result r = { .which = token.present ? RSP_INITIAL_EIM_TOKEN
                                                                   : RSP_INITIAL_EIM_OK,
                                            .token = token.value,
                                            .ok = true };
        err = rsp_initial_eim_result_write(&r, results);
    }
    return err;
}

/* Only while no eIM is associated, and all of the list or nothing. */
enum err isdr_add_initial_eim(struct euicc *e, struct span request, struct buf *response)
{
    struct rsp_add_initial_eim_request r;
    struct buf results = { .max = 4096 };
    struct state *s;
    int64_t code = 0;
    enum err err = rsp_add_initial_eim_request_read(request, &r);
    if (!err && euicc_state(e)->eim_count)
        code = RSP_INITIAL_EIM_ASSOCIATED_EIM_ALREADY_EXISTS;
    if (!err && !code)
        err = euicc_change(e, &s);
    if (!err && !code)
        err = add_each(e, s, r.list, &code, &results);
    if (!err && !code && !results.len)
        code = RSP_INITIAL_EIM_COMMAND_ERROR;
    if (code)
        euicc_discard(e);
    struct rsp_add_initial_eim_response answer = { .which = code ? RSP_ERROR : RSP_OK,
                                                   .error = code,
                                                   .list = buf_span(&results) };
    if (!err)
        err = rsp_add_initial_eim_response_write(&answer, response);
    buf_release(&results);
    return err;
}

enum err isdr_get_eim_configuration_data(struct euicc *e, struct span request, struct buf *response)
{
    const struct state *s = euicc_state(e);
    struct rsp_get_eim_configuration_request r;
    struct buf list = { .max = EUICC_RESPONSE_MAX };
    enum err err = rsp_get_eim_configuration_request_read(request, &r);
    for (size_t i = 0; !err && i < s->eim_count; i++)
        if (!r.has_search || eim_find(s, r.eim_id) == &s->eims[i])
            err = buf_put(&list, shared_span(s->eims[i].configuration));
    struct rsp_get_eim_configuration_response answer = { .list = list_contents(&list) };
    if (!err)
        err = rsp_get_eim_configuration_response_write(&answer, response);
    buf_release(&list);
    return err;
}

/* ---- eCO updateEim
 * --------------------------------------------------------------------------------------------- */
/* What an eIM sends again is no new key, in whatever form; one that cannot be compared is none. */
static bool is_new_key(struct euicc *e, const struct eim *m, const struct eim_key *given)
{
    struct rsp_eim_configuration c;
    struct eim_key known;
    return !read_configuration(m, &c) && !read_key(e, &c, &known) &&
           (known.curve != given->curve || !span_equal(SPAN_ARRAY(known.point.at), SPAN_ARRAY(given->point.at)));
}

static int64_t judge_update(struct euicc *e, const struct eim *m,
                            const struct rsp_eim_configuration *c)
{
    struct eim_key key;
    bool nothing = !c->eim_fqdn.at && !c->eim_id_type.present && !c->counter.present &&
                   !c->has_public_key_data && !c->has_trusted_tls &&
                   !c->supported_protocol.present && !c->ci_pkid.at &&
                   !c->indirect_profile_download && !(e->v1_3 && c->proprietary.at);
    if (c->association_token.present || nothing)
        return RSP_UPDATE_EIM_COMMAND_ERROR;
    if (c->ci_pkid.at && euicc_credential_of(e, c->ci_pkid) == EUICC_NO_CREDENTIAL)
        return RSP_UPDATE_EIM_CI_PK_UNKNOWN;
    if (c->has_public_key_data && read_key(e, c, &key))
        return RSP_UPDATE_EIM_COMMAND_ERROR;
    /* Under a key that it knows the card would take again what it took before. */
    bool lower = c->counter.present && c->counter.value < m->counter &&
                 !(c->has_public_key_data && is_new_key(e, m, &key));
    bool outside =
        c->counter.present && (c->counter.value < 0 || c->counter.value > e->counter_max);
    return lower || outside ? RSP_UPDATE_EIM_COUNTER_VALUE_OUT_OF_RANGE : RSP_UPDATE_EIM_OK;
}

enum err eim_update(struct euicc *e, struct state *s, const struct rsp_eim_configuration *c,
                    int64_t *code)
{
    struct rsp_eim_configuration merged;
    struct eim *m = eim_find(s, c->eim_id);
    *code = m ? judge_update(e, m, c) : RSP_UPDATE_EIM_EIM_NOT_FOUND;
    if (*code)
        return ERR_OK;
    enum err err = read_configuration(m, &merged);
    if (err)
        return err;
    if (c->eim_fqdn.at)
        merged.eim_fqdn = c->eim_fqdn;
    if (c->eim_id_type.present)
        merged.eim_id_type = c->eim_id_type;
    if (c->has_public_key_data)
        merged.has_public_key_data = true, merged.public_key_data = c->public_key_data;
    if (c->has_trusted_tls)
        merged.has_trusted_tls = true, merged.trusted_tls = c->trusted_tls;
    if (c->supported_protocol.present)
        merged.supported_protocol = c->supported_protocol;
    if (c->ci_pkid.at)
        merged.ci_pkid = c->ci_pkid;
    if (c->indirect_profile_download)
        merged.indirect_profile_download = true;
    if (c->proprietary.at)
        merged.proprietary = c->proprietary;
    err = keep_configuration(e, s, m, &merged);
    if (!err && c->counter.present)
        m->counter = c->counter.value;
    if (err == ERR_LIMIT)
        *code = RSP_UPDATE_EIM_COMMAND_ERROR; /* the command has no code for a want of room */
    return err == ERR_LIMIT ? ERR_OK : err;
}
