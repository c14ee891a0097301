#include "faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "der.h"
#include "trace_names.h"

static const char *const words[] = {
    "flip-bit", "truncate", "replay", "wrong-eid", "high-counter", "nest", "bloat", "empty", "lose-request", "lose-answer", "no-answer",
    "answer-400", "answer-401", "answer-404", "answer-429", "answer-500", "answer-503", NULL,
};
static const struct {
    enum fault_how how;
    int status;
} meanings[] = {
    { FAULT_FLIP_BIT, 0 }, { FAULT_TRUNCATE, 0 }, { FAULT_REPLAY, 0 }, { FAULT_WRONG_EID, 0 }, { FAULT_HIGH_COUNTER, 0 },
    { FAULT_NEST, 0 }, { FAULT_BLOAT, 0 }, { FAULT_EMPTY, 0 }, { FAULT_LOSE_REQUEST, 0 }, { FAULT_LOSE_ANSWER, 0 }, { FAULT_LOSE_ANSWER, 0 },
    { FAULT_ANSWER, 400 }, { FAULT_ANSWER, 401 }, { FAULT_ANSWER, 404 }, { FAULT_ANSWER, 429 }, { FAULT_ANSWER, 500 },
    { FAULT_ANSWER, 503 },
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

/* In the message's own outer tag; of JSON nothing is left but the depth. */
#define NESTED 400
static bool nest(struct buf *bytes)
{
    struct buf again = { .max = bytes->max };
    struct der_mark mark[NESTED];
    struct der_tlv outer;
    enum err e = ERR_OK;
    if (bytes->at[0] == '{')
        for (size_t i = 0; !e && i < 100 * NESTED; i++)
            e = buf_put_u8(&again, '[');
    else {
        struct der d = der_open(buf_span(bytes));
        uint32_t tag = der_next(&d, &outer) ? 0x30 : outer.tag;
        size_t depth = 0;
        for (; !e && depth < NESTED; depth++)
            e = der_put_open(&again, depth ? 0x30 : tag, &mark[depth]);
        while (!e && depth)
            e = der_put_close(&again, mark[--depth]);
    }
    if (!e)
        e = buf_set(bytes, buf_span(&again));
    buf_release(&again);
    return e == ERR_OK;
}

/* One octet repeated within the outer tag, or one member's text; a report shows it all the same. */
#define BLOATED (256u << 10)
static bool bloat(struct buf *bytes)
{
    size_t most = bytes->max < BLOATED ? bytes->max : BLOATED;
    struct buf again = { .max = bytes->max };
    struct der_mark mark;
    struct der_tlv outer;
    bool json = bytes->at[0] == '{';
    struct der d = der_open(buf_span(bytes));
    uint32_t tag = json || der_next(&d, &outer) ? 0x30 : outer.tag;
    enum err e = json ? buf_put_str(&again, "{\"x\":\"") : der_put_open(&again, tag, &mark);
    while (!e && again.len + 16 < most)
        e = buf_put_u8(&again, json ? 'x' : 0);
    if (!e)
        e = json ? buf_put_str(&again, "\"}") : der_put_close(&again, mark);
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
    case FAULT_NEST:
        return nest(bytes);
    case FAULT_BLOAT:
        return bloat(bytes);
    case FAULT_EMPTY:
        bytes->len = 0;
        return true;
    case FAULT_LOSE_REQUEST: /* nothing happens to the message itself */
    case FAULT_LOSE_ANSWER:
    case FAULT_ANSWER:
        break;
    }
    return false;
}

static void count(struct faults *all, struct fault *f, const char *part)
{
    f->times--;
    f->injected++;
    trace_mark_injected(all->trace, part);
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
    count(all, f, actor);
}

static bool is_named(const struct fault *f, const char *message)
{
    size_t len = strlen(f->message);
    return len && f->message[len - 1] == '*' ? strncmp(f->message, message, len - 1) == 0 : strcmp(f->message, message) == 0;
}

/* What travels between a device and its card is lost behind our back: the card in front of the card is told. */
static void lose_at_card(struct faults *all, struct fault *f, const char *device, struct span message)
{
    if (!contains_tag(message, f->inside))
        return;
    snprintf(f->how == FAULT_LOSE_REQUEST ? all->command_of : all->answer_of, TRACE_NAME_MAX, "%s", device);
    count(all, f, device);
}

