#include "card_source.h"

#include <stdlib.h>
#include <string.h>

#include "card_pcsc.h"
#include "card_vpcd.h"
#include "crypto.h"

#define WAIT_MS 10000

static enum err open_vpcd(struct card_source *s, const char *port_text)
{
    char *end;
    unsigned long number = strtoul(port_text, &end, 10);
    uint16_t port = (uint16_t)number;
    if (!port_text[0] || *end || number < 1 || number > 65535)
        return ERR_CONFIG;
    return card_vpcd_open_reader(&s->log, &port, WAIT_MS, &s->card);
}

enum err card_source_open(struct card_source *s, const char *where)
{
    *s = (struct card_source){ 0 };
    log_sink_text_init(&s->sink, 2, false);
    s->log = (struct log){ .sink = &s->sink.sink, .clock = clock_system(), .actor = "card", .least = LOG_WARN };
    s->env = (struct env){ .clock = clock_system(), .rng = rng_system(), .log = &s->log };
    enum err e = crypto_new(&s->crypto);
    s->env.crypto = s->crypto;
    if (e)
        return e;
    if (strcmp(where, "sim") == 0)
        return card_simulation_new(&s->env, &s->simulation, &s->card);
    if (strncmp(where, "vpcd:", 5) == 0)
        return open_vpcd(s, where + 5);
    s->log.least = LOG_INFO; /* names the readers that are there */
    e = strncmp(where, "pcsc:", 5) == 0 ? card_pcsc_open(&s->log, where + 5, &s->card) : ERR_CONFIG;
    s->log.least = LOG_WARN;
    return e;
}

void card_source_close(struct card_source *s)
{
    card_close(s->card);
    card_simulation_free(s->simulation);
    crypto_free(s->crypto);
}
