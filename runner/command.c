#include "command.h"

#include <stdio.h>
#include <string.h>

#include "certs.h"

#define COMMANDS_MAX 32

static int certs(int argc, char **argv)
{
    return certs_command(argc - 1, argv + 1);
}

static const struct command table[] = {
    { "run", "play scenarios and judge them",
      "usage: sgp32lab run [SCENARIO]... [OPTION]...\n"
      "\n"
      "SCENARIO is a file, a folder, or the beginning of an id: swap, swap/01. Default: every one there is.\n"
      "  --wiring direct|loopback|all|process  functions and a seeded world, real TLS on 127.0.0.1, default both; or each\n"
      "                           actor a program of its own on the real clock, at twenty times the pace\n"
      "  --seed N                 keys, numbers and order of a world; default 1\n"
      "  --break MESSAGE=HOW      change a message once: ES9+.ServerSigned1=flip-bit, also truncate, replay,\n"
      "                           wrong-eid, empty, lose-request, lose-answer, answer-503; may be repeated\n"
      "  --card pcsc:NAME         the first device's card stands in this reader, through pcscd and its vpcd\n"
      "  --reader HOST:PORT       where that vpcd listens; default 127.0.0.1:35963\n"
      "  --report DIR             where the report goes; default build/report\n"
      "  --keep-going             play the others when a file cannot be read\n"
      "  --json                   the results as one JSON object on standard output\n"
      "\n"
      "Exit status: 0 all passed, 1 a scenario failed, 2 it could not run.\n"
      "\n"
      "  sgp32lab run swap/01 --wiring direct\n"
      "  sgp32lab run swap/01 --break ES9+.ServerSigned1=flip-bit, then: sgp32lab show 63\n", command_run },
    { "list", "what scenarios there are",
      "usage: sgp32lab list [SCENARIO]... [--json]\n"
      "\n"
      "Id, wirings, what of the catalogue it plays, title.\n", command_list },
    { "explain", "a scenario, an error code, a word of the scenario language",
      "usage: sgp32lab explain SCENARIO|CODE|WORD\n"
      "\n"
      "  sgp32lab explain swap/01        its world and steps in full, defaults filled in\n"
      "  sgp32lab explain 8.2.6/3.8      what a pair of subject and reason code means (SGP.22 5.2.6)\n"
      "  sgp32lab explain replayError    what a result or state is, and who gives it\n"
      "  sgp32lab explain coverage       how a verb or an expectation is written\n", command_explain },
    { "show", "one message of the last run, decoded",
      "usage: sgp32lab show [N] [--run ID] [--wiring direct|loopback] [--report DIR]\n"
      "\n"
      "Without N: the list of messages. Without --run: the first scenario that failed, else the last one played.\n"
      "\n"
      "  sgp32lab show 63\n"
      "  sgp32lab show 63 --run swap/01 --wiring loopback\n", command_show },
    { "decode", "DER in hex or base64, as the specification names it",
      "usage: sgp32lab decode HEX|- [--as TYPE]\n"
      "\n"
      "Hex or base64, blanks allowed; - reads standard input. TYPE is a name of the ASN.1 modules; without it the first\n"
      "message that the bytes fit is taken.\n"
      "\n"
      "  sgp32lab decode BF3E035C015A\n"
      "  sgp32lab decode --as EuiccPackageRequest - < package.hex\n", command_decode },
    { "card", "what is on a card: simulated, in a reader, behind vpcd",
      "usage: sgp32lab card info|profiles|apdu HEX...|trace [--card sim|pcsc:NAME|vpcd:PORT] [--json]\n"
      "\n"
      "  info                     ATR, EID, EUICCInfo, addresses, eIMs, profiles, notifications, in words\n"
      "  profiles                 the table of profiles\n"
      "  apdu HEX...              send APDUs, show the answers\n"
      "  trace                    what 'info' says to the card and hears, decoded; with --reader HOST:PORT: offer the card to\n"
      "                           that vpcd reader and show all that others do with it\n"
      "  --card sim               a new card of the lab (default)\n"
      "  --card pcsc:NAME         the first reader whose name contains NAME\n"
      "  --card vpcd:PORT         a card that connects to 127.0.0.1:PORT, such as sim-euicc --vpcd 127.0.0.1:PORT\n"
      "\n"
      "Exit status: 0 the card answered, 1 it did not, 2 usage.\n"
      "\n"
      "  sgp32lab card info --card pcsc:Gemalto\n"
      "  sgp32lab card apdu 00A40004023F00 00A40000022FE2 00B000000A\n", command_card },
    { "certs", "issue, judge and list the test certificates",
      "usage: sgp32lab certs make DIR | check DIR | list     (sgp32lab certs help tells more)\n", certs },
    { "up", "start a whole world on local ports, until Ctrl-C",
      "usage: sgp32lab up [SCENARIO] [OPTION]...\n"
      "\n"
      "Starts the world of a scenario (default: three meters, a lead, a partner; its steps are not played) over real TLS, in\n"
      "the machine's time, with fresh keys, and prints where everything is.\n"
      "  --port-base N            ports N, N+1, ...; default 8440; 0: any free ones\n"
      "  --dir DIR                certificates, keys and world.json go here; default build/up\n"
      "  --verbose                every event on standard error, not only warnings\n", command_up },
    { "bench", "how fast, and how far from the floor that cryptography sets",
      "usage: sgp32lab bench swap [--devices N] [--wiring direct|loopback] [--seed N] [--json]\n"
      "       sgp32lab bench euicc [--downloads N] [--cards N] [--package FILE] [--json]\n"
      "       sgp32lab bench smdp [--downloads N] [--wiring direct|loopback] [--stored] [--json]\n"
      "       sgp32lab bench eim [--polls N] [--packages N] [--registered N] [--wiring direct|loopback] [--stored] [--json]\n"
      "\n"
      "Builds a world with N devices (default 100) and N codes, swaps them all, and compares the processor time of a swap\n"
      "with that of the cryptography that the specifications demand of it, measured in the same run. Progress goes to\n"
      "standard error; with --json the figures are one line. Use the release build.\n"
      "\n"
      "smdp: downloads profile after profile (default 200), each ordered before, and counts the SM-DP+ alone; --stored keeps its\n"
      "database in a file.\n"
      "eim: imports eUICCs (default 1000), polls for them in vain (default 20000), gives packages to one card (default 500), and\n"
      "counts the eIM alone.\n"
      "euicc: downloads one profile again and again onto one card (default 200) and makes cards (default 1000).\n"
      "\n"
      "  sgp32lab bench swap --devices 200 --wiring loopback --json\n", command_bench },
    { "sweep", "kill one part at each of its operations",
      "usage: sgp32lab sweep SCENARIO [OPTION]...\n"
      "\n"
      "Plays the scenario once for each operation of a part, killing the part there and starting it again from its store.\n"
      "A swap must come out right, or end safely with a cause; anything else is broken.\n"
      "  --part NAME              eso, eim, smdp, cmp.partner, net.partner, or a device; default eso\n"
      "  --at MOMENT              call: before a call leaves; answer: before its answer is seen; write: before a database\n"
      "                           write or commit; memory, response: before and after a card commits; default call\n"
      "  --first N, --every N     begin at the N-th operation; take every N-th\n"
      "  --seed N                 default 1\n"
      "  --verbose                also the points that passed\n"
      "\n"
      "Exit status: 0 nothing broken, 1 something is, 2 it could not run.\n"
      "\n"
      "  sgp32lab sweep swap/01 --part eso --at write\n", command_sweep },
    { "new", "a scenario to begin with",
      "usage: sgp32lab new NAME\n"
      "\n"
      "Writes a scenario that plays to standard output.\n"
      "\n"
      "  sgp32lab new my-first > my-first.yaml && sgp32lab run my-first.yaml\n", command_new },
    { "doctor", "what is missing on this machine",
      "usage: sgp32lab doctor\n"
      "\n"
      "Tries what the lab needs: cryptography, sockets, folders, scenarios. Exit status 1 when something is missing.\n",
      command_doctor },
};

