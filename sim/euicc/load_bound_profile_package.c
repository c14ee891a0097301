/* ES10b.LoadBoundProfilePackage and the ES8+ commands inside (SGP.22 2.5.5, 5.5, 5.7.6): a row of
 * stages. Everything stays in RAM until the installation is one change of memory; whatever happens
 * after loading began leaves a signed result. */
#include <stdlib.h>
#include <string.h>

#include "euicc_internal.h"
#include "rsp_download.h"
#include "rsp_ids.h"
#include "rsp_notification.h"
#include "saip.h"

#define METADATA_MAX 4096
#define ISDP_MAX 512

enum stage {
    STAGE_FIRST_87,
    STAGE_88_HEADER,
    STAGE_88,
    STAGE_SECOND_87_OR_86_HEADER,
    STAGE_86_HEADER,
    STAGE_86,
    STAGE_END
};
struct loader {
    enum stage stage;
    int64_t command; /* BppCommandId, for a result */
    struct bsp bsp;
    size_t package_left; /* octets of BF36 still to come */
    size_t list_left;    /* octets of A1 or A3 still to come */
    struct buf isdp, metadata, upp, sima; /* sima: the EUICCResponse, where there is one */
};

void loader_free(struct loader *l)
{
    if (!l)
        return;
    bsp_release(&l->bsp);
    if (l->upp.at)
        memory_clear(l->upp.at, l->upp.len);
    buf_release(&l->isdp);
    buf_release(&l->metadata);
    buf_release(&l->upp);
    buf_release(&l->sima);
    free(l);
}

bool load_is_segment(uint32_t tag)
{
    switch (tag) {
    case 0xbf36:
    case 0xa0:
    case 0xa1:
    case 0xa2:
    case 0xa3:
    case 0x86:
    case 0x87:
    case 0x88:
        return true;
    default:
        return false;
    }
}

/* Tag and length alone. False: malformed. */
static bool read_header(struct span s, uint32_t tag, size_t *length, size_t *header)
{
    size_t at = tag > 0xff ? 2 : 1;
    if (s.len <= at)
        return false;
    unsigned first = s.at[at++], octets = first & 0x7f;
    *length = first;
    if (first & 0x80) {
        if (!octets || octets > 3 || s.len < at + octets)
            return false;
        *length = 0;
        while (octets--)
            *length = *length << 8 | s.at[at++];
    }
    *header = at;
    return true;
}

/* ---- result
 * ----------------------------------------------------------------------------------------------------
 */
struct outcome {
    int64_t command, reason; /* reason INSTALL_OK: success */
    struct span transaction_id, address, smdp_oid, iccid, aid, sima;
    unsigned credential;
};

static enum err write_result_data(struct euicc *e, const struct outcome *o, uint32_t seq,
                                  struct buf *out)
{
    struct rsp_installation_result_data d = {
        .transaction_id = o->transaction_id,
        .smdp_oid = o->smdp_oid,
        .metadata = { .seq_number = seq,
                      .event = RSP_EVENT_INSTALL,
                      .address = o->address,
                      .iccid = o->iccid },
    };
    if (o->reason == INSTALL_OK) {
        d.result.which = RSP_OK;
        d.result.success = (struct rsp_installation_success){ o->aid, o->sima };
    } else {
        d.result.which = RSP_ERROR;
        d.result.error.command = o->command;
        d.result.error.reason = o->reason;
        if (o->sima.len)
            d.result.error.sima_response = o->sima;
    }
    enum err err = rsp_installation_result_data_write(&d, out);
    if (!err)
        tamper_at(&e->env, TAMPER_BEFORE_SIGNING, "ES10b.profileInstallationResultData", out);
    return err;
}

/* Signs, stores and answers the result. */
static enum err put_result(struct euicc *e, struct state *s, const struct outcome *o,
                           struct buf *response)
{
    struct buf data = { .max = 2048 + SAIP_ANSWER_MAX };
    struct ec_signature signature;
    uint32_t seq = next_seq(s);
    enum err err = write_result_data(e, o, seq, &data);
    struct span tbs = buf_span(&data);
    if (!err)
        err = euicc_sign(e, o->credential, &tbs, 1, &signature);
    struct rsp_profile_installation_result r = { .data = { .signed_bytes = tbs },
                                                 .signature = SPAN_ARRAY(signature.at) };
    if (!err)
        err = rsp_profile_installation_result_write(&r, response);
    if (!err)
        err = pending_put(s, PENDING_INSTALLATION, seq, RSP_EVENT_INSTALL, buf_span(response));
    buf_release(&data);
    LOG(e->env.log, o->reason ? LOG_WARN : LOG_INFO, "install.result",
        F_HEX("transaction", o->transaction_id), F_INT("command", o->command),
        F_INT("reason", o->reason), F_INT("seq", seq));
    return err;
}

