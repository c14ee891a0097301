#include <stdlib.h>
#include <string.h>
#include <winscard.h>

#include "card_pcsc.h"

#define WAIT_FOR_CARD_MS 5000

struct pcsc {
    struct card card;
    const struct log *log;
    SCARDCONTEXT context;
    SCARDHANDLE handle;
    DWORD protocol; /* 0: not connected */
    char *reader;
};

static enum err failed(const struct log *log, LONG result, const char *verb)
{
    enum err e = result == SCARD_E_TIMEOUT ? ERR_TIMEOUT : result == SCARD_E_NO_MEMORY ? ERR_NOMEM : ERR_IO;
    LOG(log, LOG_WARN, "failure", F_TEXT("err", err_name(e)), F_TEXT("section", "PC/SC"), F_TEXT("verb", verb),
        F_TEXT("what", pcsc_stringify_error(result)));
    return e;
}

/* Until a card is in the reader, or none; a virtual one may still be on its way. */
static enum err wait_for_card(struct pcsc *p, bool present)
{
    SCARD_READERSTATE state = { .szReader = p->reader, .dwCurrentState = SCARD_STATE_UNAWARE };
    for (int64_t left = WAIT_FOR_CARD_MS, from = clock_now(clock_system()); left > 0;
         left = WAIT_FOR_CARD_MS - (clock_now(clock_system()) - from)) {
        LONG result = SCardGetStatusChange(p->context, (DWORD)left, &state, 1);
        if (result != SCARD_S_SUCCESS)
            return failed(p->log, result, "wait for a card");
        if (state.dwEventState & (present ? SCARD_STATE_PRESENT : SCARD_STATE_EMPTY))
            return ERR_OK;
        state.dwCurrentState = state.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
    }
    return log_fail(p->log, ERR_TIMEOUT, "PC/SC", present ? "no card is in the reader" : "a card is in the reader");
}

enum err card_pcsc_await_empty(struct card *c)
{
    return wait_for_card((struct pcsc *)c, false);
}

static enum err connect_or_reset(struct pcsc *p)
{
    const DWORD any = SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1;
    LONG result = p->protocol
                      ? SCardReconnect(p->handle, SCARD_SHARE_SHARED, any, SCARD_RESET_CARD, &p->protocol)
                      : SCardConnect(p->context, p->reader, SCARD_SHARE_SHARED, any, &p->handle, &p->protocol);
    return result == SCARD_S_SUCCESS ? ERR_OK : failed(p->log, result, "connect");
}

/* A card may have been used by another program before we came, so also the first reset is one. */
static enum err pcsc_reset(struct card *c, struct buf *atr)
{
    struct pcsc *p = (struct pcsc *)c;
    BYTE bytes[CARD_ATR_MAX];
    DWORD len = sizeof bytes, state = 0, protocol = 0, name_len = 0;
    bool first = !p->protocol;
    enum err e = first ? wait_for_card(p, true) : ERR_OK;
    if (!e)
        e = connect_or_reset(p);
    if (!e && first)
        e = connect_or_reset(p);
    if (e)
        return e;
    LONG result = SCardStatus(p->handle, NULL, &name_len, &state, &protocol, bytes, &len);
    return result == SCARD_S_SUCCESS ? buf_set(atr, span_of(bytes, len)) : failed(p->log, result, "status");
}

static enum err pcsc_transmit(struct card *c, struct span command, struct buf *response)
{
    struct pcsc *p = (struct pcsc *)c;
    BYTE bytes[CARD_RESPONSE_MAX];
    DWORD len = sizeof bytes;
    if (!p->protocol)
        return log_fail(p->log, ERR_IO, "PC/SC", "the card was not reset");
    const SCARD_IO_REQUEST *how = p->protocol == SCARD_PROTOCOL_T1 ? SCARD_PCI_T1 : SCARD_PCI_T0;
    LONG result = SCardTransmit(p->handle, how, command.at, (DWORD)command.len, NULL, bytes, &len);
    return result == SCARD_S_SUCCESS ? buf_set(response, span_of(bytes, len)) : failed(p->log, result, "transmit");
}

static void pcsc_close(struct card *c)
{
    struct pcsc *p = (struct pcsc *)c;
    if (p->protocol)
        SCardDisconnect(p->handle, SCARD_RESET_CARD);
    SCardReleaseContext(p->context);
    free(p->reader);
    free(p);
}

/* `names` is a run of texts, each with its end mark, and an empty one. */
static enum err choose_reader(const struct log *log, const char *names, const char *part, char **out)
{
    for (const char *name = names; *name; name += strlen(name) + 1) {
        if (strstr(name, part)) {
            *out = strdup(name);
            return *out ? ERR_OK : ERR_NOMEM;
        }
        LOG(log, LOG_INFO, "pcsc.reader", F_TEXT("name", name));
    }
    return log_fail(log, ERR_NOT_FOUND, "PC/SC", "no reader has that name");
}

static enum err find_reader(struct pcsc *p, const char *part)
{
    DWORD len = 0;
    LONG result = SCardListReaders(p->context, NULL, NULL, &len);
    if (result == SCARD_E_NO_READERS_AVAILABLE)
        return log_fail(p->log, ERR_NOT_FOUND, "PC/SC", "there is no reader");
    if (result != SCARD_S_SUCCESS)
        return failed(p->log, result, "list readers");
    char *names = calloc(1, len + 1); /* the list may have changed; it never has more than len octets here */
    if (!names)
        return ERR_NOMEM;
    result = SCardListReaders(p->context, NULL, names, &len);
    enum err e = result == SCARD_S_SUCCESS ? choose_reader(p->log, names, part, &p->reader)
                                           : failed(p->log, result, "list readers");
    free(names);
    return e;
}

enum err card_pcsc_open(const struct log *log, const char *reader_name_part, struct card **out)
{
    static const struct card_ops ops = { "pcsc", pcsc_reset, pcsc_transmit, pcsc_close };
    struct pcsc *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    *p = (struct pcsc){ .card = { &ops }, .log = log };
    LONG result = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &p->context);
    if (result != SCARD_S_SUCCESS) {
        free(p);
        return failed(log, result, "reach pcscd");
    }
    enum err e = find_reader(p, reader_name_part);
    if (e) {
        pcsc_close(&p->card);
        return e;
    }
    *out = &p->card;
    return ERR_OK;
}
