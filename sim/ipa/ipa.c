#include "ipa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipa_internal.h"
#include "rsp_ids.h"

/* --- the tick: power, card, bearer, results, notifications, polling ------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#define ATTACH_FACTOR_MAX 8

/* Nobody is reached. When the time for it has run out after a switch, the switch is taken back (SGP.32 3.3.2); without a
 * switch at stake, a device that stays without a bearer falls back (3.5.1). */
static enum err offline(struct ipa *i, int64_t now, int64_t *next)
{
    int64_t deadline = 0;
    enum err e = ipa_journal_deadline(i, &deadline);
    *next = now + ipa_back_off(i, i->attach_every, ++i->failures, ATTACH_FACTOR_MAX);
    if (!e && !deadline && !i->network)
        return ipa_consider_fallback(i, now, next);
    if (e || !deadline)
        return e;
    /* Set by a clock that was set back since, before a restart: nobody waits longer than that. */
    if (deadline > now + i->rollback_after) {
        e = ipa_journal_move_deadline(i, now + i->rollback_after - deadline);
        deadline = now + i->rollback_after;
    }
    if (e || now < deadline) {
        *next = earlier(*next, deadline);
        return e;
    }
    *next = now;
    return ipa_roll_back(i);
}

/* Whether the switch at stake was granted by this eIM, or by one that is gone for good. */
static bool may_settle(const struct ipa *i, const char *grantor)
{
    if (!grantor[0] || strcmp(grantor, i->eim->id) == 0)
        return true;
    for (size_t k = 0; k < i->eim_count; k++)
        if (i->eims[k]->associated && strcmp(i->eims[k]->id, grantor) == 0)
            return false;
    return true;
}

/* Online and heard by the eIM that granted it: what was switched stays switched. */
static enum err settle(struct ipa *i)
{
    int64_t deadline = 0;
    char grantor[IPA_EIM_ID_MAX + 1];
    enum err e = ipa_journal_deadline(i, &deadline);
    if (e || !deadline)
        return e;
    e = ipa_journal_grantor(i, grantor);
    return e || !may_settle(i, grantor) ? e : ipa_journal_set_deadline(i, 0, span_str(""));
}

/* Packages done in one go: an eIM that never says "none" gets its turn again with the next poll. */
#define ROUNDS_MAX 16

static bool is_fatal(enum err e)
{
    return e == ERR_CUT || e == ERR_NOMEM;
}

/* It may be gone for good: who is not there counts as who refuses, and what is given up at last is nobody's. */
static enum err serve_former(struct ipa *i)
{
    struct buf bytes = { .max = 128 << 10 };
    int64_t first = 0;
    enum err e = ipa_deliver_results(i);
    if (e && !is_fatal(e))
        e = ipa_put_off_results(i);
    if (!e)
        e = ipa_journal_result_after(i, i->eim->id, &first, &bytes);
    buf_release(&bytes);
    return e == ERR_NOT_FOUND ? ipa_forget_former(i) : e;
}

/* A package may have ended the association of the eIM that sent it. */
static bool may_poll(const struct ipa *i)
{
    return i->ready && i->eim && i->eim->associated;
}

static enum err serve(struct ipa *i, bool *changed)
{
    bool more = true;
    enum err e = ipa_deliver_results(i);
    if (!e)
        e = settle(i);
    for (int round = 0; !e && may_poll(i) && more && !*changed && round < ROUNDS_MAX; round++) {
        e = ipa_poll(i, changed, &more);
        if (!e && i->eim && more && !*changed)
            e = ipa_deliver_results(i);
    }
    return e;
}

/* One after the other, so that none can keep the others waiting. Online is who reaches one of them; but a switch at stake asks
 * for the one that granted it. */
static enum err serve_all(struct ipa *i, bool *changed)
{
    size_t reached = i->eim_count;
    int64_t deadline = 0;
    enum err first = ERR_OK;
    for (size_t k = 0; i->ready && !*changed && k < i->eim_count; k++) {
        bool associated = i->eims[k]->associated;
        i->eim = i->eims[k];
        enum err e = associated ? serve(i, changed) : serve_former(i);
        if (is_fatal(e))
            return e;
        if (!e && associated && k < reached)
            reached = k;
        first = first ? first : e;
    }
    if (*changed || reached >= i->eim_count)
        return first;
    i->eim = i->eims[reached]; /* notifications that are relayed go this way */
    enum err e = first ? ipa_journal_deadline(i, &deadline) : ERR_OK;
    return e ? e : deadline || !i->ready ? first : ERR_OK;
}

