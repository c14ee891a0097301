#include "rsp_wire.h"

#include <stddef.h>
#include <string.h>

#include "program.h"

#define PREFIX 5 /* "wire-" */

static const struct form {
    struct setting setting;
    unsigned writers;
    size_t at;
} forms[] = {
    { RSP_WIRE_REFRESH_FLAG, RSP_WIRE_IPA, offsetof(struct rsp_wire, refresh_flag_01) },
    { RSP_WIRE_ROLLBACK_FLAG, RSP_WIRE_EIM, offsetof(struct rsp_wire, rollback_flag_81) },
    { RSP_WIRE_PACKAGE_RESULT, RSP_WIRE_CARD, offsetof(struct rsp_wire, package_result_30) },
    { RSP_WIRE_EIM_LIST, RSP_WIRE_CARD, offsetof(struct rsp_wire, eim_list_30) },
    { RSP_WIRE_EIM_KEY, RSP_WIRE_CARD | RSP_WIRE_EIM, offsetof(struct rsp_wire, eim_key_30) },
    { RSP_WIRE_ESIPA_PROTOCOL, RSP_WIRE_IPA | RSP_WIRE_EIM, offsetof(struct rsp_wire, esipa_protocol) },
    { RSP_WIRE_ES9_PROTOCOL, RSP_WIRE_IPA | RSP_WIRE_EIM, offsetof(struct rsp_wire, es9_protocol) },
    { RSP_WIRE_JSON_SIGNATURE, RSP_WIRE_SMDP | RSP_WIRE_SMDS | RSP_WIRE_EIM, offsetof(struct rsp_wire, json_signature_bare) },
    { RSP_WIRE_SEGMENT, RSP_WIRE_SMDP, offsetof(struct rsp_wire, segment_1008) },
    { RSP_WIRE_CONFIRMATION_CODE, RSP_WIRE_IPA | RSP_WIRE_EIM, offsetof(struct rsp_wire, code_of_octets) },
};

_Static_assert(sizeof(bool) == 1, "each form is one octet: the number of its word");

static void choose(struct rsp_wire *w, const struct form *f, int64_t number)
{
    ((uint8_t *)w)[f->at] = (uint8_t)number;
}

static unsigned chosen(const struct rsp_wire *w, const struct form *f)
{
    return ((const uint8_t *)w)[f->at];
}

static struct span word(const char *choices, unsigned number)
{
    for (; number; number--)
        choices = strchr(choices, '|') + 1;
    return span_of(choices, strcspn(choices, "|"));
}

void rsp_wire_of_settings(const struct settings *s, enum rsp_wire_writer who, struct rsp_wire *out)
{
    *out = (struct rsp_wire){ 0 };
    for (size_t i = 0; i < COUNT(forms); i++)
        if (forms[i].writers & who)
            choose(out, &forms[i], settings_int(s, forms[i].setting.key));
}

enum err rsp_wire_of_yaml(const struct yaml *y, const struct yaml_node *map, struct rsp_wire *out,
                          struct yaml_error *error)
{
    const char *known[COUNT(forms) + 1] = { 0 };
    *out = (struct rsp_wire){ 0 };
    for (size_t i = 0; i < COUNT(forms); i++)
        known[i] = forms[i].setting.key + PREFIX;
    enum err e = map ? yaml_only_keys(y, map, known, error) : ERR_OK;
    for (size_t i = 0; map && !e && i < COUNT(forms); i++) {
        const struct yaml_node *n = yaml_get(map, known[i]);
        int64_t number = 0;
        e = n ? yaml_choice(y, n, forms[i].setting.fallback, &number, error) : ERR_OK;
        choose(out, &forms[i], number);
    }
    return e;
}

enum err rsp_wire_put_settings(const struct rsp_wire *w, enum rsp_wire_writer who, struct buf *out)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < COUNT(forms); i++)
        if (forms[i].writers & who && chosen(w, &forms[i])) {
            struct span text = word(forms[i].setting.fallback, chosen(w, &forms[i]));
            e = buf_printf(out, "%s: \"%.*s\"\n", forms[i].setting.key, (int)text.len, (const char *)text.at);
        }
    return e;
}

/* In the order of their settings' words. */
const char *rsp_wire_esipa_protocol(const struct rsp_wire *w)
{
    static const char *const headers[] = { NULL, "gsma/rsp/v1.0.0", "gsma/rsp/v1.2.0", "gsma/rsp/v1.3.0",
                                           "gsma/rsp/v2.1.0", "gsma/rsp/v2.4.0", "gsma/rsp/v2.5.0" };
    return w->esipa_protocol < COUNT(headers) ? headers[w->esipa_protocol] : NULL;
}

const char *rsp_wire_es9_protocol(const struct rsp_wire *w)
{
    static const char *const headers[] = { NULL, "gsma/rsp/v1.0.0", "gsma/rsp/v1.3.0", "gsma/rsp/v2.1.0",
                                           "gsma/rsp/v2.2.2", "gsma/rsp/v2.3.0", "gsma/rsp/v2.4.0", "gsma/rsp/v2.6.0" };
    return w->es9_protocol < COUNT(headers) ? headers[w->es9_protocol] : NULL;
}
