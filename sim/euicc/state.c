#include <stdlib.h>
#include <string.h>

#include "euicc_state.h"

enum err shared_new(struct span bytes, struct shared **out)
{
    struct shared *s = malloc(sizeof *s + bytes.len);
    *out = s;
    if (!s)
        return ERR_NOMEM;
    s->references = 1;
    s->len = bytes.len;
    if (bytes.len)
        memcpy(s->at, bytes.at, bytes.len);
    return ERR_OK;
}

struct shared *shared_take(struct shared *s)
{
    if (s)
        s->references++;
    return s;
}

void shared_release(struct shared *s)
{
    if (!s || --s->references)
        return;
    memory_clear(s->at, s->len); /* packages hold keys */
    free(s);
}

struct span shared_span(const struct shared *s)
{
    return s ? span_of(s->at, s->len) : (struct span){ 0 };
}

enum err shared_set(struct shared **slot, struct span bytes)
{
    struct shared *fresh;
    enum err e = shared_new(bytes, &fresh);
    if (e)
        return e;
    shared_release(*slot);
    *slot = fresh;
    return ERR_OK;
}

enum err state_new(struct state **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ERR_NOMEM;
    (*out)->next_seq = 1;
    (*out)->next_token = 1;
    (*out)->next_pix = EUICC_PIX_FIRST;
    return ERR_OK;
}

static void release_profile(struct profile *p)
{
    shared_release(p->metadata);
    kept_package_release(p->upp);
    shared_release(p->isdp);
    shared_release(p->nickname);
    shared_release(p->usim);
}

void state_free(struct state *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->profile_count; i++)
        release_profile(&s->profiles[i]);
    for (size_t i = 0; i < s->eim_count; i++)
        shared_release(s->eims[i].configuration);
    for (size_t i = 0; i < s->pending_count; i++)
        shared_release(s->pending[i].bytes);
    for (size_t i = 0; i < s->crl_count; i++)
        shared_release(s->crls[i].der);
    state_clear_rollback(s);
    shared_release(s->immediate_oid);
    shared_release(s->immediate_address);
    shared_release(s->default_dp);
    shared_release(s->root_ds);
    shared_release(s->under_way);
    free(s->profiles);
    free(s->eims);
    free(s->pending);
    free(s->crls);
    free(s);
}

static enum err copy_array(const void *from, size_t count, size_t size, void *to)
{
    void **slot = to;
    *slot = NULL;
    if (!count)
        return ERR_OK;
    *slot = malloc(count * size);
    if (!*slot)
        return ERR_NOMEM;
    memcpy(*slot, from, count * size);
    return ERR_OK;
}

/* After the arrays were copied octet by octet, every shared part has one more holder. */
static void take_all(struct state *s)
{
    for (size_t i = 0; i < s->profile_count; i++) {
        shared_take(s->profiles[i].metadata);
        kept_package_take(s->profiles[i].upp);
        shared_take(s->profiles[i].isdp);
        shared_take(s->profiles[i].nickname);
        shared_take(s->profiles[i].usim);
    }
    for (size_t i = 0; i < s->eim_count; i++)
        shared_take(s->eims[i].configuration);
    for (size_t i = 0; i < s->pending_count; i++)
        shared_take(s->pending[i].bytes);
    for (size_t i = 0; i < s->crl_count; i++)
        shared_take(s->crls[i].der);
    shared_take(s->rollback.eim_id);
    shared_take(s->rollback.transaction_id);
    shared_take(s->immediate_oid);
    shared_take(s->immediate_address);
    shared_take(s->default_dp);
    shared_take(s->root_ds);
    shared_take(s->under_way);
}

enum err state_copy(const struct state *s, struct state **out)
{
    struct state *copy = malloc(sizeof *copy);
    *out = NULL;
    if (!copy)
        return ERR_NOMEM;
    *copy = *s;
    copy->profiles = NULL;
    copy->eims = NULL;
    copy->pending = NULL;
    copy->crls = NULL;
    enum err e = copy_array(s->profiles, s->profile_count, sizeof s->profiles[0], &copy->profiles);
    if (!e)
        e = copy_array(s->eims, s->eim_count, sizeof s->eims[0], &copy->eims);
    if (!e)
        e = copy_array(s->pending, s->pending_count, sizeof s->pending[0], &copy->pending);
    if (!e)
        e = copy_array(s->crls, s->crl_count, sizeof s->crls[0], &copy->crls);
    if (e) {
        free(copy->profiles);
        free(copy->eims);
        free(copy->pending);
        free(copy);
        return e;
    }
    take_all(copy);
    *out = copy;
    return ERR_OK;
}

static size_t shared_size(const struct shared *s)
{
    return s ? sizeof *s + s->len : 0;
}

