#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_text.h"
#include "report_tests.h"

/* What the terminal shows of one run; malloc'ed. */
static char *shown(struct fake *f, bool terminal, bool finish)
{
    char *text = NULL;
    size_t len = 0;
    struct folder folder;
    struct report *r;
    folder_make(&folder);
    REQUIRE(report_new(&(struct report_options){ folder.path, "./lab", " --break x=flip-bit" }, &r) == ERR_OK);
    const struct report_text t = { open_memstream(&text, &len), terminal };
    report_text_begin(&t, f->scenario.id, "direct");
    CHECK(report_add(r, &f->run) == ERR_OK);
    report_text_verdict(&t, r);
    if (finish)
        report_text_finish(&t, r);
    fclose(t.out);
    report_free(r);
    folder_remove(&folder);
    return text;
}

static void a_pass_is_one_line(void)
{
    struct fake *f = fake_new("swap/01-first-swap", "first");
    fake_step(f, "one", VERDICT_PASSED, "", "");
    char *text = shown(f, false, false);
    CHECK(strcmp(text, "PASS swap/01-first-swap                direct     1 steps,    0 messages, 0.25 s\n") == 0);
    free(text);
    fake_free(f);
}

static void a_failure_says_expected_found_repeat_and_look(void)
{
    static const char *const wanted[] = {
        "FAIL swap/02                           direct    step 1 \"it works\"\n", "  expected  swap DONE\n", "  found     swap FAILED\n",
        "  cause     message 2: no stock left\n", "  repeat    ./lab run swap/02 --wiring direct --seed 7 --break x=flip-bit\n",
        "/swap-02-direct.html#m2\n",
    };
    struct fake *f = fake_new("swap/02", "second");
    fake_exchange(f, "eso", "smdp", "https://eso.example.com/v1/x", span_str("{}"), 409,
                  span_str("{\"detail\":\"no stock left\"}"));
    fake_step(f, "it works", VERDICT_FAILED, "swap DONE", "swap FAILED");
    char *text = shown(f, false, false);
    for (size_t i = 0; i < COUNT(wanted); i++)
        CHECK_ROW(wanted[i], strstr(text, wanted[i]) != NULL);
    free(text);
    fake_free(f);
}

static void the_last_line_is_the_counts(void)
{
    struct fake *f = fake_new("swap/03", "third");
    char *text = shown(f, false, true);
    const char *end = "\n1 passed, 0 failed, 0 skipped\n";
    CHECK(strlen(text) > strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0);
    free(text);
    fake_free(f);
}

static void colours_only_on_a_terminal(void)
{
    struct fake *f = fake_new("swap/04", "fourth");
    char *plain = shown(f, false, true), *coloured = shown(f, true, true);
    CHECK(!strchr(plain, '\033') && !strchr(plain, '\r') && !strstr(plain, "…"));
    CHECK(strstr(coloured, "\033[32mPASS\033[0m") && strstr(coloured, "…    swap/04  direct"));
    free(plain);
    free(coloured);
    fake_free(f);
}

static void a_hostile_text_sends_nothing_to_the_terminal(void)
{
    struct fake *f = fake_new("swap/05\033[2J", "fifth");
    fake_step(f, "\033]0;title\007\n9 passed, 0 failed, 0 skipped", VERDICT_FAILED, "a\033[31m", "b\nc");
    char *text = shown(f, false, false);
    CHECK(!strchr(text, '\033') && !strchr(text, '\007'));
    CHECK(!strstr(text, "\n9 passed"));
    free(text);
    fake_free(f);
}

static void no_colours_for_a_file(void)
{
    struct report_text t;
    FILE *f = tmpfile();
    REQUIRE(f != NULL);
    report_text_init(&t, f);
    CHECK(!t.terminal && t.out == f);
    fclose(f);
}

const struct test text_tests[] = {
    { "a pass is one line", a_pass_is_one_line },
    { "a failure says expected, found, repeat and look", a_failure_says_expected_found_repeat_and_look },
    { "the last line is the counts", the_last_line_is_the_counts },
    { "colours only on a terminal", colours_only_on_a_terminal },
    { "a hostile text sends nothing to the terminal", a_hostile_text_sends_nothing_to_the_terminal },
    { "no colours for a file", no_colours_for_a_file },
};
const size_t text_test_count = COUNT(text_tests);