static struct span loaded_iccid(const struct loader *l)
{
    struct rsp_store_metadata m;
    struct der d = der_open(buf_span(&l->metadata));
    return l->metadata.len && !rsp_store_metadata_next(&d, &m)
               ? m.iccid
               : (struct span){ 0 };
}

static enum err conclude(struct euicc *e, int64_t reason, struct span aid, struct buf *response)
{
    struct session *session = &e->session;
    struct state *s;
    struct buf oid = { .max = 64 };
    enum err err = euicc_change(e, &s);
    if (!err)
        err = der_oid_parse(session->dp_pb->oid, &oid);
    struct outcome o = { .command = session->loader->command,
                         .reason = reason,
                         .smdp_oid = buf_span(&oid),
                         .transaction_id = shared_span(session->transaction_id),
                         .address = shared_span(session->server_address),
                         .credential = session->credential,
                         .iccid = loaded_iccid(session->loader),
                         .aid = aid,
                         .sima = buf_span(&session->loader->sima) };
    if (!err)
        err = put_result(e, s, &o, response);
    if (!err && !reason)
        err = notify(e, s, state_find_aid(s, aid), RSP_EVENT_INSTALL);
    if (!err)
        state_clear_under_way(s);
    buf_release(&oid);
    return err;
}

/* The session ends with its result; what it installed may still be enabled at once (SGP.32 5.9.15).
 */
static void end_session(struct euicc *e, int64_t reason, bool immediate_allowed)
{
    struct session *s = &e->session;
    uint8_t iccid[10] = { 0 };
    struct span loaded = loaded_iccid(s->loader);
    bool installed = !reason && loaded.len == sizeof iccid;
    if (installed)
        memcpy(iccid, loaded.at, sizeof iccid);
    ec_key_free(s->otsk); /* the package was taken: its key is used up */
    s->otsk = NULL;
    session_reset(e);
    s->has_installed = installed;
    s->immediate_allowed = immediate_allowed;
    memcpy(s->installed, iccid, sizeof iccid);
}

/* Immediate enabling may be restricted to one SM-DP+ (SGP.32 5.9.17). */
static bool may_enable_at_once(const struct euicc *e)
{
    const struct state *s = euicc_state(e);
    struct buf oid = { .max = 64 };
    bool allowed = s->immediate_enable && !der_oid_parse(e->session.dp_pb->oid, &oid);
    if (s->immediate_oid)
        allowed = allowed && span_equal(shared_span(s->immediate_oid), buf_span(&oid));
    if (s->immediate_address)
        allowed = allowed && rsp_address_equal(shared_span(s->immediate_address),
                                               shared_span(e->session.server_address));
    buf_release(&oid);
    return allowed;
}

/* The card's memory could not be written: everything is as before, and the result says so of the element that ended the
 * package. Where even that cannot be kept, the command fails. */
static enum err tell_memory_failure(struct euicc *e, struct buf *response)
{
    struct buf *sima = &e->session.loader->sima;
    buf_clear(sima);
    buf_clear(response);
    enum err err = install_tell_memory_failure(buf_span(&e->session.loader->upp), sima);
    return err ? err : conclude(e, RSP_INSTALL_PE_PROCESSING_ERROR, (struct span){ 0 }, response);
}

static enum err finish(struct euicc *e, int64_t reason, struct span aid, struct buf *response)
{
    enum err err = conclude(e, reason, aid, response);
    if (!err && !reason) {
        err = euicc_commit(e);
        if (err == ERR_IO) {
            reason = RSP_INSTALL_PE_PROCESSING_ERROR;
            err = tell_memory_failure(e, response);
        }
    }
    end_session(e, reason, may_enable_at_once(e));
    if (!err)
        tamper_at(&e->env, TAMPER_BEFORE_SENDING, "ES10b.ProfileInstallationResult", response);
    return err;
}

/* ---- interruption (settings.interruption_leaves_result)
 * ------------------------------------------------------------- */
static enum err remember_loading(struct euicc *e)
{
    const struct session *session = &e->session;
    struct buf note = { .max = 1024 };
    struct state *s;
    if (!e->interruption_leaves_result)
        return ERR_OK;
    enum err err = der_put(&note, 0x80, shared_span(session->transaction_id));
    if (!err)
        err = der_put(&note, 0x0c, shared_span(session->server_address));
    if (!err)
        err = der_put_oid(&note, 0x06, session->dp_pb->oid);
    if (!err)
        err = der_put_integer(&note, 0x02, session->credential);
    if (!err)
        err = euicc_change(e, &s);
    if (!err)
        err = shared_set(&s->under_way, buf_span(&note));
    buf_release(&note);
    return err;
}

