/* A profile becomes a bound profile package (SGP.22 2.5, 2.6.4, 5.5). */
#include <stdio.h>
#include <string.h>

#include "bsp.h"
#include "json.h"
#include "rsp_ids.h"
#include "saip.h"
#include "smdp_functions.h"

/* hostId of the control reference template, 1 to 16 octets: ours to choose. */
#define HOST_ID "sgp32lab"

/* [{"event": "enable", "address": "…"}] -> notificationConfigurationInfo */
static enum err put_notifications(const char *json, struct buf *out)
{
    static const struct { const char *name; uint32_t bit; } events[] = {
        { "install", RSP_EVENT_INSTALL }, { "enable", RSP_EVENT_ENABLE }, { "disable", RSP_EVENT_DISABLE },
        { "delete", RSP_EVENT_DELETE },
    };
    json_t *list = json[0] ? json_loads(json, 0, NULL) : NULL, *item;
    enum err e = json[0] && !list ? ERR_PARSE : ERR_OK;
    size_t i;
    json_array_foreach(list, i, item) {
        struct rsp_notification_configuration c = { .address = span_str(json_str(item, "address")) };
        const char *event = json_str(item, "event");
        for (size_t k = 0; event && k < COUNT(events); k++)
            c.events |= strcmp(event, events[k].name) == 0 ? events[k].bit : 0;
        e = c.events && c.address.len ? rsp_notification_configuration_write(&c, out) : ERR_PARSE;
        if (e)
            break;
    }
    json_decref(list);
    return e;
}

static struct span gid(const struct smdp_gid *g)
{
    return g->len ? span_of(g->at, g->len) : (struct span){ 0 };
}

enum err smdp_build_metadata(const struct smdp_profile *p, struct buf *out)
{
    uint8_t iccid[RSP_ICCID_OCTETS], plmn[3];
    struct buf notifications = { .max = 4096 };
    enum err e = rsp_iccid_parse(p->iccid, iccid);
    struct rsp_store_metadata m = {
        .iccid = SPAN_ARRAY(iccid),
        .service_provider_name = span_str(p->spn),
        .profile_name = span_str(p->name),
        .profile_class = { p->profile_class != RSP_PROFILE_CLASS_OPERATIONAL, p->profile_class },
        .policy_rules = { p->policy_rules != 0, p->policy_rules },
        .ecall_indication = p->ecall_indication,
        .fallback_allowed = p->fallback_allowed,
    };
    if (!e && p->mcc_mnc[0]) {
        e = rsp_plmn_parse(p->mcc_mnc, plmn);
        m.has_owner = true;
        m.owner = (struct rsp_profile_owner){ SPAN_ARRAY(plmn), gid(&p->gid1), gid(&p->gid2) };
    }
    if (!e)
        e = put_notifications(p->notifications, &notifications);
    if (!e && notifications.len)
        m.notification_configuration = buf_span(&notifications);
    if (!e)
        e = rsp_store_metadata_write(&m, out);
    buf_release(&notifications);
    return e;
}

/* The session keys of a fresh one-time key, whose public half is *otpk. */
static enum err agree(struct smdp *s, const struct smdp_session *x, struct span euicc_otpk, struct ec_point *otpk,
                      struct bsp *keys)
{
    struct ec_key *otsk = NULL;
    struct secret z = { 0 };
    uint8_t eid[RSP_EID_OCTETS];
    enum err e = ec_key_generate(s->env->crypto, s->identity[x->identity].curve, &otsk);
    if (!e)
        e = ec_key_agree(s->env->crypto, otsk, euicc_otpk, &z);
    if (!e)
        e = rsp_eid_parse(x->eid, eid);
    if (!e)
        e = bsp_derive(s->env->crypto, secret_span(&z), span_str(HOST_ID), SPAN_ARRAY(eid), keys);
    if (!e)
        ec_key_point(otsk, otpk);
    secret_release(&z);
    ec_key_free(otsk);
    return e;
}

/* SGP.22 5.5.1: the channel request of this session, signed. */
static enum err put_channel(struct smdp *s, const struct smdp_session *x, const struct smdp_binding *b,
                            struct buf *out)
{
    struct ec_signature signature;
    struct rsp_tbs tbs;
    struct buf id = { .max = 16 }, members = { .max = 512 };
    enum err e = hex_decode(span_str(x->transaction_id), &id);
    const struct rsp_initialise_secure_channel channel = {
        .remote_op_id = 1,
        .transaction_id = buf_span(&id),
        .key_type = SPAN(0x88),
        .key_length = SPAN(0x10),
        .host_id = span_str(HOST_ID),
        .smdp_otpk = buf_span(&b->smdp_otpk),
        .smdp_signature = SPAN_ARRAY(signature.at),
    };
    if (!e)
        e = rsp_initialise_secure_channel_write_tbs(&channel, &members);
    if (!e)
        tamper_at(s->env, TAMPER_BEFORE_SIGNING, "ES8+.InitialiseSecureChannel", &members);
    rsp_tbs_smdp_sign(buf_span(&members), buf_span(&b->euicc_otpk), &tbs);
    if (!e)
        e = ec_sign(s->env->crypto, s->identity[x->identity].pb_key, tbs.part, tbs.count, &signature);
    if (!e)
        e = rsp_initialise_secure_channel_write(&channel, out);
    buf_release(&id);
    buf_release(&members);
    return e;
}

