#include "rsp_types.h"

static const struct rsp_field key_data[] = {
    RSP_F(VALUE, 0xA0, key_data, public_key),
    RSP_F(VALUE, 0xA1, key_data, certificate),
};
static const struct rsp_type type_key_data = RSP_CHOICE(0, RSP_NO_PDU, key_data, key_data);

static const struct rsp_field eim_configuration[] = {
    RSP_F(VALUE, 0x80, eim_configuration, eim_id),
    RSP_O(VALUE, 0x81, eim_configuration, eim_fqdn),
    RSP_O(INTEGER, 0x82, eim_configuration, eim_id_type),
    RSP_O(INTEGER, 0x83, eim_configuration, counter),
    RSP_O(INTEGER, 0x84, eim_configuration, association_token),
    RSP_SO(0xA5, eim_configuration, public_key_data, has_public_key_data, type_key_data),
    RSP_SO(0xA6, eim_configuration, trusted_tls, has_trusted_tls, type_key_data),
    RSP_O(BITS, 0x87, eim_configuration, supported_protocol),
    RSP_O(VALUE, 0x88, eim_configuration, ci_pkid),
    RSP_F(NULL, 0x89, eim_configuration, indirect_profile_download),
    RSP_O(VALUE, 0xAA, eim_configuration, proprietary),
};
const struct rsp_type rsp_type_eim_configuration_members = RSP_SEQUENCE(0x30, RSP_NO_PDU, eim_configuration);
static const struct rsp_type type_eim_configuration =
    RSP_KEPT(0x30, RSP_P(EIM_CONFIGURATION_DATA), eim_configuration, whole, eim_configuration);
RSP_DEFINE(eim_configuration, type_eim_configuration)
RSP_DEFINE_ITEM(eim_configuration, type_eim_configuration)

/* Puts the 30 before a key or a certificate, into `room`, or takes it away. */
static enum err set_form(bool with_30, struct rsp_key_data *k, struct buf *room)
{
    struct span *value = k->which == RSP_KEY_DATA_CERTIFICATE ? &k->certificate : &k->public_key;
    struct der_tlv whole;
    bool has_30 = !der_only(*value, 0x30, &whole);
    if (has_30 == with_30 || !value->at)
        return ERR_OK;
    enum err e = with_30 ? der_put(room, 0x30, *value) : ERR_OK;
    *value = with_30 ? buf_span(room) : whole.value;
    return e;
}

enum err rsp_eim_configuration_form(const struct rsp_wire *wire, struct rsp_eim_configuration *c, struct rsp_key_room *room)
{
    *room = (struct rsp_key_room){ { .max = 8192 }, { .max = 8192 } };
    enum err e = c->has_public_key_data ? set_form(wire->eim_key_30, &c->public_key_data, &room->key) : ERR_OK;
    return e || !c->has_trusted_tls ? e : set_form(wire->eim_key_30, &c->trusted_tls, &room->tls);
}

void rsp_key_room_release(struct rsp_key_room *room)
{
    buf_release(&room->key);
    buf_release(&room->tls);
}

enum err rsp_eim_configuration_write_as(const struct rsp_wire *wire, const struct rsp_eim_configuration *c,
                                        struct buf *out)
{
    struct rsp_eim_configuration formed = *c;
    struct rsp_key_room room;
    enum err e = rsp_eim_configuration_form(wire, &formed, &room);
    if (!e)
        e = rsp_eim_configuration_write(&formed, out);
    rsp_key_room_release(&room);
    return e;
}

static const struct rsp_field add_initial_eim_request[] = {
    RSP_F(VALUE, 0xA0, add_initial_eim_request, list),
};
static const struct rsp_type type_add_initial_eim_request =
    RSP_SEQUENCE(0xBF57, RSP_P(ADD_INITIAL_EIM_REQUEST), add_initial_eim_request);
RSP_DEFINE(add_initial_eim_request, type_add_initial_eim_request)

static const struct rsp_field initial_eim_result[] = {
    RSP_F(INTEGER, 0x84, initial_eim_result, token),
    RSP_F(NULL, 0x05, initial_eim_result, ok),
};
static const struct rsp_type type_initial_eim_result =
    RSP_CHOICE(0, RSP_NO_PDU, initial_eim_result, initial_eim_result);
RSP_DEFINE(initial_eim_result, type_initial_eim_result)
RSP_DEFINE_ITEM(initial_eim_result, type_initial_eim_result)

