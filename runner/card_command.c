/* sgp32lab card: what is on a card, in words; simulated, in a reader, or behind vpcd. */
#include <stdio.h>
#include <string.h>

#include "card_recorder.h"
#include "card_report.h"
#include "card_source.h"
#include "card_vpcd.h"
#include "command.h"
#include "trace.h"
#include "trace_names.h"

/* What a user can do something about, in words; the log has told the cause. */
static const char *words_of(enum err e)
{
    switch (e) {
    case ERR_IO:
        return "the card cannot be reached (io)";
    case ERR_TIMEOUT:
        return "no card came, or it did not answer in time (timeout)";
    case ERR_NOT_FOUND:
        return "no such reader, or no eUICC in it (not-found)";
    default:
        return err_name(e);
    }
}

static int fail(struct card_source *s, const char *what, enum err e)
{
    command_refuse("card", "%s: %s", what, words_of(e));
    card_source_close(s);
    return 1;
}

/* --- info and profiles -------------------------------------------------------------------------------------- */

struct wish {
    const char *what; /* info, profiles, apdu, trace */
    const char *reader;
    bool json;
};

static void show(const struct wish *w, json_t *report)
{
    if (w->json && json_dumpf(report, stdout, JSON_INDENT(2)) == 0)
        putchar('\n');
    if (w->json)
        return;
    if (strcmp(w->what, "info") == 0)
        card_print(report, stdout);
    else
        card_print_profiles(report, stdout);
}

/* Reads the card over a logical channel of its own and leaves that closed. */
static enum err read_card(struct card_source *s, struct card *card, bool all, json_t **report)
{
    struct buf atr = { .max = CARD_ATR_MAX }, fci = { .max = 4096 };
    struct es10_card c = { .env = &s->env, .card = card };
    enum err e = card_reset(card, &atr);
    if (!e)
        e = apdu_open_isd_r(card, &c.channel, &fci, &c.sw);
    if (e == ERR_REFUSED)
        command_refuse("card", "this is no eUICC: its ISD-R cannot be selected, %04X %s", c.sw, card_status_text(c.sw));
    s->log.least = LOG_ERROR; /* what a card refuses is in the report */
    if (!e)
        e = all ? card_report(&c, buf_span(&atr), report) : card_report_profiles(&c, report);
    if (!e)
        e = apdu_close_channel(card, c.channel);
    buf_release(&atr);
    buf_release(&fci);
    return e;
}

static int show_card(struct card_source *s, const struct wish *w)
{
    json_t *report = NULL;
    enum err e = read_card(s, s->card, strcmp(w->what, "info") == 0, &report);
    if (!e)
        show(w, report);
    json_decref(report);
    if (e)
        return fail(s, "the card was not read", e);
    card_source_close(s);
    return 0;
}

/* --- apdu --------------------------------------------------------------------------------------------------- */

static void print_hex(const char *before, struct span bytes)
{
    printf("%s", before);
    for (size_t i = 0; i < bytes.len; i++)
        printf("%02X", bytes.at[i]);
}

static void print_answer(struct span response, const char *name, struct span command, json_t *all)
{
    unsigned sw = response.len < 2 ? 0 : (unsigned)response.at[response.len - 2] << 8 | response.at[response.len - 1];
    if (all) {
        json_t *o = json_pack("{s:s, s:i, s:s}", "name", name, "status", (int)sw, "meaning", card_status_text(sw));
        if (o && !json_set_hex(o, "command", command) && !json_set_hex(o, "response", response))
            json_array_append(all, o);
        json_decref(o);
        return;
    }
    print_hex("> ", command);
    printf("  %s\n", name);
    print_hex("< ", response);
    printf("  %s\n", card_status_text(sw));
}

static enum err send_one(struct card *card, struct span command, json_t *all)
{
    char name[TRACE_NAME_MAX];
    struct buf response = { .max = CARD_RESPONSE_MAX };
    bool es10 = command.at[1] == 0xe2 && command.at[0] & 0x80, first = es10 && command.at[3] == 0 && command.len > 5;
    enum err e = card_transmit(card, command, &response);
    if (first)
        trace_name_es10(span_sub(command, 5, command.len), false, name);
    else if (es10)
        snprintf(name, sizeof name, "STORE DATA");
    else
        trace_name_uicc(command, false, name);
    if (!e)
        print_answer(buf_span(&response), name, command, all);
    buf_release(&response);
    return e;
}

static int send_apdus(struct card_source *s, const struct wish *w, const struct command_words *words)
{
    struct buf bytes = { .max = CARD_APDU_MAX }, atr = { .max = CARD_ATR_MAX };
    json_t *all = w->json ? json_array() : NULL;
    enum err e = card_reset(s->card, &atr);
    for (size_t i = 1; !e && i < words->count; i++) {
        buf_clear(&bytes);
        e = hex_decode(span_str(words->at[i]), &bytes);
        if (!e)
            e = bytes.len >= 4 ? send_one(s->card, buf_span(&bytes), all) : ERR_PARSE;
    }
    if (all && !e && json_dumpf(all, stdout, JSON_INDENT(2)) == 0)
        putchar('\n');
    json_decref(all);
    buf_release(&bytes);
    buf_release(&atr);
    if (e)
        return fail(s, "no answer", e);
    card_source_close(s);
    return 0;
}

