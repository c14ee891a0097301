#include "smds_tests.h"

static const struct test tests[] = {
    { "events are registered and deleted", smds_es12_rows },
    { "only an SM-DP+ under its own name registers events", smds_es12_callers },
    { "events registered and deleted, killed at any write and tried again", smds_es12_killed },
    { "administration needs an administrator and shows no eventId", smds_administration },
    { "what an eUICC finds", smds_discoveries },
    { "each flaw of an eUICC gets its own refusal, in both bindings", smds_card_refusals },
    { "each flaw of an opening gets its own refusal, in both bindings", smds_initiate_refusals },
    { "a discovery killed at any write and tried again", smds_discovery_killed },
    { "sessions that nobody goes on with are forgotten", smds_sessions_age },
    { "an answer lists what fits, the oldest first", smds_lists_what_fits },
};

int main(void)
{
    return tests_main("smds", tests, COUNT(tests));
}
