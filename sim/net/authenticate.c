/* The SIM's answer to a challenge: RES opens a session, AUTS says which SQN the SIM expects (TS 33.102 6.3.5). */
#include "net_internal.h"

#include <stdio.h>


#define RES_MAX 16
#define AUTS_LEN 14

/* What the device sent: one of the two. */
struct answer {
    uint8_t bytes[RES_MAX];
    size_t len;
    bool is_auts;
};

static enum err read_hex_into(const json_t *o, const char *member, struct answer *a)
{
    struct buf b = { .max = RES_MAX };
    enum err e = json_hex(o, member, &b);
    for (size_t i = 0; !e && i < b.len; i++)
        a->bytes[i] = b.at[i];
    a->len = b.len;
    buf_release(&b);
    return e;
}

static enum err read_answer(const struct http_request *q, struct http_response *p, struct answer *a)
{
    json_t *o = NULL;
    enum err e = read_device_json(q, p, &o);
    if (e)
        return e;
    bool res = json_object_get(o, "res") != NULL;
    a->is_auts = json_object_get(o, "auts") != NULL;
    if (res == a->is_auts)
        e = refuse_member(p, "res or auts must be given, not both");
    else if (read_hex_into(o, res ? "res" : "auts", a) || (a->is_auts && a->len != AUTS_LEN))
        e = refuse_member(p, "res must be hex of at most 16 octets, auts hex of 14");
    json_decref(o);
    return e;
}

/* What an answer leads to. */
struct outcome {
    const char *cause; /* refused: 403 */
    bool again;        /* another challenge */
    struct challenge challenge;
    struct session session;
};

/* The stored challenge is gone after this, so the same RES never opens a second session. */
static enum err accept_res(struct network *n, const struct attach *a, const struct subscriber *s,
                           const struct answer *answer, struct outcome *o)
{
    enum err e = store_remove_attach(n, a->id);
    if (!e)
        e = challenge_check_res(n, s, a->rand, span_of(answer->bytes, answer->len));
    if (e) {
        o->cause = "authentication-failed";
        return e == ERR_VERIFY ? ERR_OK : e;
    }
    e = service_cause(n, s->iccid, a->country, &o->cause);
    if (e || o->cause)
        return e;
    o->session.started_at = clock_now(n->env->clock);
    snprintf(o->session.imsi, sizeof o->session.imsi, "%s", a->imsi);
    snprintf(o->session.iccid, sizeof o->session.iccid, "%s", s->iccid);
    snprintf(o->session.country, sizeof o->session.country, "%s", a->country);
    snprintf(o->session.imei, sizeof o->session.imei, "%s", a->imei);
    e = store_end_sessions_of_sim(n, a->imsi, "replaced");
    return e ? e : store_put_session(n, &o->session);
}

/* TS 33.102 6.3.5: only a SIM that proves itself by MAC-S moves the SQN, and once an attach. */
static enum err accept_auts(struct network *n, struct attach *a, struct subscriber *s, const struct answer *answer,
                            const uint8_t rand[16], struct outcome *o)
{
    enum err e = a->resynchronised ? ERR_VERIFY
                                   : challenge_check_auts(n, s, a->rand, span_of(answer->bytes, answer->len), &s->sqn);
    if (e == ERR_VERIFY) {
        o->cause = "authentication-failed";
        return store_remove_attach(n, a->id);
    }
    s->sqn = sqn_after(s->sqn);
    if (!e)
        e = challenge_make(n, s, rand, &o->challenge);
    if (!e)
        e = store_set_sqn(n, s->imsi, s->sqn);
    for (size_t i = 0; i < sizeof a->rand; i++)
        a->rand[i] = rand[i];
    a->resynchronised = true;
    o->again = true;
    return e ? e : store_put_attach(n, a);
}

static enum err judge_answer(struct network *n, const char *id, const struct answer *answer,
                             const uint8_t rand[16], struct outcome *o)
{
    struct attach a;
    struct subscriber s = { 0 };
    enum err e = store_find_attach(n, id, &a);
    if (!e)
        e = store_find_subscriber(n, a.imsi, &s);
    if (!e)
        e = answer->is_auts ? accept_auts(n, &a, &s, answer, rand, o) : accept_res(n, &a, &s, answer, o);
    if (!e)
        LOG(n->env->log, LOG_INFO, o->cause ? "attach.refused" : o->again ? "attach.resynchronised" : "attach.done",
            F_TEXT("imsi", a.imsi), F_TEXT("country", a.country), F_TEXT("cause", o->cause ? o->cause : ""));
    subscriber_release(&s);
    return e;
}

enum err handle_authenticate(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    struct answer answer = { 0 };
    struct outcome o = { 0 };
    uint8_t rand[16];
    enum err e = read_answer(q, p, &answer);
    if (!e)
        e = rng_uuid(n->env->rng, o.session.id);
    if (!e)
        e = rng_fill(n->env->rng, rand, sizeof rand);
    if (!e)
        e = db_begin(n->env->db);
    if (!e)
        e = db_end(n->env->db, judge_answer(n, q->part[0], &answer, rand, &o));
    if (e)
        return e == ERR_NOT_FOUND ? refuse(p, 404, "unknown-attach") : e;
    if (o.cause)
        return refuse(p, 403, o.cause);
    if (o.again)
        return answer_challenge(p, q->part[0], &o.challenge);
    return http_json(p, 200, json_pack("{s:s, s:s}", "sessionId", o.session.id, "plmn", n->plmn));
}