static const struct rsp_field add_initial_eim_response[] = {
    RSP_F(VALUE, 0xA0, add_initial_eim_response, list),
    RSP_F(INTEGER, 0x81, add_initial_eim_response, error),
};
static const struct rsp_type type_add_initial_eim_response =
    RSP_CHOICE(0xBF57, RSP_P(ADD_INITIAL_EIM_RESPONSE), add_initial_eim_response, add_initial_eim_response);
RSP_DEFINE(add_initial_eim_response, type_add_initial_eim_response)

static const struct rsp_field eim_search[] = { RSP_F(VALUE, 0x80, get_eim_configuration_request, eim_id) };
static const struct rsp_type type_eim_search = RSP_SEQUENCE(0xA0, RSP_NO_PDU, eim_search);
static const struct rsp_field get_eim_configuration_request[] = {
    { .tag = 0xA0,
      .kind = RSP_STRUCT,
      .optional = true,
      .type = &type_eim_search,
      .has = RSP_AT(get_eim_configuration_request, has_search) },
};
static const struct rsp_type type_get_eim_configuration_request =
    RSP_SEQUENCE(0xBF55, RSP_P(GET_EIM_CONFIGURATION_DATA_REQUEST), get_eim_configuration_request);
RSP_DEFINE(get_eim_configuration_request, type_get_eim_configuration_request)

static const struct rsp_field get_eim_configuration_response[] = {
    RSP_F(VALUE, 0xA0, get_eim_configuration_response, list),
};
static const struct rsp_type type_get_eim_configuration_response =
    RSP_SEQUENCE(0xBF55, RSP_P(GET_EIM_CONFIGURATION_DATA_RESPONSE), get_eim_configuration_response);
RSP_DEFINE(get_eim_configuration_response, type_get_eim_configuration_response)

struct span rsp_oid_p256(void)
{
    static const uint8_t oid[] = { 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
    return SPAN_ARRAY(oid);
}

struct span rsp_oid_brainpool_p256r1(void)
{
    static const uint8_t oid[] = { 0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07 };
    return SPAN_ARRAY(oid);
}

/* The contents of SubjectPublicKeyInfo, whether or not the sender kept its 30. */
static enum err spki_contents(const struct rsp_key_data *k, struct span *out)
{
    struct der_tlv t;
    if (k->which != RSP_KEY_DATA_PUBLIC_KEY)
        return ERR_STATE;
    *out = k->public_key;
    if (!der_only(k->public_key, 0x30, &t))
        *out = t.value;
    return ERR_OK;
}

enum err rsp_key_data_put_spki(const struct rsp_key_data *k, struct buf *out)
{
    struct span contents;
    enum err e = spki_contents(k, &contents);
    return e ? e : der_put(out, 0x30, contents);
}

enum err rsp_key_data_point(const struct rsp_key_data *k, struct span *curve_oid, struct span *point)
{
    struct span contents;
    struct der_tlv algorithm, ec, curve, key;
    enum err e = spki_contents(k, &contents);
    if (e)
        return e;
    struct der d = der_open(contents);
    e = der_expect(&d, 0x30, &algorithm);
    if (!e)
        e = der_expect(&d, 0x03, &key);
    struct der a = der_open(e ? (struct span){ 0 } : algorithm.value);
    if (!e)
        e = der_expect(&a, 0x06, &ec);
    if (!e)
        e = der_expect(&a, 0x06, &curve);
    if (e || key.value.len != 66 || key.value.at[0] != 0 || key.value.at[1] != 4)
        return ERR_PARSE;
    *curve_oid = curve.value;
    *point = span_sub(key.value, 1, 65);
    return ERR_OK;
}

enum err rsp_put_spki_contents(struct span curve_oid, struct span point, struct buf *out)
{
    struct der_mark algorithm, key;
    enum err e = der_put_open(out, 0x30, &algorithm);
    if (!e)
        e = der_put_oid(out, 0x06, "1.2.840.10045.2.1");
    if (!e)
        e = der_put(out, 0x06, curve_oid);
    if (!e)
        e = der_put_close(out, algorithm);
    if (!e)
        e = der_put_open(out, 0x03, &key);
    if (!e)
        e = buf_put_u8(out, 0);
    if (!e)
        e = buf_put(out, point);
    return e ? e : der_put_close(out, key);
}
