/* What happens at the target carrier's platform. Its calls know no idempotency key: each write is preceded by a read. */
#include <stdio.h>
#include <string.h>

#include "step.h"

bool step_platform_is_needed(const struct work *w)
{
    return w->platform->has_interface;
}

bool step_transfer_is_needed(const struct work *w)
{
    return !w->swap.present && w->platform->has_interface && w->target.transfer_url[0] != '\0';
}

/* Is the SIM in the enterprise's account? Only PORT_DONE leaves *there telling. */
static enum err ask_account(struct work *w, struct port_result *p, bool *there)
{
    struct platform_sim sim = { .status = "" };
    enum err e = w->platform->read(&w->flow->port, &w->target, w->swap.iccid, &sim, p);
    *there = !e && p->answer == PORT_DONE && strcmp(sim.account, w->target.account) == 0;
    return e;
}

static enum err judge_transfer(struct work *w, const struct port_result *p, struct step_result *r)
{
    enum err e = step_take_answer(w, p, &causes_platform, r);
    if (port_changed_nothing(p->answer))
        w->swap.transferred = false;
    if (r->outcome == STEP_FAIL && p->answer != PORT_CERTIFICATE)
        r->cause = strcmp(p->code, "inventory-empty") == 0 ? "inventory-empty" : "transfer-refused";
    return e;
}

/* R36. The flag is up before the call: if we die here, or no answer comes, the transfer may stand. */
enum err step_transfer(struct work *w, struct step_result *r)
{
    char reference[96];
    struct port_result p;
    bool there = false;
    w->swap.transferred = true;
    enum err e = work_is_repeat(w) ? ask_account(w, &p, &there) : ERR_OK;
    if (e || there)
        return e ? e : step_done(r);
    if (work_is_repeat(w) && p.answer != PORT_DONE && p.answer != PORT_NOT_FOUND)
        return step_take_answer(w, &p, &causes_platform, r);
    step_reference(w, "transfer", reference);
    e = w->platform->transfer(&w->flow->port, &w->target, w->swap.iccid, reference, &w->contract, &p);
    return e ? e : judge_transfer(w, &p, r);
}

static bool differs(const char *wanted, const char *found)
{
    return wanted[0] != '\0' && strcmp(wanted, found) != 0;
}

static void keep_if_differs(char *at, size_t size, const char *wanted, const char *found)
{
    snprintf(at, size, "%s", differs(wanted, found) ? wanted : "");
}

/* What must change so that the SIM has service and is not billed (orchestration 2). A present profile keeps its plans, and
 * its status where that serves. */
static bool find_preparation(const struct work *w, const struct platform_sim *found, struct platform_sim *to)
{
    bool keeps = w->swap.present ? w->platform->serves(found->status)
                                 : strcmp(found->status, w->platform->status_service) == 0;
    const char *status = keeps ? found->status : w->platform->status_service;
    *to = (struct platform_sim){ .status = "" };
    keep_if_differs(to->status, sizeof to->status, status, found->status);
    if (!w->swap.present) {
        keep_if_differs(to->rate_plan, sizeof to->rate_plan, w->contract.rate_plan, found->rate_plan);
        keep_if_differs(to->communication_plan, sizeof to->communication_plan, w->contract.communication_plan,
                        found->communication_plan);
    }
    return to->status[0] || to->rate_plan[0] || to->communication_plan[0];
}

enum err step_prepare(struct work *w, struct step_result *r)
{
    struct port_result p;
    struct platform_sim found = { .status = "" }, to;
    enum err e = w->platform->read(&w->flow->port, &w->target, w->swap.iccid, &found, &p);
    if (e || p.answer != PORT_DONE)
        return e ? e : step_take_answer(w, &p, &causes_platform, r);
    if (w->swap.status_before[0] == '\0')
        memcpy(w->swap.status_before, found.status, sizeof found.status);
    if (!find_preparation(w, &found, &to))
        return step_done(r);
    e = w->platform->set(&w->flow->port, &w->target, w->swap.iccid, &to, &p);
    return e ? e : step_take_answer(w, &p, &causes_platform, r);
}

#define SESSION_PRECISION CLOCK_SECOND /* platforms tell whole seconds */

/* R39: attached at the target since enabling was ordered, or it is not confirmed. */
enum err step_confirm(struct work *w, struct step_result *r)
{
    struct port_result p;
    int64_t started = 0;
    enum err e = w->platform->session(&w->flow->port, &w->target, w->swap.iccid, &started, &p);
    if (e || p.answer != PORT_DONE)
        return e ? e : step_take_answer(w, &p, &causes_platform, r);
    if (started && started >= w->swap.enable_at - w->swap.enable_at % SESSION_PRECISION)
        return step_done(r);
    return step_ends(r, STEP_WAIT, "not-confirmed", "no session at the target's platform since enabling");
}

static enum err bring_status(struct work *w, const char *status, struct step_result *r)
{
    struct port_result p;
    struct platform_sim found = { .status = "" }, to = { .status = "" };
    enum err e = w->platform->read(&w->flow->port, &w->target, w->swap.iccid, &found, &p);
    if (e || p.answer != PORT_DONE)
        return e ? e : step_take_answer(w, &p, &causes_platform, r);
    if (strcmp(found.status, status) == 0)
        return step_done(r);
    snprintf(to.status, sizeof to.status, "%s", status);
    e = w->platform->set(&w->flow->port, &w->target, w->swap.iccid, &to, &p);
    return e ? e : step_take_answer(w, &p, &causes_platform, r);
}

/* R47: billable at once. R49: nothing is said to the original carrier. */
enum err step_bill(struct work *w, struct step_result *r)
{
    return bring_status(w, w->platform->status_billed, r);
}

bool undo_transfer_is_needed(const struct work *w)
{
    return w->swap.transferred && !w->swap.installed && w->platform->has_interface;
}

/* A transfer that the platform does not know never happened. */
enum err undo_transfer(struct work *w, struct step_result *r)
{
    char reference[96];
    struct port_result p;
    step_reference(w, "transfer", reference);
    enum err e = w->platform->reverse(&w->flow->port, &w->target, reference, &p);
    if (e)
        return e;
    if (p.answer == PORT_NOT_FOUND)
        p.answer = PORT_DONE;
    if (p.answer == PORT_DONE)
        w->swap.transferred = false;
    return step_take_answer(w, &p, &causes_platform, r);
}

bool undo_platform_is_needed(const struct work *w)
{
    return w->platform->has_interface && w->swap.status_before[0] != '\0' &&
           (w->swap.present || w->swap.installed);
}

/* A swap that failed leaves the target as it was, or serving and not billed. */
enum err undo_platform(struct work *w, struct step_result *r)
{
    return bring_status(w, w->swap.present ? w->swap.status_before : w->platform->status_service, r);
}
