/* The card as a program: on standard input, behind a socket, killed and started again. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apdu.h"
#include "card_vpcd.h"
#include "harness.h"

/* The program itself; NULL (after a skip) when it was not built. */
static const char *program(void)
{
    static char path[4096];
    const char *folder = getenv("LAB_BIN");
    snprintf(path, sizeof path, "%s/sim-euicc", folder ? folder : ".");
    if (access(path, X_OK) == 0)
        return path;
    test_skip("sim-euicc is not built");
    return NULL;
}

struct child {
    pid_t pid;
    int in, out;
};

/* Starts it with these options ("" ends them); its errors go where its output goes. */
static struct child start(const char *const *options)
{
    const char *argv[12] = { "sim-euicc" };
    int to[2], from[2];
    for (size_t i = 0; i < 10 && options[i]; i++)
        argv[i + 1] = options[i];
    REQUIRE(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
    pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        dup2(from[1], 2);
        execv(program(), (char *const *)argv);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    return (struct child){ pid, to[1], from[0] };
}

/* Feeds input, collects all output, and gives the exit status. */
static int finish(struct child *c, const char *input, struct buf *output)
{
    char chunk[1024];
    int status = -1;
    ssize_t n = write(c->in, input, strlen(input));
    REQUIRE(n == (ssize_t)strlen(input));
    close(c->in);
    while ((n = read(c->out, chunk, sizeof chunk)) > 0)
        REQUIRE(buf_put(output, span_of(chunk, (size_t)n)) == ERR_OK);
    close(c->out);
    REQUIRE(waitpid(c->pid, &status, 0) == c->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void apdus_are_answered_line_by_line(void)
{
    static const char input[] = "0070000001\n01a4040c10a0000005591010ffffffff8900000100\n"
                                "81e2910006bf3e035c015a00\nno apdu\nreset\n0070000001\n";
    static const char want[] = "019000\n9000\nBF3E125A10890490321234512345123456789012359000\n"
                               "error: neither \"reset\" nor an APDU in hex\n"
                               "3B9F96803FC7028031A073BE2113674320071800000187\n019000\n";
    struct buf output = { .max = 1 << 16 };
    if (!program())
        return;
    struct child c = start((const char *const[]){ "--stdio", "true", NULL });
    CHECK(finish(&c, input, &output) == 0);
    CHECK(span_equal(buf_span(&output), span_str(want)));
    buf_release(&output);
}

/* However long a line is, it has one answer: a script reads them one by one. */
static void a_line_too_long_for_an_apdu_has_one_answer(void)
{
    static const char want[] = "019000\nerror: neither \"reset\" nor an APDU in hex\n029000\n"
                               "error: neither \"reset\" nor an APDU in hex\n";
    char input[8192] = "0070000001\n";
    struct buf output = { .max = 1 << 16 };
    size_t at = strlen(input);
    if (!program())
        return;
    memset(input + at, '0', 3000);
    strcpy(input + at + 3000, "\n0070000001\n");
    at = strlen(input);
    memset(input + at, '0', 3000); /* and one that the input ends in */
    struct child c = start((const char *const[]){ "--stdio", "true", NULL });
    CHECK(finish(&c, input, &output) == 0);
    CHECK(span_equal(buf_span(&output), span_str(want)));
    buf_release(&output);
}

/* A model in a file: another version, one curve, no SGP.32; and a seed that makes two runs one. */
static void a_card_is_what_its_model_says(void)
{
    static const char model[] =
        "stdio: true\nsvn: 2.4.0\ncurves: brp\nconsumer: true\nno-crl: true\nseed: model\n";
    static const char input[] = "0070000001\n01a4040010a0000005591010ffffffff890000010000\n"
                                "81e2910003bf550000\n81e2910003bf200000\n81e2910003bf2e0000\n"
                                "81e2910003bf350000\n";
    static const char want[] = "019000\n6F1F8410A0000005591010FFFFFFFF8900000100A5049F6501FFE005820"
                               "30204009000\n6A88\nBF203";
    char folder[] = "/tmp/lab-sim-euicc-XXXXXX", path[64];
    struct buf output[2] = { { .max = 1 << 16 }, { .max = 1 << 16 } };
    if (!program())
        return;
    REQUIRE(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/card.yaml", folder);
    FILE *f = fopen(path, "w");
    REQUIRE(f && fputs(model, f) >= 0 && fclose(f) == 0);
    for (size_t i = 0; i < COUNT(output); i++) {
        struct child c = start((const char *const[]){ "--settings", path, NULL });
        CHECK(finish(&c, input, &output[i]) == 0);
    }
    CHECK(output[0].len > sizeof want && !memcmp(output[0].at, want, sizeof want - 1));
    CHECK(span_equal(buf_span(&output[0]), buf_span(&output[1]))); /* the challenge too */
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);
    buf_release(&output[0]);
    buf_release(&output[1]);
}

static void wrong_settings_get_one_clear_line(void)
{
    static const struct {
        const char *name, *option, *value, *says;
    } rows[] = {
        { "no way to be reached", "--log", "json", "--vpcd" },
        { "EID with wrong check digits", "--eid", "89049032123451234512345678901234", "EID" },
        { "EID that is too short", "--eid", "8904", "EID" },
        { "unknown setting", "--protocol", "1", "protocol" },
        { "no room for a profile", "--size", "0", "size" },
        { "too many eIMs", "--eims", "99", "eims" },
        { "folder without certificates", "--certs", "/nonexistent", "nonexistent" },
        { "settings file that is not there", "--settings", "/nonexistent.yaml", "nonexistent" },
        { "eIM file that is not there", "--eim", "/nonexistent.der", "nonexistent" },
        { "table that is not there", "--rat", "/nonexistent.der", "nonexistent" },
        { "a curve that RSP does not know", "--curves", "p521", "curves" },
        { "a version of two numbers", "--svn", "2.5", "svn" },
        { "a version beyond an octet", "--svn", "2.5.300", "svn" },
        { "a version that is none", "--svn", "0.0.0", "svn" },
        { "a default address with a blank", "--default-smdp", "smdp example.com", "default-smdp" },
        { "a default address with a scheme", "--default-smdp", "https://smdp.example.com", "default-smdp" },
        { "a default address that would not be taken from a device", "--default-smdp",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "default-smdp" },
        { "a root SM-DS that is no address", "--root-smds", "smds/", "root-smds" },
        { "a log of another form", "--log", "xml", "log" },
        { "a memory that is a folder", "--memory", "/tmp", "/tmp" },
        { "a counter beyond 23 bits", "--counter-max", "8388608", "counter-max" },
    };
    if (!program())
        return;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf output = { .max = 1 << 16 };
        struct child c = start((const char *const[]){ rows[i].option, rows[i].value, NULL });
        CHECK_ROW(rows[i].name, finish(&c, "", &output) > 0);
        CHECK_ROW(rows[i].name, strstr(buf_cstr(&output), rows[i].says) != NULL);
        buf_release(&output);
    }
}

/* ---- behind a reader, with a memory file
 * -------------------------------------------------------------------------- */
static void get_default_address(struct card *reader, struct buf *response)
{
    struct buf atr = { .max = CARD_ATR_MAX }, fci = { .max = 512 };
    unsigned channel;
    uint16_t sw;
    REQUIRE(card_reset(reader, &atr) == ERR_OK);
    REQUIRE(apdu_open_isd_r(reader, &channel, &fci, &sw) == ERR_OK);
    REQUIRE(apdu_store_data(reader, channel, 0, SPAN(0xbf, 0x3c, 0x00), response, &sw) == ERR_OK);
    REQUIRE(apdu_close_channel(reader, channel) == ERR_OK);
    buf_release(&atr);
    buf_release(&fci);
}

static void set_default_address(struct card *reader)
{
    struct buf fci = { .max = 512 }, response = { .max = 512 };
    unsigned channel;
    uint16_t sw;
    REQUIRE(apdu_open_isd_r(reader, &channel, &fci, &sw) == ERR_OK);
    REQUIRE(apdu_store_data(reader, channel, 0, SPAN(0xbf, 0x65, 0x05, 0x80, 0x03, 'a', '.', 'b'),
                            &response, &sw) == ERR_OK);
    CHECK(span_equal(buf_span(&response), SPAN(0xbf, 0x65, 0x03, 0x80, 0x01, 0x00)));
    buf_release(&fci);
    buf_release(&response);
}

static struct child start_behind(uint16_t port, const char *memory)
{
    static char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    return start((const char *const[]){ "--vpcd", address, "--memory", memory, NULL });
}

/* A folder for a card's memory, and a reader before which the card is put. */
struct desk {
    char folder[32], path[64];
    struct log log;
    struct card *reader;
    uint16_t port;
};

static void put_reader(struct desk *d)
{
    d->port = 0;
    REQUIRE(card_vpcd_open_reader(&d->log, &d->port, 20000, &d->reader) == ERR_OK);
}

static void desk_open(struct desk *d)
{
    *d = (struct desk){ .folder = "/tmp/lab-sim-euicc-XXXXXX", .log = { .clock = clock_system() } };
    REQUIRE(mkdtemp(d->folder) != NULL);
    snprintf(d->path, sizeof d->path, "%s/card", d->folder);
    put_reader(d);
}

static void desk_close(struct desk *d)
{
    card_close(d->reader);
    CHECK(unlink(d->path) == 0 && rmdir(d->folder) == 0);
}

static void a_killed_card_has_what_it_had(void)
{
    struct desk d;
    struct buf response = { .max = 512 }, output = { .max = 1 << 16 };
    if (!program())
        return;
    desk_open(&d);
    struct child c = start_behind(d.port, d.path);
    get_default_address(d.reader, &response);
    CHECK(span_equal(buf_span(&response), SPAN(0xbf, 0x3c, 0x02, 0x81, 0x00)));
    set_default_address(d.reader);
    CHECK(kill(c.pid, SIGKILL) == 0);
    CHECK(finish(&c, "", &output) == -1);
    card_close(d.reader);
    put_reader(&d);
    c = start_behind(d.port, d.path);
    get_default_address(d.reader, &response);
    CHECK(span_equal(buf_span(&response),
                     SPAN(0xbf, 0x3c, 0x07, 0x80, 0x03, 'a', '.', 'b', 0x81, 0x00)));
    CHECK(kill(c.pid, SIGTERM) == 0);
    CHECK(finish(&c, "", &output) == 0);
    desk_close(&d);
    buf_release(&response);
    buf_release(&output);
}

static void a_memory_serves_one_program_at_a_time(void)
{
    struct desk d;
    struct buf response = { .max = 512 }, output = { .max = 1 << 16 };
    if (!program())
        return;
    desk_open(&d);
    const char *const words[] = { "--stdio", "true", "--memory", d.path, NULL };
    struct child first = start_behind(d.port, d.path);
    get_default_address(d.reader, &response);
    set_default_address(d.reader); /* the file was replaced since it was opened */
    struct child second = start(words);
    CHECK(finish(&second, "", &output) == 1);
    CHECK(strstr(buf_cstr(&output), d.path) && strstr(buf_cstr(&output), "is in use by another program"));
    CHECK(kill(first.pid, SIGKILL) == 0);
    CHECK(finish(&first, "", &output) == -1);
    second = start(words);
    CHECK(finish(&second, "", &output) == 0);
    desk_close(&d);
    buf_release(&response);
    buf_release(&output);
}

static void a_damaged_memory_file_is_named_and_left(void)
{
    char folder[] = "/tmp/lab-sim-euicc-XXXXXX", path[64];
    struct buf output = { .max = 1 << 16 }, kept = { .max = 64 };
    if (!program())
        return;
    REQUIRE(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/card", folder);
    FILE *f = fopen(path, "w");
    REQUIRE(f && fputs("no card", f) >= 0 && fclose(f) == 0);
    struct child c = start((const char *const[]){ "--stdio", "true", "--memory", path, NULL });
    CHECK(finish(&c, "", &output) == 1);
    CHECK(strstr(buf_cstr(&output), path) != NULL);
    CHECK(strstr(buf_cstr(&output), "not the memory of a software eUICC") != NULL);
    CHECK(read_file(path, &kept) == ERR_OK && span_equal(buf_span(&kept), span_str("no card")));
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);
    buf_release(&output);
    buf_release(&kept);
}

int main(void)
{
    static const struct test tests[] = {
        { "APDUs are answered line by line", apdus_are_answered_line_by_line },
        { "a line too long for an APDU has one answer", a_line_too_long_for_an_apdu_has_one_answer },
        { "a card is what its model says", a_card_is_what_its_model_says },
        { "wrong settings get one clear line", wrong_settings_get_one_clear_line },
        { "a killed card has what it had", a_killed_card_has_what_it_had },
        { "a memory serves one program at a time, also after it was written", a_memory_serves_one_program_at_a_time },
        { "a damaged memory file is named and left", a_damaged_memory_file_is_named_and_left },
    };
    signal(SIGPIPE, SIG_IGN);
    return tests_main("sim-euicc", tests, COUNT(tests));
}
