#include "card_place.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "card_pcsc.h"
#include "card_vpcd.h"
#include "stop.h"

struct card_place {
    const struct log *log;
    char address[300];
    struct card *inner, *outer;
    volatile int stop;
    pthread_t thread;
    enum err result; /* reported by the server itself */
};

static void *serve(void *context)
{
    struct card_place *p = context;
    p->result = card_vpcd_serve(p->log, p->address, p->inner, &p->stop);
    return NULL;
}

enum err card_place_open(const struct log *log, const char *reader_name_part, const char *address, struct card *card,
                         struct card_place **out)
{
    struct card_place *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->log = log;
    p->inner = card;
    snprintf(p->address, sizeof p->address, "%s", address ? address : CARD_PLACE_ADDRESS);
    enum err e = card_pcsc_open(log, reader_name_part, &p->outer);
    if (!e)
        e = card_pcsc_await_empty(p->outer);
    if (!e && pthread_create(&p->thread, NULL, serve, p) != 0)
        e = ERR_NOMEM;
    if (e) {
        card_close(p->outer);
        free(p);
        return e;
    }
    *out = p;
    return ERR_OK;
}

struct card *card_place_card(struct card_place *p)
{
    return p->outer;
}

void card_place_close(struct card_place *p)
{
    if (!p)
        return;
    card_close(p->outer);
    stop_ask(&p->stop);
    pthread_join(p->thread, NULL);
    free(p);
}
