/* sgp32lab new: a scenario to begin with. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "span.h"

/* Plays as it is: the first swap, with a comment where people change things. */
static const char template[] =
    "scenario: %s\n"
    "# What it shows of the catalogue of situations and of the requirements.\n"
    "plays: {catalogue: [1], requirements: [R1]}\n"
    "# Leave `wirings` out to play everywhere: wirings: {only: [direct], because: …}\n"
    "world:\n"
    "  carriers:\n"
    "    lead:    {country: DE, plmn: 26201, platform: control-center, roams-in: [KE]}\n"
    "    partner: {country: KE, plmn: 63902, platform: control-center}\n"
    "  contracts:\n"
    "    kenya: {with: partner, model: handover, quota: 10, rate-plan: iot-1mb}\n"
    "  stock: {kenya: 2}\n"
    "  devices:\n"
    "    # Several: meter: {count: 5, …}, then meter-1 … meter-5.\n"
    "    meter: {starts-on: lead, fallback: lead, in: KE}\n"
    "steps:\n"
    "  - name: The meter is online with its lead profile\n"
    "    within: 2 min\n"
    "    expect:\n"
    "      - network: {meter: lead}\n"
    "  # Verbs: swap, coverage, move, power, break, restart, stock, wait; sgp32lab explain swap tells how.\n"
    "  - name: It is moved to the partner\n"
    "    do: {swap: {device: meter, to: partner}}\n"
    "    within: 15 min\n"
    "    expect:\n"
    "      - swap: {meter: DONE}\n"
    "      - card: {meter: {enabled: partner, fallback: lead, profiles: 2}}\n"
    "      - network: {meter: partner}\n"
    "      - agree: all\n";

int command_new(int argc, char **argv)
{
    struct command_words words = { 0 };
    int status = command_read(NULL, 0, argc, argv, &words);
    if (status)
        return status;
    if (words.count != 1 || strlen(words.at[0]) > 100 || strpbrk(words.at[0], ":#\n\"'{}[]"))
        return command_refuse("new", "one name, without signs that YAML reads: sgp32lab new my-first");
    printf(template, words.at[0]);
    return ferror(stdout) ? 1 : 0;
}
