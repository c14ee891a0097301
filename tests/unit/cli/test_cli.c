/* The program as people meet it: what it says, and with which status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static const char first_swap[] =
    "scenario: A first swap\\nplays: {catalogue: [1], requirements: [R35]}\\nworld:\\n  carriers:\\n    lead: {country: DE, plmn: 26201, roams-in: [KE]}\\n"
    "    partner: {country: KE, plmn: 63902}\\n  contracts:\\n    kenya: {with: partner}\\n  stock: {kenya: 1}\\n"
    "  devices:\\n    meter: {starts-on: lead, fallback: lead, in: KE}\\n"
    "steps:\\n  - name: moved\\n    do: {swap: {device: meter, to: partner}}\\n    within: 15 min\\n"
    "    expect:\\n      - swap: {meter: DONE}\\n";

/* Runs "sgp32lab ARGS" in a fresh folder through the shell; both outputs in text. Gives the exit status. */
static int lab(const char *folder, const char *args, char *text, size_t room)
{
    char command[8192];
    const char *bin = getenv("LAB_BIN");
    snprintf(command, sizeof command, "cd %s && printf '%s' > good.yaml && printf 'scenario: x\\nwrold: {}\\n' > bad.yaml && exec 2>&1 && "
             "L=%s/sgp32lab; %s", folder, first_swap, bin ? bin : ".", args);
    FILE *p = popen(command, "re");
    REQUIRE(p != NULL);
    size_t len = fread(text, 1, room - 1, p);
    text[len] = 0;
    int status = pclose(p);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Starts a world on any free ports, and goes on when it says that it is ready. */
#define UP                                                                                    \
    "mkfifo told; $L up --port-base 0 --dir up good.yaml > told & P=$!; "                      \
    "while read line; do case $line in ready*) break ;; esac; done < told; "

static const struct row {
    const char *name, *args;
    int status;
    const char *says, *also;
} rows[] = {
    { "no word at all gets the help, and could not run", "$L", 2, "sgp32lab COMMAND --help", NULL },
    { "help is help", "$L --help", 0, "play scenarios", "decode" },
    { "each command teaches itself", "$L run --help", 0, "--wiring", "Exit status" },
    { "help of a command, the other way round", "$L help decode", 0, "--as TYPE", NULL },
    { "it knows its version", "$L --version", 0, "sgp32lab 0.", NULL },
    { "a slip in a command gets a suggestion", "$L lst", 2, "did you mean 'list'?", NULL },
    { "a slip in an option gets a suggestion", "$L run --wirng direct", 2, "did you mean '--wiring'?", NULL },
    { "a slip in a wiring gets a suggestion", "$L run good.yaml --wiring drect", 2, "did you mean 'direct'?", NULL },
    { "an option without its value is refused", "$L run --seed", 2, "--seed needs a value", NULL },
    { "a seed is a number", "$L run good.yaml --seed ten", 2, "takes a number, not 'ten'", NULL },
    { "a package to measure with that is not there", "$L bench euicc --package none.der", 2, "none.der: no such file", NULL },
    { "a package to measure with that is none", "$L bench euicc --package good.yaml", 2, "good.yaml: profile element is no well-formed TLV", NULL },
    { "a card that is in no reader", "$L run good.yaml --card sim", 2, "--card is pcsc:NAME, not 'sim'", NULL },
    { "a reader for no card", "$L run good.yaml --reader 127.0.0.1:1", 2, "--reader belongs to --card", NULL },
    { "a fault is a message and a way", "$L run good.yaml --break nonsense", 2, "MESSAGE=HOW", NULL },
    { "a slip in a fault gets a suggestion", "$L run good.yaml --break a=flipbit", 2, "did you mean 'flip-bit'?", NULL },
    { "a fault strikes at least once", "$L run good.yaml --break 'a=flip-bit*0'", 2, "no number of times", NULL },
    { "a file that is not there", "$L run nowhere.yaml", 2, "nowhere.yaml", NULL },
    { "a file that is no scenario: where and what", "$L run bad.yaml", 2, "bad.yaml:2:1", "did you mean 'world'?" },
    { "nothing is played when one file is bad", "$L run bad.yaml good.yaml || echo was $?", 0, "was 2", NULL },
    { "the others are played on wish", "$L run bad.yaml good.yaml --keep-going --wiring direct", 2, "1 passed",
      "bad.yaml:2:1" },
    { "an empty folder has no scenarios", "mkdir e; $L run e", 2, "no scenarios", NULL },
    { "a report that cannot be written", "echo > file; $L run good.yaml --report file", 2, "cannot be written", NULL },
    { "process wiring says which program it lacks", "LAB_BIN=/nowhere $L run good.yaml --wiring process", 2,
      "process wiring needs /nowhere/sim-smdp", NULL },
    { "a scenario plays, and the last line counts", "$L run good.yaml --wiring direct | tail -1 | grep -x '1 passed, 0 failed, 0 "
      "skipped'", 0, "1 passed", NULL },
    { "in both wirings by default", "$L run good.yaml", 0, "2 passed, 0 failed, 0 skipped", "report  build/report/index.html" },
    { "results as JSON on standard output alone", "$L run good.yaml --wiring direct --json 2>&- | head -c 9", 0, "{\"runs\":[",
      NULL },
    { "an injected fault that nothing survives fails", "$L run good.yaml --wiring direct --break 'ES9+.ServerSigned1=flip-bit*9'",
      1, "0 passed, 1 failed, 0 skipped", "--break ES9+.ServerSigned1=flip-bit*9" },
    { "a run is shown afterwards", "$L run good.yaml --wiring direct >run.log; $L show", 0, "GetEimPackageRequest", NULL },
    { "one message of it is decoded", "$L run good.yaml --wiring direct >run.log; N=$($L show | awk '/GetEimPackageRequest/ {print "
      "$1; exit}'); $L show $N", 0, "BF4F GetEimPackageRequest", NULL },
    { "a message that is not there", "$L run good.yaml --wiring direct >run.log; $L show 99999", 2, "has no message 99999", NULL },
    { "nothing was run yet", "$L show 1", 2, "no such run", NULL },
    { "a number is wanted", "$L run good.yaml --wiring direct >run.log; $L show x", 2, "no number of a message", NULL },
    { "bytes are decoded", "$L decode BF3E035C015A", 0, "GetEuiccDataRequest", "tagList" },
    { "from standard input, with blanks", "echo 'BF3E 03 5C015A' | $L decode -", 0, "GetEuiccDataRequest", NULL },
    { "as base64", "$L decode vz4DXAFa", 0, "GetEuiccDataRequest", NULL },
    { "a type that is not in the modules", "$L decode BF3E035C015A --as EuiccPackageRequst", 2,
      "did you mean 'EuiccPackageRequest'?", NULL },
    { "what is neither hex nor base64", "$L decode 'what?'", 2, "neither hex nor base64", NULL },
    { "what is no message", "$L decode 0102", 2, "no message", NULL },
    { "nothing to decode", "$L decode", 2, "which bytes?", NULL },
    { "a pair of codes is explained", "$L explain 8.2.6/3.8", 0, "matchingId", "AuthenticateClient" },
    { "all pairs of a subject", "$L explain 8.2.6", 0, "8.2.6/3.3", "8.2.6/3.10" },
    { "a result is explained by its function", "$L explain replayError", 0, "SGP.32 5.9.1", NULL },
    { "a verb is explained", "$L explain coverage", 0, "do      coverage", NULL },
    { "a scenario is explained with its defaults", "$L explain good.yaml", 0, "polls every 15 s", "1. moved (within 15 min)" },
    { "a slip in a word gets a suggestion", "$L explain replayErro", 2, "did you mean 'replayError'?", NULL },
    { "a new scenario plays at once", "$L new mine > mine.yaml && $L run mine.yaml --wiring direct", 0, "1 passed", NULL },
    { "a name that YAML would read otherwise", "$L new 'a: b'", 2, "one name", NULL },
    { "scenarios are listed", "$L list good.yaml", 0, "A first swap", "direct loopback" },
    { "also as JSON", "$L list good.yaml --json", 0, "\"title\": \"A first swap\"", NULL },
    { "a bad file in a list is named, the rest is shown", "$L list bad.yaml good.yaml", 2, "bad.yaml:2:1", "A first swap" },
    { "certificates have their own words", "$L certs list", 0, "CERT_S_SM_DPauth_ECDSA_NIST", NULL },
    { "the doctor tells what is there", "LAB_SCENARIOS=. $L doctor", 0, "everything is there", NULL },
    { "the doctor tells what is missing", "LAB_SCENARIOS=nowhere $L doctor", 1, "MISSING  scenarios", "set LAB_SCENARIOS" },
    { "scenarios are found by the folder given", "mkdir -p s/swap && cp good.yaml s/swap/01-good.yaml && LAB_SCENARIOS=s $L run swap/01 "
      "--wiring direct", 0, "swap/01-good", "1 passed" },
    { "an id that means nothing", "mkdir -p s/swap && cp good.yaml s/swap/01-good.yaml && LAB_SCENARIOS=s $L run swop/01-good.yaml", 2,
      "did you mean 'swap/01-good.yaml'?", NULL },
    { "a world is up until it is told to stop", UP "kill -TERM $P; wait $P; echo was $?; cat up/world.json", 0, "was 0",
      "\"eso.example.com\":" },
    { "its keys are for their owner only", UP "stat -c %a up/admin-key.pem up/cmp.lead.api-key | tr '\\n' ' '; kill $P; wait $P", 0,
      "600 600", NULL },
    { "a port in use is named", UP "N=$(sed -n 's/.*\"smdp.example.com\": \\([0-9]*\\).*/\\1/p' up/world.json); "
      "$L up --port-base $N --dir other; S=$?; kill $P; wait $P; exit $S", 2, "is in use", NULL },
    { "a folder that cannot be", "echo > file; $L up --port-base 0 --dir file/up", 2, "file/up", NULL },
    { "a port that cannot be", "$L up --port-base 70000", 2, "--port-base takes", NULL },
    { "a world of a bad scenario", "$L up bad.yaml", 2, "bad.yaml:2:1", NULL },
};

static void play(const struct row *r)
{
    static const char remove[] = "rm -rf ";
    char folder[] = "/tmp/lab-cli-XXXXXX", clean[sizeof remove + sizeof folder], text[65536];
    REQUIRE(mkdtemp(folder) != NULL);
    int status = lab(folder, r->args, text, sizeof text);
    bool good = status == r->status && strstr(text, r->says) && (!r->also || strstr(text, r->also));
    if (!good)
        printf("\n%s: status %d\n%s\n", r->args, status, text);
    CHECK_ROW(r->name, status == r->status);
    CHECK_ROW(r->name, strstr(text, r->says) != NULL);
    CHECK_ROW(r->name, !r->also || strstr(text, r->also) != NULL);
    snprintf(clean, sizeof clean, "%s%s", remove, folder);
    CHECK(system(clean) == 0);
}

static void test_rows(void)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        play(&rows[i]);
}

int main(void)
{
    static const struct test tests[] = { { "each way to call it", test_rows } };
    return tests_main("cli", tests, COUNT(tests));
}