/* Before anything is sent: 0 when every word is an APDU. */
static int check_apdus(const struct command_words *words)
{
    int status = words->count > 1 ? 0 : command_refuse("card", "apdu needs APDUs in hex");
    for (size_t i = 1; !status && i < words->count; i++) {
        struct buf bytes = { .max = CARD_APDU_MAX };
        if (hex_decode(span_str(words->at[i]), &bytes) || bytes.len < 4)
            status = command_refuse("card", "'%s' is no APDU: 4 to %d octets in hex", words->at[i], CARD_APDU_MAX);
        buf_release(&bytes);
    }
    return status;
}

/* --- trace -------------------------------------------------------------------------------------------------- */

struct tracer {
    struct trace *trace;
    struct trace_card *card;
    size_t shown;
};

static void print_message(const struct trace_message *m)
{
    struct buf text = { .max = 16 << 20 };
    printf("%s%s  %s%s%s\n", m->status ? "<  " : ">  ", m->name, m->line, m->line[0] ? " " : "",
           m->status ? card_status_text((unsigned)m->status) : "");
    if (m->body.len && trace_explain(m, &text) == ERR_OK) {
        const uint8_t *first = memchr(text.at, '\n', text.len); /* the line that is shown already */
        struct span rest = first ? span_sub(buf_span(&text), (size_t)(first - text.at) + 1, text.len) : buf_span(&text);
        printf("%.*s%s", (int)rest.len, (const char *)rest.at,
               rest.len && rest.at[rest.len - 1] == '\n' ? "" : "\n");
    }
    fflush(stdout);
    buf_release(&text);
}

static void tell(void *context, const struct card_exchange *x)
{
    struct tracer *t = context;
    if (!x->command.len && !x->e) {
        print_hex("reset: ATR ", x->response);
        printf("\n");
    } else if (!x->e) {
        trace_card_apdu(t->card, x->command, x->response);
    }
    while (t->shown < trace_count(t->trace))
        print_message(trace_message(t->trace, t->shown++));
}

static int trace_exchanges(struct card_source *s, const struct wish *w)
{
    struct tracer t = { 0 };
    struct card_recorder recorder;
    json_t *report = NULL;
    enum err e = trace_new(s->env.clock, true, &t.trace);
    if (!e)
        e = trace_card_new(t.trace, "terminal", &t.card);
    card_recorder_init(&recorder, s->card, tell, &t);
    if (!e)
        e = w->reader ? card_vpcd_serve(&s->log, w->reader, &recorder.card, NULL)
                      : read_card(s, &recorder.card, true, &report);
    json_decref(report);
    trace_card_free(t.card);
    trace_free(t.trace);
    if (e)
        return fail(s, "the trace ends", e);
    card_source_close(s);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------ */

static int check_words(const struct wish *w, const struct command_words *words)
{
    static const char *const known[] = { "info", "profiles", "apdu", "trace", NULL };
    if (!w->what)
        return command_refuse("card", "what? info, profiles, apdu or trace");
    bool trace = strcmp(w->what, "trace") == 0;
    if (w->reader && !trace)
        return command_refuse("card", "--reader belongs to trace");
    if (w->json && trace)
        return command_refuse("card", "trace has no --json");
    for (size_t i = 0; known[i]; i++)
        if (strcmp(known[i], w->what) == 0) {
            if (strcmp(w->what, "apdu") == 0)
                return check_apdus(words);
            return words->count == 1 ? 0 : command_refuse("card", "'%s' is one word too many", words->at[1]);
        }
    return command_refuse_word("card", "word", w->what, known);
}

static int do_it(const struct wish *w, const char *where, const struct command_words *words)
{
    struct card_source s;
    enum err e = card_source_open(&s, where);
    if (e == ERR_CONFIG) {
        card_source_close(&s);
        return command_refuse("card", "--card is sim, pcsc:NAME or vpcd:PORT, not '%s'", where);
    }
    if (e)
        return fail(&s, where, e);
    if (strcmp(w->what, "apdu") == 0)
        return send_apdus(&s, w, words);
    return strcmp(w->what, "trace") == 0 ? trace_exchanges(&s, w) : show_card(&s, w);
}

int command_card(int argc, char **argv)
{
    const char *where = "sim";
    struct wish w = { 0 };
    struct command_words words = { 0 };
    const struct command_option options[] = { { "--card", OPTION_TEXT, &where },
                                              { "--reader", OPTION_TEXT, &w.reader },
                                              { "--json", OPTION_FLAG, &w.json } };
    int status = command_read(options, COUNT(options), argc, argv, &words);
    w.what = words.count ? words.at[0] : NULL;
    if (!status)
        status = check_words(&w, &words);
    return status ? status : do_it(&w, where, &words);
}
