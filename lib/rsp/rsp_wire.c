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
    { RSP_WIRE_JSON_SIGNATURE, RSP_WIRE_SMDP | RSP_WIRE_SMDS | RSP_WIRE_EIM, offsetof(struct rsp_wire, json_signature_bare) },
    { RSP_WIRE_SEGMENT, RSP_WIRE_SMDP, offsetof(struct rsp_wire, segment_1008) },
    { RSP_WIRE_CONFIRMATION_CODE, RSP_WIRE_IPA | RSP_WIRE_EIM, offsetof(struct rsp_wire, code_of_octets) },
};

static bool *form_in(struct rsp_wire *w, const struct form *f)
{
    return (bool *)((uint8_t *)w + f->at);
}

static bool is_other(const struct rsp_wire *w, const struct form *f)
{
    return *(const bool *)((const uint8_t *)w + f->at);
}

void rsp_wire_of_settings(const struct settings *s, enum rsp_wire_writer who, struct rsp_wire *out)
{
    *out = (struct rsp_wire){ 0 };
    for (size_t i = 0; i < COUNT(forms); i++)
        *form_in(out, &forms[i]) = forms[i].writers & who && settings_int(s, forms[i].setting.key);
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
        *form_in(out, &forms[i]) = number != 0;
    }
    return e;
}

enum err rsp_wire_put_settings(const struct rsp_wire *w, enum rsp_wire_writer who, struct buf *out)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < COUNT(forms); i++)
        if (forms[i].writers & who && is_other(w, &forms[i]))
            e = buf_printf(out, "%s: \"%s\"\n", forms[i].setting.key, strchr(forms[i].setting.fallback, '|') + 1);
    return e;
}
