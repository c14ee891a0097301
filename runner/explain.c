/* A message in words: DER as the specification names it, JSON indented with its DER members opened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "rsp_schema.h"
#include "trace.h"

/* Members of the JSON bindings that carry DER, and what it is. */
static const struct {
    const char *member;
    const char *pdu; /* ASN.1 name; NULL: guess */
} der_members[] = {
    { "euiccInfo1", "EUICCInfo1" }, { "serverSigned1", "ServerSigned1" },
    { "authenticateServerResponse", "AuthenticateServerResponse" }, { "profileMetadata", NULL },
    { "smdpSigned2", "SmdpSigned2" }, { "prepareDownloadResponse", "PrepareDownloadResponse" },
    { "boundProfilePackage", "BoundProfilePackage" }, { "pendingNotification", "PendingNotification" },
    { "cancelSessionResponse", "CancelSessionResponse" },
};

static enum err print_der(const char *pdu_name, struct span bytes, struct buf *text)
{
    enum rsp_pdu pdu, other;
    struct span unknown;
    enum err e = pdu_name ? rsp_pdu_by_name(pdu_name, &pdu) : ERR_NOT_FOUND;
    if (e)
        e = rsp_pdu_guess(bytes, &pdu);
    else if (rsp_find_unknown(pdu, bytes, &unknown) && rsp_pdu_guess(bytes, &other) == ERR_OK)
        pdu = other; /* SGP.32 gave the message members that the name's has not */
    if (!e)
        e = rsp_print(pdu, bytes, text);
    return e == ERR_NOT_FOUND || e == ERR_PARSE ? hex_put(text, bytes) : e;
}

static enum err print_member(const json_t *o, const char *member, const char *pdu, struct buf *text)
{
    struct buf bytes = { .max = HTTP_BODY_MAX };
    enum err e = json_base64(o, member, &bytes);
    if (e == ERR_NOT_FOUND || e == ERR_PARSE)
        e = ERR_OK;
    else if (!e) {
        e = buf_printf(text, "\n%s\n", member);
        if (!e)
            e = print_der(pdu, buf_span(&bytes), text);
        if (!e)
            e = buf_put_u8(text, '\n');
    }
    buf_release(&bytes);
    return e;
}

static enum err print_json(struct span body, struct buf *text)
{
    char why[160];
    json_t *o = NULL;
    if (json_read(body, &o, why))
        return buf_put(text, body);
    char *pretty = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    enum err e = pretty ? buf_printf(text, "%s\n", pretty) : ERR_NOMEM;
    free(pretty);
    for (size_t i = 0; !e && i < COUNT(der_members); i++)
        e = print_member(o, der_members[i].member, der_members[i].pdu, text);
    json_decref(o);
    return e;
}

/* A few tags mean one thing in a request and another in its answer: the name decides. */
static const char *pdu_of(const struct trace_message *m)
{
    static const struct {
        const char *via, *name, *pdu;
    } known[] = {
        { "ESipa", "GetEimPackageRequest", "GetEimPackageRequest" },
        { "ESipa", "GetEimPackageResponse", "GetEimPackageResponse" },
        { "ESipa", "ProvideEimPackageResult", "ProvideEimPackageResult" },
        { "ESipa", "ProvideEimPackageResultResponse", "ProvideEimPackageResultResponse" },
        { "ES10", "EuiccPackageRequest", "EuiccPackageRequest" },
        { "ES10", "EuiccPackageResult", "EuiccPackageResult" },
        { "ES10", "ProfileInfoListRequest", "ProfileInfoListRequest" },
        { "ES10", "ProfileInfoListResponse", "ProfileInfoListResponse" },
    };
    for (size_t i = 0; i < COUNT(known); i++)
        if (strcmp(known[i].via, m->via) == 0 && strcmp(known[i].name, m->name) == 0)
            return known[i].pdu;
    return m->name;
}

enum err trace_explain(const struct trace_message *m, struct buf *text)
{
    struct span body = buf_span(&m->body);
    enum err e = buf_printf(text, "%s\n", m->line);
    if (e || !body.len)
        return e;
    switch (m->kind) {
    case TRACE_DER:
        return print_der(pdu_of(m), body, text);
    case TRACE_JSON:
        return print_json(body, text);
    case TRACE_TEXT:
        return buf_put(text, body);
    default:
        return hex_put(text, body);
    }
}
