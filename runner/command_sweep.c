#include <stdio.h>
#include <string.h>

#include "command_scenarios.h"
#include "sweep.h"

#define SEED 1

static void tell(void *context, const struct sweep_point *p)
{
    const bool *verbose = context;
    if (p->outcome == SWEEP_PASSED && !*verbose)
        return;
    printf("%-6s %4u  %.100s\n", sweep_outcome_name(p->outcome), p->n, p->where);
    if (p->why[0])
        printf("             %s\n", p->why);
}

static int sweep_moment_of(const char *word, enum sweep_moment *out)
{
    for (size_t i = 0; sweep_moments()[i]; i++)
        if (strcmp(sweep_moments()[i], word) == 0) {
            *out = (enum sweep_moment)i;
            return 0;
        }
    return command_refuse_word("sweep", "moment", word, sweep_moments());
}

static int sweep_one(struct sweep *s, bool verbose)
{
    struct sweep_result result;
    char why[400] = "";
    printf("%s: %s killed at each %s\n", s->scenario->id, s->part, sweep_moment_name(s->moment));
    if (sweep_run(s, tell, &verbose, &result, why))
        return command_refuse("sweep", "%s", why);
    printf("%u points: %u passed, %u ended safely, %u broken\n", result.points, result.passed, result.safe,
           result.broken);
    return result.broken ? 1 : 0;
}

int command_sweep(int argc, char **argv)
{
    const char *part = "eso", *moment = "call";
    int64_t seed = SEED, first = 1, every = 1;
    bool verbose = false;
    struct command_words words = { 0 };
    struct scenario *scenario = NULL;
    const struct command_option options[] = {
        { "--part", OPTION_TEXT, &part },     { "--at", OPTION_TEXT, &moment },   { "--seed", OPTION_NUMBER, &seed },
        { "--first", OPTION_NUMBER, &first }, { "--every", OPTION_NUMBER, &every }, { "--verbose", OPTION_FLAG, &verbose },
    };
    struct sweep s = { 0 };
    int status = command_read(options, COUNT(options), argc, argv, &words);
    if (!status && words.count != 1)
        status = command_refuse("sweep", "one scenario is wanted, for example swap/01");
    if (!status && (first > 1000000 || every > 1000000))
        status = command_refuse("sweep", "--first and --every go up to 1000000");
    if (!status)
        status = sweep_moment_of(moment, &s.moment);
    if (!status)
        status = scenario_open("sweep", words.at[0], &scenario);
    if (status)
        return status;
    s.scenario = scenario;
    s.part = part;
    s.seed = (uint64_t)seed;
    s.first = (unsigned)first;
    s.every = (unsigned)every;
    status = sweep_one(&s, verbose);
    scenario_free(scenario);
    return status;
}
