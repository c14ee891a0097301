/* Every pair of subject and reason code that SM-DP+ and SM-DS may answer, each provoked; the page of them. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "status_codes.h"

#define PAGE "docs/status-codes.md"

static const char *source(void)
{
    const char *folder = getenv("LAB_SOURCE");
    return folder ? folder : ".";
}

/* --- each row ----------------------------------------------------------------------------------------- */

static void each_pair(void)
{
    for (size_t i = 0; i < row_count; i++) {
        const struct row *r = &rows[i];
        struct lab l;
        char name[160], want[40], got[40] = "";
        snprintf(name, sizeof name, "%s %s/%s: %s", function_name(r->function), r->subject, r->reason, r->how);
        snprintf(want, sizeof want, "%s/%s", r->subject, r->reason);
        lab_open(&l);
        r->provoke(&l, r, got);
        CHECK_ROW(name, strcmp(got, want) == 0);
        if (strcmp(got, want) != 0)
            printf("\n    row \"%s\": \"%s\"", name, got);
        lab_close(&l);
    }
}

/* --- nothing is left out --------------------------------------------------------------------------------- */

#define F(f) (1u << (f))
#define ES2P_ALL (F(DOWNLOAD_ORDER) | F(CONFIRM_ORDER) | F(CANCEL_ORDER) | F(RELEASE_PROFILE))
#define BOTH_CLIENTS (F(CLIENT) | F(ES11_CLIENT))

/* SGP.22 5.2.6 as other implementations list it: each pair with the functions that say it; ES2+ pairs by one of them at least. */
static const struct {
    const char *subject, *reason;
    unsigned all, one_of;
} wanted[] = {
    { "1.2.1", "2.1", F(JSON_BINDING), 0 }, { "1.2.2", "2.1", F(JSON_BINDING), 0 }, { "1.3.1", "2.2", F(JSON_BINDING), 0 },
    { "8.1", "4.8", F(CLIENT), 0 }, { "8.1", "6.1", BOTH_CLIENTS | F(PACKAGE) | F(CANCEL_SESSION), 0 },
    { "8.1.1", "2.2", F(CONFIRM_ORDER), 0 }, { "8.1.1", "3.1", F(CONFIRM_ORDER) | F(DOWNLOAD_ORDER), 0 },
    { "8.1.1", "3.10", F(CONFIRM_ORDER) | F(DOWNLOAD_ORDER), 0 }, { "8.1.1", "3.8", F(CLIENT), 0 },
    { "8.1.2", "6.1", BOTH_CLIENTS, 0 }, { "8.1.2", "6.3", BOTH_CLIENTS, 0 }, { "8.1.3", "6.1", BOTH_CLIENTS, 0 },
    { "8.1.3", "6.3", BOTH_CLIENTS, 0 }, { "8.1.4", "6.1", BOTH_CLIENTS, 0 }, { "8.2", "1.2", F(CLIENT), 0 },
    { "8.2", "3.7", F(PACKAGE), 0 }, { "8.2.1", "1.2", 0, ES2P_ALL }, { "8.2.1", "3.3", 0, ES2P_ALL },
    { "8.2.1", "3.5", 0, ES2P_ALL }, { "8.2.1", "3.9", ES2P_ALL, 0 }, { "8.2.1", "3.10", F(DOWNLOAD_ORDER), 0 },
    { "8.2.5", "1.2", F(DOWNLOAD_ORDER), 0 }, { "8.2.5", "3.7", F(DOWNLOAD_ORDER), 0 },
    { "8.2.5", "3.8", F(DOWNLOAD_ORDER), 0 }, { "8.2.5", "3.9", F(DOWNLOAD_ORDER), 0 }, { "8.2.5", "4.3", F(CLIENT), 0 },
    { "8.2.6", "3.3", F(CONFIRM_ORDER), 0 }, { "8.2.6", "3.8", BOTH_CLIENTS, 0 },
    { "8.2.6", "3.10", F(CONFIRM_ORDER) | F(CANCEL_ORDER), 0 }, { "8.2.7", "2.2", F(PACKAGE), 0 },
    { "8.2.7", "3.8", F(PACKAGE), 0 }, { "8.2.7", "6.4", F(PACKAGE), 0 }, { "8.8", "3.10", F(CANCEL_SESSION), 0 },
    { "8.8", "4.2", F(CLIENT), 0 }, { "8.8.1", "3.8", F(INITIATE), 0 }, { "8.8.2", "3.1", F(INITIATE), 0 },
    { "8.8.3", "3.1", F(INITIATE), 0 }, { "8.8.4", "3.7", F(INITIATE), 0 }, { "8.8.5", "4.10", F(CLIENT), 0 },
    { "8.8.5", "6.4", F(CLIENT), 0 }, { "8.9", "4.2", F(CONFIRM_ORDER), 0 }, { "8.9", "5.1", F(CONFIRM_ORDER), 0 },
    { "8.9.1", "3.8", F(ES11_INITIATE), 0 }, { "8.9.2", "3.1", F(ES11_INITIATE), 0 },
    { "8.9.3", "3.1", F(ES11_INITIATE), 0 }, { "8.9.4", "3.7", F(ES11_INITIATE), 0 },
    { "8.9.5", "3.3", F(REGISTER_EVENT), 0 }, { "8.9.5", "3.9", F(DELETE_EVENT), 0 },
    { "8.10.1", "3.9", BOTH_CLIENTS | F(PACKAGE) | F(CANCEL_SESSION) | F(NOTIFICATION), 0 },
    { "8.11.1", "3.9", BOTH_CLIENTS, 0 },
};