static enum err online(struct ipa *i, int64_t now, int64_t *next)
{
    bool changed = false;
    enum err e = serve_all(i, &changed);
    if (!e && !changed)
        e = ipa_deliver_notifications(i, now);
    if (!e && !changed)
        e = ipa_consider_return(i, now, &changed);
    *next = now + ipa_wait(i, i->poll_every);
    if (!e)
        i->failures = 0;
    if (changed) {
        ipa_detach(i);
        ipa_state_changed(i);
        *next = now;
    }
    return e;
}

void ipa_tell_trouble(struct ipa *i, const char *who, const char *where, enum err e)
{
    const char *why = e == ERR_VERIFY    ? "its TLS certificate is refused"
                      : e == ERR_TIMEOUT ? "it does not answer in time"
                      : e == ERR_IO      ? "it cannot be reached"
                      : e == ERR_REFUSED ? "it answers with an HTTP error"
                                         : NULL;
    if (why)
        LOG(i->env->log, LOG_WARN, "call.failed", F_TEXT("device", i->name), F_TEXT("who", who), F_TEXT("where", where), F_TEXT("why", why));
}

static bool unreachable(enum err e)
{
    return e == ERR_REFUSED || e == ERR_IO || e == ERR_TIMEOUT || e == ERR_VERIFY;
}

/* A bearer without an eIM behind it does not count as online either: the same clock runs. */
static enum err live(struct ipa *i, int64_t now, int64_t *next)
{
    *next = now + i->attach_every;
    enum err e = i->ready ? ERR_OK : ipa_start(i);
    i->outcome = e;
    if (!i->ready)
        return e;
    if (!e && i->forget_eim)
        e = ipa_reset_eim(i);
    if (!e)
        e = ipa_follow_emergency(i);
    if (!e && i->network)
        e = ipa_check_bearer(i);
    if (!e && !i->network)
        e = ipa_attach(i);
    if (i->wired && i->ready && unreachable(e))
        e = ERR_OK;
    if (!e) {
        i->offline_since = 0;
        e = online(i, now, next);
    }
    i->outcome = e;
    return unreachable(e) ? offline(i, now, next) : e;
}

static int64_t tick(struct actor *a, int64_t now, enum err *failure)
{
    struct ipa *i = (struct ipa *)a;
    int64_t next = CLOCK_NEVER;
    *failure = ERR_OK;
    if (!i->powered)
        return CLOCK_NEVER;
    enum err e = ipa_follow_clock(i, now);
    if (!e)
        e = live(i, now, &next);
    if (e == ERR_CUT || e == ERR_NOMEM) {
        *failure = e;
        return CLOCK_NEVER;
    }
    /* Anything else may mend itself: try again with the next poll. */
    if (e) {
        LOG(i->env->log, LOG_INFO, "ipa.again_later", F_TEXT("device", i->name), F_TEXT("err", err_name(e)));
        next = now + i->attach_every;
    }
    i->due = next;
    return next;
}

/* --- life ----------------------------------------------------------------------------------------------- */

static void ipa_free(struct actor *a)
{
    struct ipa *i = (struct ipa *)a;
    for (size_t k = 0; k < i->network_count; k++) {
        free((char *)i->networks[k].plmn);
        free((char *)i->networks[k].base_url);
    }
    free(i->networks);
    free(i->name);
    free(i->imei);
    free(i->esipa_path);
    for (size_t k = 0; k < i->injector_count; k++)
        free((char *)i->injectors[k].eim);
    free(i->injectors);
    pthread_mutex_destroy(&i->gate_lock);
    buf_release(&i->initial_eim);
    ipa_release_eims(i);
    secret_release(&i->confirmation_code);
    free(i);
}

static const struct http_route routes[] = {
    { "POST", ESIPA_PATH, ipa_inject_asn1 },
    { "POST", "/gsma/rsp2/esipa/{function}", ipa_inject_json },
};
static const struct actor_ops ops = { .role = "ipa", .routes = routes, .route_count = COUNT(routes), .mutual_tls = true,
                                      .tick = tick, .free = ipa_free };

static enum err copy_networks(struct ipa *i, const struct ipa_settings *s)
{
    i->networks = calloc(s->network_count + 1, sizeof *i->networks);
    for (size_t k = 0; i->networks && k < s->network_count; k++, i->network_count++) {
        i->networks[k] = (struct ipa_network){ strdup(s->networks[k].plmn), strdup(s->networks[k].base_url) };
        if (!i->networks[k].plmn || !i->networks[k].base_url)
            return ERR_NOMEM;
    }
    return i->networks ? ERR_OK : ERR_NOMEM;
}