enum err load_report_interruption(struct euicc *e, struct span note)
{
    struct state *s;
    struct der_tlv transaction, address, oid, credential;
    int64_t index = 0;
    struct buf response = { .max = 4096 };
    if (der_find(note, 0x80, &transaction) || der_find(note, 0x0c, &address) ||
        der_find(note, 0x06, &oid) || der_find(note, 0x02, &credential) ||
        der_integer(credential.value, &index))
        return log_fail(e->env.log, ERR_PARSE, "nvm",
                        "the note of an interrupted download is damaged");
    enum err err = euicc_change(e, &s);
    struct outcome o = { .command = RSP_BPP_LOAD_PROFILE_ELEMENTS,
                         .reason = RSP_INSTALL_INTERRUPTION,
                         .transaction_id = transaction.value,
                         .address = address.value,
                         .smdp_oid = oid.value,
                         .credential = (unsigned)index };
    if (!err)
        err = put_result(e, s, &o, &response);
    if (!err)
        state_clear_under_way(s);
    buf_release(&response);
    return err;
}

/* ---- InitialiseSecureChannel
 * ------------------------------------------------------------------------------------------- */
/* Returns an ErrorReason, INSTALL_OK when passed. SGP.22 5.5.1: the signature is verified before
 * anything is believed. */
static int64_t check_secure_channel(struct euicc *e, const struct rsp_initialise_secure_channel *c)
{
    struct session *s = &e->session;
    struct rsp_tbs tbs;
    rsp_tbs_smdp_sign(c->signed_bytes, SPAN_ARRAY(s->otpk.at), &tbs);
    enum err err = cert_verify(e->env.crypto, s->dp_pb, tbs.part, tbs.count, c->smdp_signature);
    if (err)
        return err == ERR_NOMEM ? RSP_INSTALL_UNKNOWN_ERROR : RSP_INSTALL_INVALID_SIGNATURE;
    if (!session_is(s, c->transaction_id))
        return RSP_INSTALL_INVALID_TRANSACTION_ID;
    if (c->remote_op_id != 1)
        return RSP_INSTALL_UNSUPPORTED_REMOTE_OPERATION_TYPE;
    if (!span_equal(c->key_type, SPAN(0x88)) || !span_equal(c->key_length, SPAN(0x10)))
        return RSP_INSTALL_UNSUPPORTED_CRT_VALUES;
    return INSTALL_OK;
}

static int64_t open_channel(struct euicc *e, struct loader *l,
                            const struct rsp_initialise_secure_channel *c)
{
    struct secret z = { .len = 0 };
    enum err err = ec_key_agree(e->env.crypto, e->session.otsk, c->smdp_otpk, &z);
    if (!err)
        err = bsp_derive(e->env.crypto, secret_span(&z), c->host_id, SPAN_ARRAY(e->eid), &l->bsp);
    secret_release(&z);
    if (err == ERR_NOMEM)
        return RSP_INSTALL_UNKNOWN_ERROR;
    return err ? RSP_INSTALL_INCORRECT_INPUT_VALUES : INSTALL_OK;
}

static int64_t reason_of_reading(enum err err)
{
    return err == ERR_NOMEM ? RSP_INSTALL_UNKNOWN_ERROR : err ? RSP_INSTALL_INCORRECT_INPUT_VALUES : INSTALL_OK;
}

static struct loader *new_loader(void)
{
    struct loader *l = calloc(1, sizeof *l);
    if (l) {
        l->isdp.max = ISDP_MAX;
        l->metadata.max = METADATA_MAX;
        l->upp.max = SAIP_UPP_MAX;
        l->sima.max = SAIP_ANSWER_MAX;
        l->command = RSP_BPP_INITIALISE_SECURE_CHANNEL;
    }
    return l;
}

static int64_t begin(struct euicc *e, struct loader *l, struct span segment)
{
    struct rsp_initialise_secure_channel c;
    size_t length, header;
    if (!read_header(segment, 0xbf36, &length, &header))
        return RSP_INSTALL_SCP03T_STRUCTURE_ERROR;
    struct span request = span_sub(segment, header, segment.len);
    int64_t reason = reason_of_reading(rsp_initialise_secure_channel_read(request, &c));
    if (!reason && request.len > length)
        reason = RSP_INSTALL_INCORRECT_INPUT_VALUES;
    if (reason)
        return reason;
    l->package_left = length - request.len;
    reason = check_secure_channel(e, &c);
    if (!reason)
        reason = open_channel(e, l, &c);
    l->stage = STAGE_FIRST_87;
    return reason;
}