/* The functions that rows have for a pair. */
static unsigned functions_of(const char *subject, const char *reason)
{
    unsigned functions = 0;
    for (size_t i = 0; i < row_count; i++)
        if (!strcmp(rows[i].subject, subject) && !strcmp(rows[i].reason, reason))
            functions |= F(rows[i].function);
    return functions;
}

static void every_pair_of_the_standard(void)
{
    char name[32];
    for (size_t i = 0; i < COUNT(wanted); i++) {
        unsigned have = functions_of(wanted[i].subject, wanted[i].reason);
        snprintf(name, sizeof name, "%s/%s", wanted[i].subject, wanted[i].reason);
        CHECK_ROW(name, (have & wanted[i].all) == wanted[i].all);
        CHECK_ROW(name, !wanted[i].one_of || have & wanted[i].one_of);
    }
}

static bool is_code(const char *text, size_t len)
{
    return len && strspn(text, "0123456789.") >= len && memchr(text, '.', len);
}

/* The codes among the string literals of one call: the first is the subject, the rest are its reasons. */
static size_t check_call(const char *from, const char *to)
{
    char code[16], subject[16] = "", name[40];
    size_t pairs = 0;
    for (const char *at = memchr(from, '"', (size_t)(to - from)); at && at < to; at = strchr(at, '"')) {
        size_t len = strcspn(++at, "\"");
        snprintf(code, sizeof code, "%.*s", (int)len, at);
        at += len + 1;
        if (!is_code(code, strlen(code)) || len >= sizeof code)
            continue;
        if (!subject[0]) {
            snprintf(subject, sizeof subject, "%s", code);
            continue;
        }
        snprintf(name, sizeof name, "%s/%s in the source", subject, code);
        CHECK_ROW(name, functions_of(subject, code) != 0);
        pairs++;
    }
    return pairs;
}

static size_t check_file(const char *path)
{
    struct buf text = { .max = 1 << 20 };
    size_t pairs = 0;
    REQUIRE(read_file(path, &text) == ERR_OK && buf_put_u8(&text, 0) == ERR_OK);
    for (const char *at = (const char *)text.at; (at = strstr(at, "es_refuse(")); at++) {
        const char *end = strchr(at, ';');
        pairs += end ? check_call(at, end) : 0;
    }
    buf_release(&text);
    return pairs;
}

static void every_pair_of_the_source(void)
{
    static const char *const patterns[] = { "sim/smdp/*.c", "sim/smds/*.c", "lib/es/es_authentication.c", "lib/es/es_peer.c",
                                            "lib/es/es2p.c", "lib/es/es9p.c", "lib/es/es12.c" };
    size_t pairs = 0;
    for (size_t i = 0; i < COUNT(patterns); i++) {
        char pattern[4096];
        glob_t found = { 0 };
        snprintf(pattern, sizeof pattern, "%s/%s", source(), patterns[i]);
        REQUIRE(glob(pattern, 0, NULL, &found) == 0);
        for (size_t k = 0; k < found.gl_pathc; k++)
            pairs += check_file(found.gl_pathv[k]);
        globfree(&found);
    }
    CHECK(pairs > 40);
}

/* --- the page ---------------------------------------------------------------------------------------------- */

static void page_is_up_to_date(void)
{
    char path[4096];
    struct buf made = { .max = 1 << 20 };
    snprintf(path, sizeof path, "%s/" PAGE, source());
    write_page(&made);
    CHECK_ROW("run test-status_codes --write", page_is_in(path, buf_span(&made)));
    buf_release(&made);
}

static void write_it(void)
{
    char path[4096];
    struct buf made = { .max = 1 << 20 };
    snprintf(path, sizeof path, "%s/" PAGE, source());
    write_page(&made);
    put_page(path, buf_span(&made));
    buf_release(&made);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "each pair of codes is provoked", each_pair },
        { "every pair of SGP.22 5.2.6 has its row", every_pair_of_the_standard },
        { "every pair that the source says has its row", every_pair_of_the_source },
        { "the page is made from the rows", page_is_up_to_date },
    };
    static const struct test update = { "the page is written", write_it };
    bool write = argc > 1 && strcmp(argv[1], "--write") == 0;
    return tests_main("status_codes", write ? &update : tests, write ? 1 : COUNT(tests));
}
