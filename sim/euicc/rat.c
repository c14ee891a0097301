#include "euicc_internal.h"
#include "rsp_es10.h"

bool rat_allows(uint32_t rules)
{
    return !(rules & ~(RSP_PPR1 | RSP_PPR2));
}

/* One rule: PPR1 and PPR2, any operator (mccMnc EEEEEE), no consent needed. */
enum err rat_write(struct buf *out)
{
    struct der_mark rule, operators, any;
    enum err err = der_put_open(out, 0x30, &rule);
    if (!err)
        err = der_put_bits(out, 0x80, RSP_PPR1 | RSP_PPR2);
    if (!err)
        err = der_put_open(out, 0xa1, &operators);
    if (!err)
        err = der_put_open(out, 0x30, &any);
    if (!err)
        err = der_put(out, 0x80, SPAN(0xee, 0xee, 0xee));
    if (!err)
        err = der_put_close(out, any);
    if (!err)
        err = der_put_close(out, operators);
    if (!err)
        err = der_put_bits(out, 0x82, 0);
    return err ? err : der_put_close(out, rule);
}

enum err isdr_get_rat(struct euicc *e, struct span request, struct buf *response)
{
    struct der_mark outer, list;
    (void)e; /* the table is the same on every card */
    enum err err = rsp_empty_read(0xbf43, request);
    if (!err)
        err = der_put_open(response, 0xbf43, &outer);
    if (!err)
        err = der_put_open(response, 0xa0, &list);
    if (!err)
        err = rat_write(response);
    if (!err)
        err = der_put_close(response, list);
    return err ? err : der_put_close(response, outer);
}
