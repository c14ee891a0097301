#include "say.h"

#include <string.h>
#include <unistd.h>

/* {field} is replaced by the event's field of that name. */
static const struct {
    const char *event, *sentence;
} words[] = {
    { "card.listening", "Waiting for a card at vpcd port {port}." },
    { "card.refused", "{device}: the card refuses to open its ISD-R (status {sw}). Is it an eUICC?" },
    { "card.silent", "{device}: the card does not answer. Is one in the reader?" },
    { "start.done", "{device}: the card is {eid}; its eIM is {eim}." },
    { "attach.done", "{device}: attached to {plmn} in {country}." },
    { "attach.refused", "{device}: the network refuses: {cause}. Trying again later." },
    { "attach.no_network", "{device}: no network of the settings is the home of the enabled profile (its IMSI begins with none of their PLMNs)." },
    { "attach.no_profile", "{device}: no profile is enabled, so there is no network to attach to." },
    { "bearer.down", "{device}: the bearer of {plmn} is gone." },
    { "poll.nothing", "{device}: asked the eIM; there is nothing to do." },
    { "poll.got", "{device}: the eIM has {what}." },
    { "call.failed", "{device}: {who} at {where} does not serve: {why}." },
    { "poll.refused", "{device}: the eIM refuses: {error}." },
    { "poll.not_understood", "{device}: what the eIM sent cannot be understood, and it is told so ({error})." },
    { "inject.received", "{device}: {eim} has pushed something, which is done next." },
    { "inject.refused", "{device}: what somebody pushed is refused (HTTP {status}): {why}." },
    { "inject.given_up", "{device}: what was pushed fails again and again ({err}); it is given up." },
    { "package.executed", "{device}: the card has executed the package; the result is kept." },
    { "download.done", "{device}: a profile is installed." },
    { "download.failed", "{device}: the download fails at {function}: {what}." },
    { "download.cancelled", "{device}: the download is cancelled ({reason}); the SM-DP+ says {status}." },
    { "immediate_enable.done", "{device}: the new profile is enabled at once." },
    { "result.delivered", "{device}: the eIM has taken a result." },
    { "result.refused", "{device}: the eIM does not take a result: {error}." },
    { "result.given_up", "{device}: the eIM refused a result {refusals} times; it is given up." },
    { "result.separate", "{device}: {eim} takes no notifications beside a result; they come by themselves." },
    { "acknowledgement.not_sent", "{device}: {eim} acknowledges number {seqNumber}, which it was not shown; it stays on the card." },
    { "results.too_many", "{device}: {eim} has refused too many results; nothing more is done for it until it takes some." },
    { "notification.delivered", "{device}: {receiver} has taken a notification." },
    { "memory_reset.eim", "{device}: the card was told to forget its eIMs: {result}." },
    { "rollback", "{device}: not online in time, the switch is taken back: {result}." },
    { "fallback", "{device}: without a network for too long, the fallback profile is enabled." },
    { "fallback.returned", "{device}: the lost network is back, and so is its profile." },
    { "fallback.refused", "{device}: the card does not fall back: {result}." },
    { "emergency", "{device}: an emergency, the emergency profile is enabled." },
    { "emergency.over", "{device}: the emergency is over, and what was enabled before it is again." },
    { "emergency.refused", "{device}: the card does not change for an emergency: {result}." },
    { "clock.set", "{device}: the clock was set by {by} ms; what was planned moves along." },
    { "failure", "{what} ({section})." },
    { "ipa.again_later", "{device}: trying again later ({err})." },
};

static enum err put_field(struct buf *out, const struct log_event *e, const char *name, size_t len)
{
    for (size_t i = 0; i < e->count; i++) {
        const struct log_field *f = &e->fields[i];
        if (strlen(f->name) != len || memcmp(f->name, name, len) != 0)
            continue;
        return f->kind == LOG_TEXT      ? buf_put_str(out, f->text ? f->text : "unknown")
               : f->kind == LOG_INTEGER ? buf_printf(out, "%lld", (long long)f->integer)
                                        : hex_put(out, f->hex);
    }
    return buf_put_str(out, "unknown");
}

static enum err put_sentence(struct buf *out, const struct log_event *e, const char *text)
{
    enum err err = ERR_OK;
    while (!err && *text) {
        size_t plain = strcspn(text, "{");
        err = buf_put(out, span_of(text, plain));
        text += plain;
        if (err || !*text)
            break;
        size_t len = strcspn(text + 1, "}");
        err = put_field(out, e, text + 1, len);
        text += len + 2;
    }
    return err;
}

enum err ipa_say_put(struct buf *out, const struct log_event *e)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].event, e->name) == 0)
            return put_sentence(out, e, words[i].sentence);
    return ERR_NOT_FOUND;
}

/* What cannot be written is not missed: the log behind is the record. */
static void emit(struct log_sink *sink, const struct log_event *e)
{
    struct ipa_say *s = (struct ipa_say *)sink;
    struct buf line = { .max = 4096 };
    enum err err = s->json ? log_event_put_json(&line, e) : ipa_say_put(&line, e);
    if (!err)
        err = buf_put_u8(&line, '\n');
    if (!err && write(s->fd, line.at, line.len) < 0)
        s->fd = -1;
    buf_release(&line);
    if (s->behind && e->level >= s->least)
        s->behind->emit(s->behind, e);
}

void ipa_say_init(struct ipa_say *s, const struct log *behind, int fd, bool json)
{
    *s = (struct ipa_say){ { emit }, behind->sink, behind->least, fd, json };
}