/* ---- the other commands
 * -----------------------------------------------------------------------------------------------
 */
static int64_t reason_of(enum err err)
{
    switch (err) {
    case ERR_OK:
        return INSTALL_OK;
    case ERR_VERIFY:
        return RSP_INSTALL_SCP03T_SECURITY_ERROR;
    case ERR_LIMIT:
        return RSP_INSTALL_INSUFFICIENT_MEMORY_FOR_PROFILE;
    case ERR_NOMEM: /* this program's memory, not the card's */
        return RSP_INSTALL_UNKNOWN_ERROR;
    default:
        return RSP_INSTALL_SCP03T_STRUCTURE_ERROR;
    }
}

/* A0 or A2, complete: opens each 87 in it. */
static int64_t open_list(struct euicc *e, struct loader *l, struct span segment, uint32_t tag,
                         struct buf *plain)
{
    struct der_tlv list, item;
    if (der_only(segment, tag, &list) || !list.value.len)
        return RSP_INSTALL_SCP03T_STRUCTURE_ERROR;
    struct der d = der_open(list.value);
    enum err err = ERR_OK;
    while (!err && !der_at_end(&d)) {
        err = der_expect(&d, 0x87, &item);
        if (!err)
            err = bsp_open(e->env.crypto, &l->bsp, item.whole, plain);
    }
    return reason_of(err);
}

static int64_t configure_isdp(struct euicc *e, struct loader *l, struct span segment)
{
    struct buf plain = { .max = ISDP_MAX };
    struct rsp_configure_isdp c;
    l->command = RSP_BPP_CONFIGURE_ISDP;
    int64_t reason = open_list(e, l, segment, 0xa0, &plain);
    if (!reason)
        reason = reason_of_reading(rsp_configure_isdp_read(buf_span(&plain), &c));
    if (!reason && c.dp_proprietary_data.len > 128)
        reason = RSP_INSTALL_INCORRECT_INPUT_VALUES;
    if (!reason)
        reason = reason_of(buf_set(&l->isdp, c.dp_proprietary_data));
    buf_release(&plain);
    l->stage = STAGE_88_HEADER;
    return reason;
}

/* A1 or A3: the header alone; its items come as segments of their own. */
static int64_t begin_list(struct loader *l, struct span segment, uint32_t tag, enum stage next)
{
    size_t header;
    if (!read_header(segment, tag, &l->list_left, &header) || header != segment.len ||
        !l->list_left || l->list_left > l->package_left)
        return RSP_INSTALL_SCP03T_STRUCTURE_ERROR;
    l->stage = next;
    return INSTALL_OK;
}

static int64_t open_item(struct euicc *e, struct loader *l, struct span segment, uint32_t tag,
                         struct buf *plain)
{
    struct der_tlv item;
    if (der_only(segment, tag, &item) || segment.len > l->list_left)
        return RSP_INSTALL_SCP03T_STRUCTURE_ERROR;
    l->list_left -= segment.len;
    return reason_of(bsp_open(e->env.crypto, &l->bsp, segment, plain));
}

static int64_t store_metadata(struct euicc *e, struct loader *l, struct span segment)
{
    struct rsp_store_metadata m;
    /* What one block does not hold (an icon, say) comes in a second one, which has a name of its own. */
    l->command = l->metadata.len ? RSP_BPP_STORE_METADATA2 : RSP_BPP_STORE_METADATA;
    int64_t reason = open_item(e, l, segment, 0x88, &l->metadata);
    if (reason || l->list_left)
        return reason;
    l->stage = STAGE_SECOND_87_OR_86_HEADER;
    reason = reason_of_reading(rsp_store_metadata_read(buf_span(&l->metadata), &m));
    return reason ? reason : install_check_metadata(e, &m);
}

static int64_t replace_session_keys(struct euicc *e, struct loader *l, struct span segment)
{
    struct buf plain = { .max = 256 };
    struct rsp_replace_session_keys k;
    l->command = RSP_BPP_REPLACE_SESSION_KEYS;
    int64_t reason = open_list(e, l, segment, 0xa2, &plain);
    if (!reason)
        reason = reason_of_reading(rsp_replace_session_keys_read(buf_span(&plain), &k));
    if (!reason && bsp_replace_keys(&l->bsp, k.initial_mcv, k.ppk_enc, k.ppk_cmac))
        reason = RSP_INSTALL_INCORRECT_INPUT_VALUES;
    if (plain.at)
        memory_clear(plain.at, plain.len);
    buf_release(&plain);
    l->stage = STAGE_86_HEADER;
    return reason;
}

