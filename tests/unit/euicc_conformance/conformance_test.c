/* The map section -> code -> test of the card, made from the card's own table of functions and from
 * the rows of tests/unit/euicc. The committed page is compared with it; `test-euicc_conformance
 * --write` brings it up to date. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "euicc_functions.h"
#include "harness.h"

#define PAGE "docs/conformance-euicc.md"
#define FILES_MAX 64
#define PREFIXES_MAX 8

/* A subject of the map: what its rows begin with, or the helper that sends it. */
struct subject {
    const char *section, *name, *code; /* code NULL: looked for by symbol */
    const char *symbol;
    const char *prefix[PREFIXES_MAX];
};

static const struct subject commands[] = {
    { "SGP.32 2.11.1",
      "enable",
      "load_euicc_package.c",
      NULL,
      { "\"a30c", "\"a30e", "ENABLE_PARTNER" } },
    { "SGP.32 2.11.1", "disable", "load_euicc_package.c", NULL, { "\"a40c" } },
    { "SGP.32 2.11.1", "delete", "load_euicc_package.c", NULL, { "\"a50c" } },
    { "SGP.32 2.11.1", "listProfileInfo", "load_euicc_package.c", NULL, { "\"bf2d0", "\"bf2d1" } },
    { "SGP.32 2.11.1", "getRAT", "load_euicc_package.c", NULL, { "\"a600" } },
    { "SGP.32 2.11.1", "configureImmediateEnable", "immediate_enable.c", NULL, { "\"a70" } },
    { "SGP.32 2.11.1", "setFallbackAttribute", "load_euicc_package.c", NULL, { "\"a80c" } },
    { "SGP.32 2.11.1", "unsetFallbackAttribute", "load_euicc_package.c", NULL, { "\"a900" } },
    { "SGP.32 2.11.1", "setDefaultDpAddress", "load_euicc_package.c", NULL, { "\"bf650" } },
    { "SGP.32 2.11.1", "addEim", "eim_configuration.c", NULL, { "\"a80a", "\"a81a", "0xa8, 2" } },
    { "SGP.32 2.11.1", "deleteEim", "load_euicc_package.c", NULL, { "\"a90a", "\"a904" } },
    { "SGP.32 2.11.1", "updateEim", "eim_configuration.c", NULL, { "\"aa0", "\"aa1", "0xaa, 3" } },
    { "SGP.32 2.11.1", "listEim", "load_euicc_package.c", NULL, { "\"ab00" } },
};

static const struct subject uicc[] = {
    { "TS 102 221 11.1.1", "SELECT", "usim.c", NULL, { "\"00a4", "\"01a4" } },
    { "TS 102 221 11.1.2", "STATUS", "usim.c", NULL, { "\"00f2", "\"80f2" } },
    { "TS 102 221 11.1.3", "READ BINARY", "usim_files.c", NULL, { "\"00b0" } },
    { "TS 102 221 11.1.4", "UPDATE BINARY", "usim_files.c", NULL, { "\"00d6" } },
    { "TS 102 221 11.1.5", "READ RECORD", "usim_files.c", NULL, { "\"00b2" } },
    { "TS 102 221 11.1.6", "UPDATE RECORD", "usim_files.c", NULL, { "\"00dc" } },
    { "TS 102 221 11.1.7", "SEARCH RECORD", "usim_files.c", NULL, { "\"00a2" } },
    { "TS 102 221 11.1.8", "INCREASE", "usim_files.c", NULL, { "\"8032" } },
    { "TS 102 221 11.1.9", "VERIFY PIN", "usim_pin.c", NULL, { "\"0020" } },
    { "TS 102 221 11.1.10", "CHANGE PIN", "usim_pin.c", NULL, { "\"0024" } },
    { "TS 102 221 11.1.11", "DISABLE PIN", "usim_pin.c", NULL, { "\"0026" } },
    { "TS 102 221 11.1.12", "ENABLE PIN", "usim_pin.c", NULL, { "\"0028" } },
    { "TS 102 221 11.1.13", "UNBLOCK PIN", "usim_pin.c", NULL, { "\"002c" } },
    { "TS 31.102 7.1.2",
      "AUTHENTICATE",
      "usim_authenticate.c",
      NULL,
      { "\"0088", "(authenticate(&w," } },
    { "TS 31.102 7.5", "GET IDENTITY", "usim_identity.c", NULL, { "\"8078", "GET_IDENTITY" } },
    { "TS 102 221 11.1.17", "MANAGE CHANNEL", "apdu.c", NULL, { "\"0070" } },
    { "TS 102 221 11.1.19", "TERMINAL CAPABILITY", "apdu.c", NULL, { "\"80aa" } },
    { "TS 102 221 11.2.1", "TERMINAL PROFILE", "cat.c", NULL, { "\"8010", "PROFILE, \"9" } },
    { "TS 102 221 11.2.3", "FETCH", "cat.c", NULL, { "\"8012" } },
    { "TS 102 221 11.2.4", "TERMINAL RESPONSE", "cat.c", NULL, { "\"8014", "DONE, \"9" } },
    { "TS 102 221 12.1", "GET RESPONSE", "apdu.c", NULL, { "\"00c0", "\"01c0", "\"81c0" } },
    { "SGP.22 5.7.2", "STORE DATA", "apdu.c", NULL, { "\"81e2", "\"80e2", "\"01e2" } },
};

