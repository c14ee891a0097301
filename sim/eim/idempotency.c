/* Idempotency-Key: a call that is sent again is answered as it was the first time. Remembered for a day, a tenant's own. */
#include <string.h>

#include "eim_internal.h"

#define KEPT CLOCK_DAY
#define KEY_MAX 255

struct memory {
    uint8_t *request; /* SHA-256 */
    int64_t status;
    struct buf *body;
};

/* Of everything that makes it this call. */
static enum err digest(struct eim *e, const struct http_request *q, uint8_t out[32])
{
    const struct span parts[] = { span_str(q->method), span_str(" "), span_str(q->path), span_str("\n"), q->body };
    return sha256(e->env->crypto, parts, COUNT(parts), out);
}

static bool is_valid(const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < len; i++)
        if (key[i] < 0x21 || key[i] > 0x7e)
            return false;
    return len >= 1 && len <= KEY_MAX;
}

static enum err take_memory(void *context, const struct db_row *r)
{
    struct memory *m = context;
    struct span request = db_blob(r, 0);
    if (request.len != 32)
        return ERR_PARSE;
    memcpy(m->request, request.at, 32);
    m->status = db_int(r, 1);
    return buf_set(m->body, db_blob(r, 2));
}

enum err eim_recall(struct eim *e, const struct eim_caller *who, const struct http_request *q, struct http_response *p,
                    bool *answered)
{
    uint8_t now[32], then[32];
    struct buf body = { .max = HTTP_BODY_MAX };
    struct memory m = { .request = then, .body = &body };
    const char *key = http_header(q, "Idempotency-Key");
    *answered = false;
    if (!key)
        return ERR_OK;
    if (!is_valid(key))
        return eim_problem(p, 400, "Idempotency-Key is wrong", "1 to 255 visible characters are wanted");
    enum err x = digest(e, q, now);
    if (!x)
        x = db_query(e->env->db, "SELECT request, status, body FROM idempotency WHERE tenant = ? AND key = ? AND at > ?",
                     DB_ARGS(DB_TEXT(who->tenant), DB_TEXT(key), DB_INT(clock_now(e->env->clock) - KEPT)), take_memory, &m);
    *answered = !x;
    if (!x && !span_equal(SPAN_ARRAY(now), SPAN_ARRAY(then)))
        x = eim_problem(p, 422, "Idempotency-Key in use", "another call was made with this key");
    else if (!x)
        x = http_text(p, (int)m.status, "application/json", buf_span(&body));
    buf_release(&body);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

enum err eim_remember(struct eim *e, const struct eim_caller *who, const struct http_request *q,
                      const struct http_response *p)
{
    uint8_t request[32];
    const char *key = http_header(q, "Idempotency-Key");
    int64_t now = clock_now(e->env->clock);
    if (!key)
        return ERR_OK;
    enum err x = digest(e, q, request);
    if (!x)
        x = db_run(e->env->db, "DELETE FROM idempotency WHERE at <= ?", DB_ARGS(DB_INT(now - KEPT)), NULL);
    return x ? x
             : db_run(e->env->db, "INSERT INTO idempotency (tenant, key, request, status, body, at) VALUES (?,?,?,?,?,?)",
                      DB_ARGS(DB_TEXT(who->tenant), DB_TEXT(key), DB_BLOB(SPAN_ARRAY(request)), DB_INT(p->status),
                              DB_BLOB(buf_span(&p->body)), DB_INT(now)),
                      NULL);
}