static int64_t load_elements(struct euicc *e, struct loader *l, struct span segment)
{
    int64_t reason = open_item(e, l, segment, 0x86, &l->upp);
    if (!reason && l->upp.len > memory_free(e)) {
        reason = reason_of(install_tell_full(e, buf_span(&l->upp), &l->sima));
        reason = reason ? reason : RSP_INSTALL_INSUFFICIENT_MEMORY_FOR_PROFILE;
    }
    if (!reason && !l->list_left)
        l->stage = STAGE_END;
    return reason;
}

/* Only the header of A1 and A3 counts here: their items are counted one by one. */
static int64_t count_segment(struct loader *l, struct span segment)
{
    if (segment.len > l->package_left)
        return RSP_INSTALL_SCP03T_STRUCTURE_ERROR;
    l->package_left -= segment.len;
    return INSTALL_OK;
}

static int64_t take_segment(struct euicc *e, struct loader *l, struct span segment)
{
    int64_t reason = count_segment(l, segment);
    if (reason)
        return reason;
    switch (l->stage) {
    case STAGE_FIRST_87:
        return configure_isdp(e, l, segment);
    case STAGE_88_HEADER:
        l->command = RSP_BPP_STORE_METADATA;
        return begin_list(l, segment, 0xa1, STAGE_88);
    case STAGE_88:
        return store_metadata(e, l, segment);
    case STAGE_SECOND_87_OR_86_HEADER:
        if (segment.at[0] == 0xa2)
            return replace_session_keys(e, l, segment);
        l->command = RSP_BPP_LOAD_PROFILE_ELEMENTS;
        return begin_list(l, segment, 0xa3, STAGE_86);
    case STAGE_86_HEADER:
        l->command = RSP_BPP_LOAD_PROFILE_ELEMENTS;
        return begin_list(l, segment, 0xa3, STAGE_86);
    case STAGE_86:
        return load_elements(e, l, segment);
    default:
        return RSP_INSTALL_SCP03T_STRUCTURE_ERROR;
    }
}

static enum err install(struct euicc *e, struct loader *l, struct buf *response)
{
    uint8_t aid[16] = { 0 };
    int64_t reason = l->package_left ? RSP_INSTALL_SCP03T_STRUCTURE_ERROR : INSTALL_OK;
    struct install i = { .metadata = buf_span(&l->metadata),
                         .isdp = buf_span(&l->isdp),
                         .upp = buf_span(&l->upp),
                         .credential = e->session.credential };
    enum err err = reason ? ERR_OK : install_profile(e, &i, &reason, &l->sima, aid);
    if (failure_is_undefined(err)) {
        euicc_discard(e);
        buf_clear(&l->sima);
        reason = RSP_INSTALL_UNKNOWN_ERROR;
        err = ERR_OK;
    }
    return err ? err : finish(e, reason, SPAN_ARRAY(aid), response);
}

static enum err start_loading(struct euicc *e, struct span segment, struct buf *response,
                              uint16_t *sw)
{
    struct session *s = &e->session;
    if (s->step != SESSION_PREPARED && s->step != SESSION_LOADING) {
        *sw = SW_CONDITIONS_NOT_SATISFIED;
        return ERR_OK;
    }
    loader_free(s->loader); /* a new InitialiseSecureChannel begins anew */
    s->loader = new_loader();
    if (!s->loader)
        return ERR_NOMEM;
    s->step = SESSION_LOADING;
    int64_t reason = begin(e, s->loader, segment);
    return reason ? finish(e, reason, (struct span){ 0 }, response)
                  : remember_loading(e);
}

enum err load_segment(struct euicc *e, struct span segment, struct buf *response, uint16_t *sw)
{
    *sw = SW_OK;
    if (segment.len >= 2 && segment.at[0] == 0xbf && segment.at[1] == 0x36)
        return start_loading(e, segment, response, sw);
    if (e->session.step != SESSION_LOADING) {
        *sw = SW_CONDITIONS_NOT_SATISFIED;
        return ERR_OK;
    }
    struct loader *l = e->session.loader;
    int64_t reason = take_segment(e, l, segment);
    if (reason)
        return finish(e, reason, (struct span){ 0 }, response);
    return l->stage == STAGE_END ? install(e, l, response) : ERR_OK;
}
