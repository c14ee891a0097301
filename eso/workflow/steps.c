#include "step.h"

#include <stdio.h>
#include <string.h>

/* Orchestration 2, in order. */
const struct step swap_steps[] = {
    { "take-code", STEP_OURS, SWAP_REQUESTED, PATIENCE_HOLD, step_take_is_needed, NULL, step_take_record },
    { "transfer", STEP_PLATFORM, SWAP_REQUESTED, PATIENCE_CALL, step_transfer_is_needed, step_transfer, NULL },
    { "prepare-platform", STEP_PLATFORM, SWAP_ALLOCATED, PATIENCE_CALL, step_platform_is_needed, step_prepare, NULL },
    { "order", STEP_SMDP, SWAP_REQUESTED, PATIENCE_CALL, step_order_is_needed, step_order, NULL },
    { "confirm-order", STEP_SMDP, SWAP_ORDERED, PATIENCE_CALL, step_order_is_needed, step_confirm_order,
      step_confirm_order_record },
    { "download", STEP_EIM, SWAP_DOWNLOADED, PATIENCE_DEVICE, step_download_is_needed, step_download,
      step_download_record },
    { "set-fallback", STEP_EIM, SWAP_FALLBACK_SET, PATIENCE_DEVICE, step_fallback_is_needed, step_fallback,
      step_fallback_record },
    { "enable", STEP_EIM, SWAP_ENABLED, PATIENCE_DEVICE, NULL, step_enable, step_enable_record },
    { "confirm", STEP_PLATFORM, SWAP_CONFIRMED, PATIENCE_CONFIRM, step_platform_is_needed, step_confirm, NULL },
    { "bill", STEP_PLATFORM, SWAP_BILLING_SET, PATIENCE_BILL, step_platform_is_needed, step_bill, NULL },
    { "close", STEP_OURS, SWAP_DONE, PATIENCE_CALL, NULL, NULL, NULL },
};
const size_t swap_step_count = COUNT(swap_steps);

/* What a swap that ends early leaves behind is cleaned in this order. */
const struct step undo_steps[] = {
    { "undo-order", STEP_SMDP, SWAP_REQUESTED, PATIENCE_CALL, undo_order_is_needed, undo_order, NULL },
    { "undo-transfer", STEP_PLATFORM, SWAP_REQUESTED, PATIENCE_CALL, undo_transfer_is_needed, undo_transfer, NULL },
    { "undo-platform", STEP_PLATFORM, SWAP_REQUESTED, PATIENCE_CALL, undo_platform_is_needed, undo_platform, NULL },
    { "settle-code", STEP_OURS, SWAP_REQUESTED, PATIENCE_CALL, undo_code_is_needed, NULL, undo_code_record },
    { "end", STEP_OURS, SWAP_REQUESTED, PATIENCE_CALL, NULL, NULL, NULL },
};
const size_t undo_step_count = COUNT(undo_steps);

size_t step_index(const struct step *table, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count - 1 && strcmp(table[i].name, name) != 0)
        i++;
    return i;
}

enum err step_done(struct step_result *r)
{
    *r = (struct step_result){ .outcome = STEP_DONE, .cause = "" };
    return ERR_OK;
}

enum err step_ends(struct step_result *r, enum step_outcome outcome, const char *cause, const char *detail)
{
    *r = (struct step_result){ .outcome = outcome, .cause = cause };
    snprintf(r->detail, sizeof r->detail, "%s", detail ? detail : "");
    return ERR_OK;
}

const struct step_causes causes_platform = { "platform-refused", "platform-unreachable", "platform-certificate",
                                             "platform-unknown" };
const struct step_causes causes_smdp = { "order-refused", "smdp-unreachable", "smdp-certificate", "smdp-unknown" };
const struct step_causes causes_eim = { "eim-refused", "eim-unreachable", "eim-certificate", "eim-unknown" };

/* A certificate that does not verify rarely mends itself; it gets a few chances. */
#define CERTIFICATE_ATTEMPTS 4

enum err step_take_answer(const struct work *w, const struct port_result *p, const struct step_causes *causes,
                          struct step_result *r)
{
    char detail[161];
    port_describe(p, detail, sizeof detail);
    switch (p->answer) {
    case PORT_DONE:
        return step_done(r);
    case PORT_REFUSED:
    case PORT_NOT_FOUND:
        return step_ends(r, STEP_FAIL, causes->refused, detail);
    case PORT_CERTIFICATE:
        return step_ends(r, w->swap.attempt < CERTIFICATE_ATTEMPTS ? STEP_RETRY : STEP_FAIL, causes->certificate,
                         detail);
    case PORT_BUSY:
    case PORT_UNREACHED:
        return step_ends(r, STEP_RETRY, causes->unreached, detail);
    case PORT_UNKNOWN:
        return step_ends(r, STEP_RETRY, causes->unknown, detail);
    }
    return ERR_STATE;
}

void step_reference(const struct work *w, const char *step, char out[96])
{
    snprintf(out, 96, "%s.%s.%lld", w->swap.id, step, (long long)w->swap.round);
}
