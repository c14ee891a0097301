/* A run that never was, the files a report leaves of it, and a checker of markup. */
#ifndef LAB_TESTS_REPORT_TESTS_H
#define LAB_TESTS_REPORT_TESTS_H

#include "harness.h"
#include "report.h"

/* A world of two parts and a trace, without actors. */
struct fake {
    struct scenario scenario;
    struct world world;
    struct part part[2];
    struct run run;
};
struct fake *fake_new(const char *id, const char *title);
void fake_free(struct fake *f);
/* A request and its answer with these bodies. */
void fake_exchange(struct fake *f, const char *from, const char *to, const char *url, struct span request, int status,
                   struct span answer);
/* A step that took the messages since the last one. */
void fake_step(struct fake *f, const char *name, enum verdict v, const char *expected, const char *found);
void fake_event(struct fake *f, const char *line);

/* A fresh folder; removed with everything in it by folder_remove. */
struct folder {
    char path[200];
};
void folder_make(struct folder *f);
void folder_remove(struct folder *f);
/* The text of a file in it, with an end mark; empty when it is absent. */
struct buf folder_read(const struct folder *f, const char *name);
/* Does any file below contain these bytes? Its name then. */
bool folder_contains(const struct folder *f, struct span bytes, char name[256]);

/* Every element closed in order, attributes quoted, < and & only where they may stand. why says where not. */
bool well_formed(struct span text, char why[160]);

extern const struct test report_tests[], text_tests[], markup_tests[], redact_tests[], whole_tests[];
extern const size_t report_test_count, text_test_count, markup_test_count, redact_test_count, whole_test_count;

#endif
