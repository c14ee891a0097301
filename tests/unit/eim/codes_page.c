/* docs/esipa-codes.md, made from the rows. */
#include <stdio.h>
#include <string.h>

#include "codes.h"

#define PAGE "docs/esipa-codes.md"

static void put(struct buf *out, const char *text)
{
    REQUIRE(buf_put_str(out, text) == ERR_OK);
}

void put_outcome_row(struct buf *out, const char *heard, const struct code_name *c, const struct outcome *o, int times)
{
    char line[400];
    snprintf(line, sizeof line, "| %s | %lld | %s | %s%s%s%s |\n", heard, (long long)c->code, c->name, o->state,
             o->name[0] ? " " : "", o->name, times > 1 ? ", the third time" : "");
    put(out, line);
}

static void put_said_rows(struct buf *out)
{
    char line[400];
    for (size_t i = 0; i < code_row_count; i++) {
        const struct code_row *r = &code_rows[i];
        if (!r->code)
            continue;
        snprintf(line, sizeof line, "| %s | %lld | %s | %s |\n", r->function, (long long)r->code, code_name(r->function, r->code),
                 r->how);
        put(out, line);
    }
}

static void write_page(struct buf *out)
{
    put(out, "# Error numbers of ESipa and ESep at the eIM\n\n"
             "Made from the rows of `tests/unit/eim/codes_test.c`, `tests/unit/eim/esep_codes_test.c` and "
             "`tests/unit/eim/heard_codes_test.c`\n(`test-eim --write`), which fail where a number of `asn1/sgp32.asn` has no row.\n\n"
             "## What the eIM answers over ESipa\n\n"
             "Each row is played over both bindings. No number of these functions is never said. HandleNotification has none: 204 it "
             "was\ntaken, 403 it is not believed, 500 it could not be done now. TransferEimPackage is the IPA's to answer.\n\n"
             "| function | number | name | provoked by |\n|---|---|---|---|\n");
    put_said_rows(out);
    put(out, "\n## What becomes of an order\n\n"
             "Signed by the eUICC (ESep, installations), or said by the IPA; the state and the name are those of `GET /v1/orders`, of "
             "the\ncallback and of the event. A number that is not here is `failed unknown`.\n\n"
             "| heard | number | name | the order becomes |\n|---|---|---|---|\n");
    put_esep_rows(out);
    put_heard_rows(out);
    put(out, "\n## What the eIM answers northbound\n\n"
             "Problems (RFC 9457), from `tests/unit/eim/problems_test.c`, which reads the source for others. Roads that are not there "
             "are 404,\nmethods 405, bodies that are no JSON 400.\n\n"
             "| status | title | provoked by |\n|---|---|---|\n");
    put_problem_rows(out);
}

static void path_of_page(char path[4096])
{
    snprintf(path, 4096, "%s/" PAGE, source_folder());
}

static void page_is_up_to_date(void)
{
    char path[4096];
    struct buf made = { .max = 1 << 20 };
    path_of_page(path);
    write_page(&made);
    CHECK_ROW("run test-eim --write", page_is_in(path, buf_span(&made)));
    buf_release(&made);
}

static void write_it(void)
{
    char path[4096];
    struct buf made = { .max = 1 << 20 };
    path_of_page(path);
    write_page(&made);
    put_page(path, buf_span(&made));
    buf_release(&made);
}

const struct test codes_page_tests[] = {
    { "the page of error numbers is made from the rows", page_is_up_to_date },
};
const size_t codes_page_tests_count = COUNT(codes_page_tests);
const struct test codes_page_update = { "the page is written", write_it };
