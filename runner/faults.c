#include "faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "der.h"
#include "trace_names.h"

static const char *const words[] = {
    [FAULT_FLIP_BIT] = "flip-bit",   [FAULT_TRUNCATE] = "truncate",
    [FAULT_REPLAY] = "replay",       [FAULT_WRONG_EID] = "wrong-eid",
    [FAULT_HIGH_COUNTER] = "high-counter",
    [FAULT_LOSE_REQUEST] = "lose-request", [FAULT_LOSE_ANSWER] = "lose-answer",
    [FAULT_NO_ANSWER] = "no-answer", NULL,
};

const char *const *faults_words(void)
{
    return words;
}

static bool contains_tag(struct span bytes, const char *tag_hex)
{
    struct buf tag = { .max = 8 };
    bool found = !tag_hex[0] || (hex_decode(span_str(tag_hex), &tag) == ERR_OK &&
                                 memmem(bytes.at, bytes.len, tag.at, tag.len) != NULL);
    buf_release(&tag);
    return found;
}

static void change_eid(struct buf *bytes)
{
    static const uint8_t head[] = { 0x5a, 0x10, 0x89 };
    uint8_t *at = memmem(bytes->at, bytes->len, head, sizeof head);
    if (at && at + 18 <= bytes->at + bytes->len)
        at[17] ^= 0x01;
}

/* euiccPackageSigned: its counterValue becomes one more than 0x7FFFFF (catalogue D-9). */
static bool raise_counter(struct buf *bytes)
{
    struct der_tlv signed_part, member;
    struct buf again = { .max = bytes->max };
    struct der_mark mark;
    enum err e = der_only(buf_span(bytes), 0x30, &signed_part);
    struct der list = der_open(signed_part.value);
    if (!e)
        e = der_put_open(&again, 0x30, &mark);
    while (!e && !der_at_end(&list)) {
        e = der_next(&list, &member);
        if (!e)
            e = member.tag == 0x81 ? der_put_integer(&again, 0x81, 0x800000) : buf_put(&again, member.whole);
    }
    if (!e)
        e = der_put_close(&again, mark);
    if (!e)
        e = buf_set(bytes, buf_span(&again));
    buf_release(&again);
    return e == ERR_OK;
}

/* True when the message was changed. */
static bool strike(struct fault *f, struct buf *bytes)
{
    switch (f->how) {
    case FAULT_FLIP_BIT:
        bytes->at[bytes->len - 1] ^= 0x01;
        return true;
    case FAULT_TRUNCATE:
        bytes->len /= 2;
        return true;
    case FAULT_WRONG_EID:
        change_eid(bytes);
        return true;
    case FAULT_HIGH_COUNTER:
        return raise_counter(bytes);
    case FAULT_REPLAY:
        return f->kept.len && buf_set(bytes, buf_span(&f->kept)) == ERR_OK;
    case FAULT_LOSE_REQUEST:
    case FAULT_LOSE_ANSWER:
        bytes->len = 0;
        return true;
    case FAULT_NO_ANSWER: /* nothing happens to the message itself */
        break;
    }
    return false;
}

static void apply(struct faults *all, struct fault *f, const char *actor, struct buf *bytes)
{
    bool inside = contains_tag(buf_span(bytes), f->inside);
    if (f->how == FAULT_REPLAY && !f->kept.len) {
        if (inside && buf_put(&f->kept, buf_span(bytes)) != ERR_OK)
            buf_clear(&f->kept);
        return;
    }
    if (f->how != FAULT_REPLAY && !inside)
        return;
    if (!strike(f, bytes))
        return;
    f->times--;
    f->injected++;
    trace_mark_injected(all->trace, actor);
}

static void tamper(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message,
                   struct buf *bytes)
{
    (void)moment;
    struct faults *all = (struct faults *)t;
    for (size_t i = 0; bytes->len && i < all->count; i++)
        if (all->fault[i].times && all->fault[i].how != FAULT_NO_ANSWER && strcmp(all->fault[i].message, message) == 0)
            apply(all, &all->fault[i], actor, bytes);
}

bool faults_lose_answer(struct faults *f, const char *server, const struct http_call *q, const struct http_response *p)
{
    char via[16], name[TRACE_NAME_MAX], full[96];
    trace_name_http(q->method, trace_call_path(q), buf_span(&p->body), true, via, name);
    snprintf(full, sizeof full, "%s.%s", via, name);
    for (size_t i = 0; i < f->count; i++) {
        struct fault *x = &f->fault[i];
        if (x->how != FAULT_NO_ANSWER || !x->times || strcmp(x->message, full) != 0)
            continue;
        x->times--;
        x->injected++;
        trace_mark_injected(f->trace, server);
        return true;
    }
    return false;
}

void faults_init(struct faults *f, struct trace *trace)
{
    *f = (struct faults){ .tamper = { tamper }, .trace = trace };
}

void faults_release(struct faults *f)
{
    for (size_t i = 0; i < f->count; i++)
        buf_release(&f->fault[i].kept);
    f->count = 0;
}

enum err faults_add(struct faults *f, const char *message, const char *inside, const char *how, int64_t times)
{
    if (f->count == FAULTS_MAX)
        return ERR_LIMIT;
    struct fault *x = &f->fault[f->count];
    *x = (struct fault){ .times = times, .kept = { .max = HTTP_BODY_MAX } };
    snprintf(x->message, sizeof x->message, "%s", message);
    snprintf(x->inside, sizeof x->inside, "%s", inside ? inside : "");
    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], how) == 0) {
            x->how = (enum fault_how)i;
            f->count++;
            return ERR_OK;
        }
    return ERR_PARSE;
}

int64_t faults_injected(const struct faults *f)
{
    int64_t n = 0;
    for (size_t i = 0; i < f->count; i++)
        n += f->fault[i].injected;
    return n;
}
