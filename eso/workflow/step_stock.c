/* Taking a code and giving it back (orchestration 3). */
#include <string.h>

#include "eso_policy.h"
#include "step.h"

#define CONTRACTS_MAX 16
#define CODES_PER_SWAP_MAX 5

bool step_take_is_needed(const struct work *w)
{
    return !w->swap.present && w->swap.iccid[0] == '\0';
}

static enum err tell_exhausted(const struct work *w, const char *contract)
{
    bool crossed = false;
    enum err e = contract_set_exhausted(&w->flow->store, contract, true, &crossed);
    return e || !crossed ? e : alert_add(&w->flow->store, "stock-exhausted", contract, w->swap.id);
}

/* Once when the stock comes down to its threshold, again after it was above it. */
static enum err tell_low(const struct work *w, const struct contract *c)
{
    bool more = true, crossed = false;
    enum err e = c->low ? stock_has_more(&w->flow->store, c->id, c->low, &more) : ERR_OK;
    if (!e && !more)
        e = contract_set_low(&w->flow->store, c->id, true, &crossed);
    return e || !crossed ? e : alert_add(&w->flow->store, "stock-low", c->id, w->swap.id);
}

static enum err take(struct work *w, const struct contract *c, struct step_result *r)
{
    bool left = false;
    enum err e = stock_take(&w->flow->store, c, w->swap.eid, w->swap.iccid, &left);
    if (e == ERR_NOT_FOUND) {
        e = tell_exhausted(w, c->id);
        return e ? e : step_ends(r, STEP_HOLD, "stock-exhausted", c->id);
    }
    if (!e)
        e = eso_text_set(w->swap.contract, sizeof w->swap.contract, c->id);
    w->swap.round++;
    if (!e)
        e = tell_low(w, c);
    return e || left ? e : tell_exhausted(w, c->id);
}

/* The contract is checked again at the moment the code is taken, in the same transaction. */
enum err step_take_record(struct work *w, struct step_result *r)
{
    struct contract contracts[CONTRACTS_MAX];
    size_t count = 0;
    if (w->swap.round >= CODES_PER_SWAP_MAX)
        return step_ends(r, STEP_FAIL, "codes-refused", "one code after the other was refused");
    enum err e = contracts_of(&w->flow->store, w->swap.target, contracts, COUNT(contracts), &count);
    if (e)
        return e;
    struct policy_decision d = policy_decide_swap(&(struct policy_facts){
        .now = w->now, .device = &w->device, .target = w->swap.target, .contracts = contracts,
        .contract_count = count });
    if (d.verdict != POLICY_ALLOCATE)
        return step_ends(r, STEP_FAIL, d.verdict == POLICY_REFUSE ? d.cause : "profile-present", d.reason);
    return take(w, d.contract, r);
}

bool undo_code_is_needed(const struct work *w)
{
    return !w->swap.present && w->swap.iccid[0] != '\0' && !w->swap.installed;
}

static enum err release(const struct work *w)
{
    bool crossed = false;
    enum err e = stock_move(&w->flow->store, w->swap.iccid, STOCK_AVAILABLE);
    if (!e)
        e = contract_set_exhausted(&w->flow->store, w->swap.contract, false, &crossed);
    if (!e)
        e = stock_came_back(&w->flow->store, &w->contract);
    return e ? e : swap_wake_held(&w->flow->store, w->swap.target, 1);
}

/* A code returns only on proof that it was not consumed; whatever is in doubt is put aside, and so is a code that was
 * refused: the next one is taken then. */
enum err undo_code_record(struct work *w, struct step_result *r)
{
    bool refused = w->swap.ending == SWAP_REQUESTED;
    if (!refused && !w->swap.ordered && !w->swap.transferred)
        return release(w);
    enum err e = stock_move(&w->flow->store, w->swap.iccid, STOCK_QUARANTINED);
    if (!e)
        e = alert_add(&w->flow->store, "code-quarantined", w->swap.iccid, w->swap.id);
    return e ? e : step_ends(r, STEP_DONE, "code-quarantined", w->swap.iccid);
}