/* Helpers of tests/unit/euicc/world.h that send a function without its tag in sight. */
static const struct {
    uint32_t tag;
    const char *helper;
} helpers[] = {
    { 0xbf38, "dp_authenticate(" },
    { 0xbf21, "dp_prepare(" },
    { 0xbf2e, "dp_authenticate(" },
    { 0xbf51, "eim_package(" },
    { 0xbf51, "eim_package_is(" },
    { 0xbf51, "eim_package_with(" },
    { 0xbf57, "eim_associate(" },
    { 0xbf35, "load_crl(" },
    { 0xbf41, "rsp_cancel_session_request" },
    { 0xbf56, "rsp_get_certs_request" },
};

/* ---- sources
 * -----------------------------------------------------------------------------------------------------------
 */
struct sources {
    glob_t files;
    char *text[FILES_MAX];
};

static const char *root(void)
{
    const char *folder = getenv("LAB_SOURCE");
    return folder ? folder : ".";
}

static char *read_text(const char *path)
{
    struct buf b = { .max = 1 << 20 };
    REQUIRE(read_file(path, &b) == ERR_OK && buf_put_u8(&b, 0) == ERR_OK);
    char *text = strdup((const char *)b.at);
    buf_release(&b);
    REQUIRE(text != NULL);
    return text;
}

static void sources_open(struct sources *s, const char *pattern)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root(), pattern);
    REQUIRE(glob(path, 0, NULL, &s->files) == 0 && s->files.gl_pathc <= FILES_MAX);
    for (size_t i = 0; i < s->files.gl_pathc; i++)
        s->text[i] = read_text(s->files.gl_pathv[i]);
}

static void sources_close(struct sources *s)
{
    for (size_t i = 0; i < s->files.gl_pathc; i++)
        free(s->text[i]);
    globfree(&s->files);
}