/* A list of protected blocks: plain text cut so that each has this much at most. */
static enum err put_blocks(struct smdp *s, struct bsp *keys, uint32_t list_tag, uint8_t tag, size_t most,
                           struct span plain, struct buf *out)
{
    struct der_mark list;
    enum err e = der_put_open(out, list_tag, &list);
    for (size_t at = 0; !e && at < plain.len; at += most)
        e = bsp_protect(s->env->crypto, keys, tag, span_sub(plain, at, most), out);
    return e ? e : der_put_close(out, list);
}

/* SGP.22 2.5.3, 5.5.4: random keys take the place of the session's; from here on blocks are chained anew. */
static enum err put_protection_keys(struct smdp *s, struct bsp *keys, struct buf *out)
{
    uint8_t ppk[3][16];
    struct buf command = { .max = 128 };
    enum err e = rng_fill(s->env->rng, ppk, sizeof ppk);
    const struct rsp_replace_session_keys replace = { SPAN_ARRAY(ppk[0]), SPAN_ARRAY(ppk[1]), SPAN_ARRAY(ppk[2]) };
    if (!e)
        e = rsp_replace_session_keys_write(&replace, &command);
    if (!e)
        e = put_blocks(s, keys, 0xa2, 0x87, BSP_PLAIN_MAX_86, buf_span(&command), out);
    if (!e)
        e = bsp_replace_keys(keys, replace.initial_mcv, replace.ppk_enc, replace.ppk_cmac);
    if (command.at)
        memory_clear(command.at, command.len);
    memory_clear(ppk, sizeof ppk);
    buf_release(&command);
    return e;
}

static enum err protect(struct smdp *s, const struct smdp_profile *p, struct span upp, struct bsp *keys,
                        struct buf *out)
{
    struct buf isdp = { .max = 256 }, metadata = { .max = 4096 };
    const struct rsp_configure_isdp configure = { 0 };
    enum err e = rsp_configure_isdp_write(&configure, &isdp);
    if (!e)
        e = put_blocks(s, keys, 0xa0, 0x87, BSP_PLAIN_MAX_86, buf_span(&isdp), out);
    if (!e)
        e = smdp_build_metadata(p, &metadata);
    if (!e)
        e = put_blocks(s, keys, 0xa1, 0x88, BSP_PLAIN_MAX_88, buf_span(&metadata), out);
    if (!e && s->ppk)
        e = put_protection_keys(s, keys, out);
    if (!e)
        e = put_blocks(s, keys, 0xa3, 0x86, s->wire.segment_1008 ? BSP_PLAIN_MOST : BSP_PLAIN_MAX_86, upp, out);
    buf_release(&isdp);
    buf_release(&metadata);
    return e;
}

static enum err bind_upp(struct smdp *s, const struct smdp_session *x, const struct smdp_profile *p,
                         struct span euicc_otpk, struct span upp, struct smdp_binding *b)
{
    struct bsp keys = { 0 };
    struct ec_point otpk;
    enum err e = agree(s, x, euicc_otpk, &otpk, &keys);
    if (!e)
        e = buf_set(&b->euicc_otpk, euicc_otpk);
    if (!e)
        e = buf_set(&b->smdp_otpk, SPAN_ARRAY(otpk.at));
    buf_clear(&b->blocks);
    if (!e)
        e = protect(s, p, upp, &keys, &b->blocks);
    bsp_release(&keys);
    return e;
}

enum err smdp_bind(struct smdp *s, const struct smdp_session *x, const struct smdp_profile *p,
                   struct span euicc_otpk, struct smdp_binding *b)
{
    struct buf upp = { .max = SAIP_UPP_MAX };
    struct smdp_subscription sub = { 0 };
    enum err e = smdp_subscription_get(s, p->iccid, &sub);
    if (!e)
        e = smdp_build_upp(s, p, &sub, &upp);
    smdp_subscription_release(&sub);
    if (!e)
        e = bind_upp(s, x, p, euicc_otpk, buf_span(&upp), b);
    if (upp.at)
        memory_clear(upp.at, upp.len);
    buf_release(&upp);
    return e;
}

enum err smdp_write_package(struct smdp *s, const struct smdp_session *x, const struct smdp_binding *b,
                            struct buf *package)
{
    struct der_mark bpp;
    enum err e = der_put_open(package, 0xbf36, &bpp);
    if (!e)
        e = put_channel(s, x, b, package);
    if (!e)
        e = buf_put(package, buf_span(&b->blocks));
    return e ? e : der_put_close(package, bpp);
}