size_t state_footprint(const struct state *s)
{
    size_t n = sizeof *s + s->profile_count * sizeof s->profiles[0] +
               s->eim_count * sizeof s->eims[0] + s->pending_count * sizeof s->pending[0];
    for (size_t i = 0; i < s->profile_count; i++) {
        const struct profile *p = &s->profiles[i];
        n += shared_size(p->metadata) + kept_package_footprint(p->upp) + shared_size(p->isdp) +
             shared_size(p->nickname) + shared_size(p->usim);
    }
    for (size_t i = 0; i < s->eim_count; i++)
        n += shared_size(s->eims[i].configuration);
    for (size_t i = 0; i < s->pending_count; i++)
        n += shared_size(s->pending[i].bytes);
    for (size_t i = 0; i < s->crl_count; i++)
        n += sizeof s->crls[0] + shared_size(s->crls[i].der);
    return n;
}

static enum err grow(void *array, size_t *count, size_t size, size_t most, void **entry)
{
    void **slot = array;
    *entry = NULL;
    if (*count >= most)
        return ERR_LIMIT;
    uint8_t *grown = realloc(*slot, (*count + 1) * size);
    if (!grown)
        return ERR_NOMEM;
    *slot = grown;
    *entry = grown + *count * size;
    memset(*entry, 0, size);
    ++*count;
    return ERR_OK;
}

enum err state_add_profile(struct state *s, struct profile **out)
{
    void *entry;
    enum err e = grow(&s->profiles, &s->profile_count, sizeof **out, EUICC_PROFILES_MAX, &entry);
    *out = entry;
    return e;
}

enum err state_add_eim(struct state *s, struct eim **out)
{
    void *entry;
    enum err e = grow(&s->eims, &s->eim_count, sizeof **out, EUICC_EIMS_MAX, &entry);
    *out = entry;
    return e;
}

enum err state_add_crl(struct state *s, struct revocations **out)
{
    void *entry;
    enum err e = grow(&s->crls, &s->crl_count, sizeof **out, EUICC_CRLS_MAX, &entry);
    *out = entry;
    return e;
}

enum err state_add_pending(struct state *s, struct pending **out)
{
    void *entry;
    /* A full store drops its oldest package result, else its oldest entry (SGP.32 5.9.1). */
    if (s->pending_count >= EUICC_PENDING_MAX) {
        size_t oldest = 0;
        for (size_t i = s->pending_count; i--;)
            if (s->pending[i].kind == PENDING_PACKAGE_RESULT)
                oldest = i;
        state_remove_pending(s, &s->pending[oldest]);
    }
    enum err e = grow(&s->pending, &s->pending_count, sizeof **out, EUICC_PENDING_MAX, &entry);
    *out = entry;
    return e;
}

static void close_gap(void *entry, void *array, size_t *count, size_t size)
{
    uint8_t *at = entry, *end = (uint8_t *)array + *count * size;
    memmove(at, at + size, (size_t)(end - at) - size);
    --*count;
}

void state_remove_profile(struct state *s, struct profile *p)
{
    release_profile(p);
    close_gap(p, s->profiles, &s->profile_count, sizeof *p);
}

void state_remove_eim(struct state *s, struct eim *e)
{
    shared_release(e->configuration);
    close_gap(e, s->eims, &s->eim_count, sizeof *e);
}

void state_remove_crl(struct state *s, struct revocations *r)
{
    shared_release(r->der);
    close_gap(r, s->crls, &s->crl_count, sizeof *r);
}

void state_remove_pending(struct state *s, struct pending *p)
{
    shared_release(p->bytes);
    close_gap(p, s->pending, &s->pending_count, sizeof *p);
}

void state_clear_rollback(struct state *s)
{
    shared_release(s->rollback.eim_id);
    shared_release(s->rollback.transaction_id);
    s->rollback = (struct rollback){ 0 };
}

void state_clear_under_way(struct state *s)
{
    shared_release(s->under_way);
    s->under_way = NULL;
}

struct profile *state_enabled(const struct state *s)
{
    for (size_t i = 0; i < s->profile_count; i++)
        if (s->profiles[i].enabled)
            return &s->profiles[i];
    return NULL;
}

struct profile *state_fallback(const struct state *s)
{
    for (size_t i = 0; i < s->profile_count; i++)
        if (s->profiles[i].fallback)
            return &s->profiles[i];
    return NULL;
}

struct profile *state_find_iccid(const struct state *s, struct span iccid)
{
    for (size_t i = 0; i < s->profile_count; i++)
        if (span_equal(SPAN_ARRAY(s->profiles[i].iccid), iccid))
            return &s->profiles[i];
    return NULL;
}

struct profile *state_find_aid(const struct state *s, struct span aid)
{
    for (size_t i = 0; i < s->profile_count; i++)
        if (span_equal(SPAN_ARRAY(s->profiles[i].aid), aid))
            return &s->profiles[i];
    return NULL;
}
