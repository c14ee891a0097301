/* What the card holds, for whoever looks after the device. */
#include "ipa_internal.h"
#include "json.h"
#include "rsp_ids.h"

static json_t *profile_json(const struct rsp_profile_info *p)
{
    char iccid[21];
    if (rsp_iccid_text(p->iccid, iccid))
        return NULL;
    return json_pack("{s:s, s:b, s:b}", "iccid", iccid, "enabled",
                     p->state.present && p->state.value == RSP_PROFILE_ENABLED, "fallback", p->fallback_attribute);
}

static enum err put_profiles(struct span list, json_t *out)
{
    struct der d = der_open(list);
    struct rsp_profile_info p;
    enum err e = ERR_OK;
    while (!e && !der_at_end(&d)) {
        e = rsp_profile_info_next(&d, &p);
        json_t *profile = e ? NULL : profile_json(&p);
        if (!e && (!profile || json_array_append_new(out, profile)))
            e = ERR_PARSE;
    }
    return e;
}

/* On a logical channel of its own, so that the IPA's session with the ISD-R is not disturbed. */
enum err ipa_profiles(struct ipa *i, json_t **out)
{
    struct es10_card card = { .env = i->env, .card = i->card.card };
    struct es10b_profiles_info info = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct buf fci = { .max = 512 };
    uint16_t sw = 0;
    json_t *list = json_array();
    enum err e = list ? apdu_open_isd_r(card.card, &card.channel, &fci, &sw) : ERR_NOMEM;
    if (!e) {
        e = es10b_get_profiles_info(&card, NULL, &info);
        if (!e)
            e = put_profiles(info.message.list, list);
        enum err closed = apdu_close_channel(card.card, card.channel);
        e = e ? e : closed;
    }
    buf_release(&info.received);
    buf_release(&fci);
    if (e)
        json_decref(list);
    else
        *out = list;
    return e;
}