const struct command *command_table(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

static void print_help(void)
{
    printf("sgp32lab - a whole SGP.32 world on one machine: eUICC, IPA, eIM, SM-DP+, carriers and the orchestrator\n\n");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        printf("  %-9s %s\n", table[i].name, table[i].summary);
    printf("\nsgp32lab COMMAND --help tells all about one. Begin with: sgp32lab run swap/01\n");
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static int refuse(const char *word)
{
    const char *names[COMMANDS_MAX] = { 0 };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        names[i] = table[i].name;
    return command_refuse_word("", "command", word, names);
}

static bool is(const char *word, const char *a, const char *b)
{
    return word && (strcmp(word, a) == 0 || strcmp(word, b) == 0);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (is(argv[i], "--help", "-h"))
            return true;
    return false;
}

int command_main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    if (is(word, "--version", "version")) {
        printf("sgp32lab %s\n", LAB_VERSION);
        return 0;
    }
    bool help = !word || is(word, "--help", "-h") || is(word, "help", "help");
    if (help && argc < 3) {
        print_help();
        return word ? 0 : COMMAND_USAGE;
    }
    const struct command *c = find(help ? argv[2] : word);
    if (!c)
        return refuse(help ? argv[2] : word);
    if (!help && !asks_for_help(argc, argv))
        return c->run(argc - 1, argv + 1);
    fputs(c->help, stdout);
    return 0;
}
