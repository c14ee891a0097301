#include <stdio.h>

#include "es10b_command.h"

static enum err refused(struct es10_card *c, const char *name)
{
    const uint8_t sw[2] = { (uint8_t)(c->sw >> 8), (uint8_t)c->sw };
    LOG(c->env->log, LOG_WARN, "es10.refused", F_TEXT("command", name), F_HEX("sw", SPAN_ARRAY(sw)));
    return ERR_REFUSED;
}

enum err es10b_command(struct es10_card *c, const char *name, enum err e, struct buf *request,
                       struct buf *received)
{
    char full[96];
    snprintf(full, sizeof full, "ES10b.%sRequest", name);
    c->sw = 0;
    if (!e) {
        tamper_at(c->env, TAMPER_BEFORE_SENDING, full, request);
        e = apdu_store_data(c->card, c->channel, c->block, buf_span(request), received, &c->sw);
    }
    buf_release(request);
    return !e && !apdu_success(c->sw) ? refused(c, name) : e;
}

enum err es10b_answer(const struct es10_card *c, const char *name, enum err e)
{
    return e ? log_fail(c->env->log, e, "SGP.22 5.7, SGP.32 5.9", name) : ERR_OK;
}

enum err es10b_code_command(struct es10_card *c, const char *name, enum err e, struct buf *request,
                            uint32_t tag, int64_t *code)
{
    struct buf received = ES10B_RECEIVED;
    e = es10b_command(c, name, e, request, &received);
    if (!e)
        e = es10b_answer(c, name, rsp_code_read(tag, buf_span(&received), code));
    buf_release(&received);
    return e;
}