static const char *base_name(const char *path)
{
    return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

static const char *file_of_symbol(const struct sources *code, const char *symbol)
{
    char head[128];
    snprintf(head, sizeof head, "\nenum err %s(", symbol);
    for (size_t i = 0; i < code->files.gl_pathc; i++)
        if (strstr(code->text[i], head))
            return base_name(code->files.gl_pathv[i]);
    return NULL;
}

/* ---- tests: `{ "title", function }` in a table, the function above it
 * -------------------------------------------------- */
/* The body of a test's function: from its head to the closing brace in the first column. */
static struct span body_of(const char *text, struct span function)
{
    char head[160];
    snprintf(head, sizeof head, "static void %.*s(void)\n{", (int)function.len,
             (const char *)function.at);
    const char *from = strstr(text, head), *to = from ? strstr(from, "\n}\n") : NULL;
    return to ? span_of(from, (size_t)(to - from)) : (struct span){ 0 };
}

static bool holds_any(struct span body, const char *const *prefix)
{
    for (size_t i = 0; i < PREFIXES_MAX && prefix[i]; i++)
        if (memmem(body.at, body.len, prefix[i], strlen(prefix[i])))
            return true;
    return false;
}

/* Calls out each test of a file: title and function. False at the end. */
static bool next_test(const char **at, struct span *title, struct span *function)
{
    const char *open = *at;
    while ((open = strstr(open, "{ \""))) {
        const char *end = strchr(open + 3, '"'), *name = end ? end + 1 : NULL;
        name = name && *name == ',' ? name + 1 + strspn(name + 1, " \n") : NULL;
        size_t length = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;
        if (length && !strncmp(name + length, " }", 2)) {
            *title = span_of(open + 3, (size_t)(end - open - 3));
            *function = span_of(name, length);
            *at = name + length;
            return true;
        }
        open += 3;
    }
    return false;
}

static void put(struct buf *out, const char *text)
{
    REQUIRE(buf_put(out, span_str(text)) == ERR_OK);
}

/* The tests whose bodies hold a prefix; returns how many. */
static unsigned put_tests(struct buf *out, const struct sources *tests, const char *const *prefix)
{
    unsigned count = 0;
    for (size_t i = 0; i < tests->files.gl_pathc; i++) {
        const char *table = strstr(tests->text[i], "\nconst struct test "), *at = table;
        struct span title, function;
        bool first = true;
        while (at && next_test(&at, &title, &function)) {
            if (!holds_any(body_of(tests->text[i], function), prefix))
                continue;
            char line[300];
            snprintf(line, sizeof line, "%s%s%s%s%.*s", count ? (first ? "; " : ", ") : "",
                     first ? "`" : "", first ? base_name(tests->files.gl_pathv[i]) : "",
                     first ? "`: " : "", (int)title.len, (const char *)title.at);
            put(out, line);
            first = false;
            count++;
        }
    }
    return count;
}

/* ---- the page
 * ----------------------------------------------------------------------------------------------------------
 */
static void put_row(struct buf *out, const struct subject *s, const char *code,
                    const struct sources *tests)
{
    char line[300];
    snprintf(line, sizeof line, "| %s | %s | `sim/euicc/%s` | ", s->section, s->name, code);
    put(out, line);
    CHECK_ROW(s->name,
              put_tests(out, tests, s->prefix) > 0); /* nothing is there that no test drives */
    put(out, " |\n");
}

static void put_functions(struct buf *out, const struct sources *code, const struct sources *tests)
{
    const struct euicc_function *f;
    put(out, "\n## ES10a, ES10b, ES10c (`sim/euicc/es10.c`)\n| section | function | code | tests "
             "|\n|---|---|---|---|\n");
    for (size_t i = 0; (f = euicc_function_at(i)); i++) {
        char tag[2][32], name[128];
        struct subject s = { .section = f->section, .name = name, .prefix = { tag[0], tag[1] } };
        size_t count = 2;
        snprintf(tag[0], sizeof tag[0], "\"%04x", (unsigned)f->tag);
        snprintf(tag[1], sizeof tag[1], "SPAN(0x%02x, 0x%02x", (unsigned)f->tag >> 8,
                 (unsigned)f->tag & 255u);
        snprintf(name, sizeof name, "%s %04X", f->name, (unsigned)f->tag);
        for (size_t n = 0; n < COUNT(helpers) && count < PREFIXES_MAX; n++)
            if (helpers[n].tag == f->tag)
                s.prefix[count++] = helpers[n].helper;
        const char *file = file_of_symbol(code, f->symbol);
        CHECK_ROW(f->name, file != NULL);
        put_row(out, &s, file ? file : "?", tests);
    }
    static const struct subject load = { "SGP.22 5.7.6, 5.5",
                                         "ES10b.LoadBoundProfilePackage BF36",
                                         "load_bound_profile_package.c",
                                         NULL,
                                         { "dp_load(", "download(", "download_profile(",
                                           "\"bf36" } };
    put_row(out, &load, load.code, tests);
}

static void put_table(struct buf *out, const char *heading, const struct subject *s, size_t count,
                      const struct sources *tests)
{
    put(out, heading);
    put(out, "| section | command | code | tests |\n|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        put_row(out, &s[i], s[i].code, tests);
}

static void make_page(struct buf *out)
{
    struct sources code = { 0 }, tests = { 0 };
    sources_open(&code, "sim/euicc/*.c");
    sources_open(&tests, "tests/unit/euicc/test_*.c");
    put(out, "# Conformance of the card: section, code, test\n\n"
             "Made by `test-euicc_conformance --write` from the card's table of functions and from "
             "the tests of\n"
             "`tests/unit/euicc/`; a test fails when this page is stale. A test is named here when "
             "it sends that command.\n");
    put_functions(out, &code, &tests);
    put_table(out, "\n## Commands in eUICC packages (`LoadEuiccPackage`)\n", commands,
              COUNT(commands), &tests);
    put_table(out, "\n## Commands of the UICC\n", uicc, COUNT(uicc), &tests);
    sources_close(&code);
    sources_close(&tests);
}

static void page_path(char path[4096])
{
    snprintf(path, 4096, "%s/%s", root(), PAGE);
}

static void the_page_is_what_the_tables_say(void)
{
    struct buf page = { .max = 1 << 20 };
    char path[4096];
    page_path(path);
    make_page(&page);
    CHECK_ROW("stale: run test-euicc_conformance --write", page_is_in(path, buf_span(&page)));
    buf_release(&page);
}

static void write_the_page(void)
{
    struct buf page = { .max = 1 << 20 };
    char path[4096];
    page_path(path);
    make_page(&page);
    put_page(path, buf_span(&page));
    buf_release(&page);
}

int main(int argc, char **argv)
{
    bool write = argc > 1 && !strcmp(argv[1], "--write");
    const struct test check = { "the page is what the tables say",
                                the_page_is_what_the_tables_say },
                      update = { "the page is written", write_the_page };
    return tests_main("euicc_conformance", write ? &update : &check, 1);
}