static enum err copy_injectors(struct ipa *i, const struct ipa_settings *s)
{
    i->injectors = calloc(s->injector_count + 1, sizeof *i->injectors);
    for (size_t k = 0; i->injectors && k < s->injector_count; k++, i->injector_count++) {
        i->injectors[k] = s->injectors[k];
        if (s->injectors[k].eim && !(i->injectors[k].eim = strdup(s->injectors[k].eim)))
            return ERR_NOMEM;
    }
    return i->injectors ? ERR_OK : ERR_NOMEM;
}

/* What is left to the eIM is left to one that relays. */
static uint32_t features_of(const struct ipa_settings *s)
{
    if (!s->indirect)
        return RSP_IPA_DIRECT_RSP;
    return RSP_IPA_INDIRECT_RSP | (s->eim_download_data ? RSP_IPA_EIM_DOWNLOAD_DATA : 0) |
           (s->eim_ctx_params1 ? RSP_IPA_EIM_CTX_PARAMS1 : 0) | (s->eim_metadata ? RSP_IPA_EIM_METADATA : 0) |
           (s->minimizes ? RSP_IPA_MINIMIZE_BYTES : 0);
}

enum err ipa_new(const struct env *env, const struct ipa_settings *s, struct ipa **out)
{
    struct ipa *i = calloc(1, sizeof *i);
    if (!i)
        return ERR_NOMEM;
    i->actor.ops = &ops;
    i->env = env;
    i->powered = true;
    pthread_mutex_init(&i->gate_lock, NULL);
    i->listens = s->listens;
    i->ipae = s->ipae;
    i->user_agent = s->ipae ? "gsma-rsp-ipae" : "gsma-rsp-ipad";
    i->json = s->json;
    i->indirect = s->indirect;
    i->wired = s->wired;
    i->v1_3 = s->v1_3;
    i->end_user = s->end_user;
    i->emergency_on_loss = s->emergency_on_loss;
    i->minimizes = s->minimizes && s->indirect;
    i->features = features_of(s);
    i->card = (struct es10_card){ .env = env, .card = s->card, .wire = s->wire };
    i->wire = s->wire;
    i->poll_every = s->poll_every ? s->poll_every : 15 * CLOCK_SECOND;
    i->rollback_after = s->rollback_after ? s->rollback_after : 420 * CLOCK_SECOND;
    i->attach_every = s->attach_every ? s->attach_every : 30 * CLOCK_SECOND;
    i->fallback_after = s->fallback_after ? s->fallback_after : 2 * CLOCK_MINUTE;
    i->return_every = s->return_every ? s->return_every : 1 * CLOCK_MINUTE;
    i->result_refusals_max = s->result_refusals_max ? s->result_refusals_max : 1000;
    i->initial_eim.max = 4096;
    i->name = strdup(s->name);
    i->imei = strdup(s->imei);
    i->esipa_path = strdup(s->esipa_path ? s->esipa_path : ESIPA_PATH);
    snprintf(i->country, sizeof i->country, "%s", s->country);
    enum err e = i->name && i->imei && i->esipa_path ? copy_networks(i, s) : ERR_NOMEM;
    if (!e && s->confirmation_code)
        e = secret_set(&i->confirmation_code, span_str(s->confirmation_code));
    if (!e)
        e = copy_injectors(i, s);
    if (!e)
        e = buf_put(&i->initial_eim, s->initial_eim);
    if (!e)
        e = rsp_imei_parse(i->imei, i->imei_octets, i->tac);
    if (!e)
        e = db_migrate(env->db, ipa_migrations, ipa_migration_count);
    if (e)
        ipa_free(&i->actor);
    else
        *out = i;
    return e;
}

struct actor *ipa_actor(struct ipa *i)
{
    return &i->actor;
}

void ipa_move(struct ipa *i, const char *country)
{
    snprintf(i->country, sizeof i->country, "%s", country);
    i->failures = 0;
}

void ipa_power(struct ipa *i, bool on)
{
    i->due = 0;
    if (!on) {
        ipa_close_gate(i);
        ipa_detach(i);
        i->ready = false;
    }
    i->powered = on;
    i->failures = 0;
}

void ipa_forget_eim(struct ipa *i)
{
    i->forget_eim = true;
}

enum err ipa_call_emergency(struct ipa *i, bool begins)
{
    return ipa_journal_set_emergency(i, begins ? IPA_EMERGENCY_BEGINS : IPA_EMERGENCY_IS_OVER);
}

enum err ipa_outcome(const struct ipa *i)
{
    return i->outcome;
}

const char *ipa_online_plmn(const struct ipa *i)
{
    return i->network ? i->network->plmn : "";
}
