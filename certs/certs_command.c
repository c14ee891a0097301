/* "sgp32lab certs make|check|list". */
#include <stdlib.h>
#include <string.h>

#include "pki_internal.h"

#define WORDS_MAX 64

static const char usage[] =
    "usage: certs make DIR [OPTION]…    issue the lab's PKI with fresh keys\n"
    "         --carrier NAME            servers cmp.NAME.example.com and net.NAME.example.com, client "
    "cmp.NAME\n"
    "         --server HOST             a TLS certificate for this host\n"
    "         --client NAME             a client certificate of the operator CA\n"
    "         --eid EID                 an eUICC, both curves\n"
    "         --epoch TIME              count validity from here (2026-01-31T12:00:00Z); default now\n"
    "         --replace                 issue anew where 'certs make' issued before\n"
    "       certs check DIR [--json] [--at TIME]\n"
    "                                   judge every chain; exit 1 when one is not as described\n"
    "       certs list                  the description: what there is, and what is wrong with the flawed "
    "ones\n";

/* Words of one option, NULL-terminated. */
struct words {
    const char *at[WORDS_MAX + 1];
    size_t count;
};

struct arguments {
    const char *dir;
    struct words servers, clients, eids;
    char carrier[WORDS_MAX][3][PKI_NAME_MAX]; /* the names made of --carrier */
    size_t carriers;
    int64_t at;
    bool replace, json;
};

static int complain(const char *what, const char *word)
{
    fprintf(stderr, "certs: %s%s%s%s (see: certs --help)\n", what, word ? " '" : "", word ? word : "",
            word ? "'" : "");
    return 2;
}

static bool add_word(struct words *w, const char *word)
{
    if (w->count == WORDS_MAX)
        return false;
    w->at[w->count++] = word;
    return true;
}

static bool add_carrier(struct arguments *a, const char *name)
{
    if (a->carriers == WORDS_MAX || !pki_name_usable(name))
        return false;
    char(*made)[PKI_NAME_MAX] = a->carrier[a->carriers++];
    snprintf(made[0], PKI_NAME_MAX, "cmp.%s.example.com", name);
    snprintf(made[1], PKI_NAME_MAX, "net.%s.example.com", name);
    snprintf(made[2], PKI_NAME_MAX, "cmp.%s", name);
    return add_word(&a->servers, made[0]) && add_word(&a->servers, made[1]) && add_word(&a->clients, made[2]);
}

/* An option with a value. false: not one, or its value is wrong. */
static bool take_value(struct arguments *a, const char *option, const char *value)
{
    if (strcmp(option, "--carrier") == 0)
        return add_carrier(a, value);
    if (strcmp(option, "--server") == 0)
        return add_word(&a->servers, value);
    if (strcmp(option, "--client") == 0)
        return add_word(&a->clients, value);
    if (strcmp(option, "--eid") == 0)
        return add_word(&a->eids, value);
    if (strcmp(option, "--epoch") == 0 || strcmp(option, "--at") == 0)
        return clock_parse_iso8601(span_str(value), &a->at) == ERR_OK;
    return false;
}

static bool among(const char *const *words, const char *word)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words;
}

/* Exit status: 0 to go on. `allowed` holds the options of this subcommand. */
static int read_arguments(struct arguments *a, const char *const *allowed, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (word[0] == '-' && !among(allowed, word))
            return complain("unknown option", word);
        if (word[0] != '-' && a->dir)
            return complain("one folder only, not also", word);
        if (word[0] != '-')
            a->dir = word;
        else if (strcmp(word, "--replace") == 0)
            a->replace = true;
        else if (strcmp(word, "--json") == 0)
            a->json = true;
        else if (i + 1 == argc)
            return complain("a value is missing after", word);
        else if (!take_value(a, word, argv[++i]))
            return complain("not usable here:", argv[i]);
    }
    return a->dir ? 0 : complain("which folder?", NULL);
}

static int run_make(const struct arguments *a)
{
    struct crypto *c = NULL;
    const struct certs_options options = { .epoch = a->at,
                                           .servers = a->servers.at,
                                           .clients = a->clients.at,
                                           .eids = a->eids.at,
                                           .replace = a->replace };
    enum err e = crypto_new(&c);
    if (!e)
        e = certs_make(c, a->dir, &options, stderr);
    crypto_free(c);
    if (e == ERR_NOMEM)
        fprintf(stderr, "certs: out of memory\n");
    if (!e)
        printf("certificates and keys are in %s\n", a->dir);
    return e ? 1 : 0;
}

static int run_check(const struct arguments *a)
{
    struct crypto *c = NULL;
    enum err e = crypto_new(&c);
    if (!e)
        e = certs_check(c, a->dir, a->at, a->json, stdout, stderr);
    crypto_free(c);
    return e ? 1 : 0;
}

static int run_list(void)
{
    struct pki_description d;
    printf("%-42s %-24s %-30s %s\n", "CERTIFICATE", "ROLE", "ISSUER", "FLAW");
    for (size_t i = 0; pki_describe(i, &d); i++)
        printf("%-42s %-24s %-30s %s\n", d.name, cert_role_name(d.role), d.issuer ? d.issuer : "-",
               d.flaw ? d.flaw : "-");
    return 0;
}

/* The arguments are large: not on the stack. */
static int with_arguments(const char *const *allowed, int argc, char **argv,
                          int (*run)(const struct arguments *a))
{
    struct arguments *a = calloc(1, sizeof *a);
    if (!a)
        return 1;
    a->at = clock_now(clock_system());
    int status = read_arguments(a, allowed, argc, argv);
    if (!status)
        status = run(a);
    free(a);
    return status;
}

int certs_command(int argc, char **argv)
{
    static const char *const for_make[] = { "--carrier", "--server",  "--client", "--eid",
                                            "--epoch",   "--replace", NULL };
    static const char *const for_check[] = { "--json", "--at", NULL };
    const char *word = argc > 0 ? argv[0] : "--help";
    if (strcmp(word, "make") == 0)
        return with_arguments(for_make, argc, argv, run_make);
    if (strcmp(word, "check") == 0)
        return with_arguments(for_check, argc, argv, run_check);
    if (strcmp(word, "list") == 0)
        return run_list();
    if (strcmp(word, "--help") != 0 && strcmp(word, "help") != 0)
        return complain("unknown subcommand", word);
    fputs(usage, stdout);
    return 0;
}
