/* The outbox: devices are made known to their eIM after the transaction that added them. */
#include "flow.h"

#define RETRY_MAX (5 * CLOCK_MINUTE)

static enum err settle(const struct eso_workflow *f, int64_t now, const struct outbox_row *row,
                       const struct port_result *p)
{
    char detail[161];
    int64_t wait = f->retry_ms << (row->attempt < 8 ? row->attempt : 8);
    port_describe(p, detail, sizeof detail);
    LOG(f->port.env->log, p->answer == PORT_DONE ? LOG_INFO : LOG_WARN, "device.registered", F_TEXT("eid", row->id),
        F_TEXT("eim", row->eim), F_TEXT("answer", detail));
    if (p->answer == PORT_DONE)
        return outbox_remove(&f->store, row);
    if (p->answer == PORT_REFUSED || p->answer == PORT_NOT_FOUND) {
        enum err e = outbox_remove(&f->store, row);
        return e ? e : alert_add(&f->store, "registration-refused", row->id, "");
    }
    return outbox_defer(&f->store, row, now + (wait < RETRY_MAX ? wait : RETRY_MAX));
}

static enum err deliver(const struct eso_workflow *f, int64_t now, const struct outbox_row *row, struct span body)
{
    const char *url = f->eim_url(f->eim_context, row->eim);
    struct port_result p = { .answer = PORT_NOT_FOUND, .message = "this eIM is not in the settings" };
    enum err e = url ? f->eim->register_euicc(&f->port, url, body, &p) : ERR_OK;
    if (!e)
        e = store_begin(&f->store);
    return e ? e : store_end(&f->store, settle(f, now, row, &p));
}

enum err flow_deliver(const struct eso_workflow *f, int64_t now)
{
    struct outbox_row row;
    struct buf body = { .max = 1 << 16 };
    enum err e = ERR_OK;
    while (!e) {
        buf_clear(&body);
        e = outbox_claim(&f->store, now, now + 4 * f->port.call_ms, &row, &body);
        if (!e)
            e = deliver(f, now, &row, buf_span(&body));
    }
    buf_release(&body);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