static void tamper(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message,
                   struct buf *bytes)
{
    struct faults *all = (struct faults *)t;
    bool at_card = strncmp(message, "ES10", 4) == 0 && moment == TAMPER_BEFORE_SENDING;
    for (size_t i = 0; bytes->len && i < all->count; i++) {
        struct fault *f = &all->fault[i];
        if (!f->times || !is_named(f, message))
            continue;
        if (f->how < FAULT_LOSE_REQUEST)
            apply(all, f, actor, bytes);
        else if (f->how != FAULT_ANSWER && at_card)
            lose_at_card(all, f, actor, buf_span(bytes));
    }
}

/* The first that strikes this call, by the name of its request or of its answer; counted. */
static struct fault *strike_call(struct faults *all, enum fault_how how, const char *server, const struct http_call *q,
                                 struct span body, bool response)
{
    char via[16], name[TRACE_NAME_MAX], full[96];
    trace_name_http(q->method, trace_call_path(q), body, response, via, name);
    char *arrow = strstr(name, " →"); /* answers of administration are shown so, and named like their requests */
    if (arrow)
        *arrow = '\0';
    snprintf(full, sizeof full, "%s.%s", via, name);
    for (size_t i = 0; i < all->count; i++) {
        struct fault *f = &all->fault[i];
        if (f->how == how && f->times && is_named(f, full) && (!f->to[0] || strcmp(f->to, server) == 0) &&
            contains_tag(body, f->inside))
            return f;
    }
    return NULL;
}

bool faults_lose_request(struct faults *f, const char *caller, const char *server, const struct http_call *q)
{
    struct fault *x = strike_call(f, FAULT_LOSE_REQUEST, server, q, q->body, false);
    if (x)
        count(f, x, caller);
    return x;
}

bool faults_answer(struct faults *f, const char *server, const struct http_call *q, struct http_response *p)
{
    struct fault *x = strike_call(f, FAULT_ANSWER, server, q, q->body, false);
    if (!x || http_problem(p, x->status, "broken", "this answer was put here by the scenario"))
        return false;
    count(f, x, server);
    return true;
}

bool faults_lose_answer(struct faults *f, const char *server, const struct http_call *q, const struct http_response *p)
{
    struct fault *x = strike_call(f, FAULT_LOSE_ANSWER, server, q, buf_span(&p->body), true);
    if (x)
        count(f, x, server);
    return x;
}

static bool take_if(char of[TRACE_NAME_MAX], const char *device)
{
    bool is = of[0] && strcmp(of, device) == 0;
    if (is)
        of[0] = '\0';
    return is;
}

bool faults_lose_command(struct faults *f, const char *device)
{
    return take_if(f->command_of, device);
}

bool faults_lose_card_answer(struct faults *f, const char *device)
{
    return take_if(f->answer_of, device);
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

enum err faults_add(struct faults *f, const char *message, const char *inside, const char *to, const char *how, int64_t times)
{
    if (f->count == FAULTS_MAX)
        return ERR_LIMIT;
    struct fault *x = &f->fault[f->count];
    *x = (struct fault){ .times = times, .kept = { .max = HTTP_BODY_MAX } };
    snprintf(x->message, sizeof x->message, "%s", message);
    snprintf(x->inside, sizeof x->inside, "%s", inside ? inside : "");
    snprintf(x->to, sizeof x->to, "%s", to ? to : "");
    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], how) == 0) {
            x->how = meanings[i].how;
            x->status = meanings[i].status;
            f->count++;
            return ERR_OK;
        }
    return ERR_PARSE;
}

void faults_mend(struct faults *f, const char *message)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->fault[i].message, message) == 0)
            f->fault[i].times = 0;
}

const struct fault *faults_idle(const struct faults *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (!f->fault[i].injected)
            return &f->fault[i];
    return NULL;
}

int64_t faults_injected(const struct faults *f)
{
    int64_t n = 0;
    for (size_t i = 0; i < f->count; i++)
        n += f->fault[i].injected;
    return n;
}
