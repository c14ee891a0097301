/* The PKI as files: made, checked, never over somebody else's. */
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs_test.h"
#include "json.h"

/* A folder of its own, removed at the end. */
struct folder {
    struct crypto *crypto;
    char at[64], dir[96];
    char *text; /* what was printed last */
    size_t text_len;
};

static void folder_open(struct folder *f)
{
    *f = (struct folder){ .at = "/tmp/certs-test-XXXXXX" };
    REQUIRE(mkdtemp(f->at) != NULL);
    snprintf(f->dir, sizeof f->dir, "%s/pki", f->at);
    REQUIRE(crypto_new(&f->crypto) == ERR_OK);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static void folder_close(struct folder *f)
{
    CHECK(nftw(f->at, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    free(f->text);
    crypto_free(f->crypto);
}

static enum err make_with(struct folder *f, const struct certs_options *o)
{
    free(f->text);
    f->text = NULL;
    FILE *errors = open_memstream(&f->text, &f->text_len);
    REQUIRE(errors != NULL);
    enum err e = certs_make(f->crypto, f->dir, o, errors);
    fclose(errors);
    return e;
}

static enum err make(struct folder *f)
{
    const struct certs_options o = { .epoch = EPOCH };
    return make_with(f, &o);
}

static enum err check_at(struct folder *f, int64_t now, bool json)
{
    free(f->text);
    f->text = NULL;
    FILE *out = open_memstream(&f->text, &f->text_len);
    REQUIRE(out != NULL);
    enum err e = certs_check(f->crypto, f->dir, now, json, out, out);
    fclose(out);
    return e;
}

static char *path_of(const struct folder *f, const char *relative)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", f->dir, relative);
    return path;
}

static mode_t mode_of(const struct folder *f, const char *relative)
{
    struct stat info;
    return stat(path_of(f, relative), &info) == 0 ? info.st_mode & 0777 : 0;
}

static void what_is_made_is_as_described(void)
{
    struct folder f;
    folder_open(&f);
    CHECK(make(&f) == ERR_OK);
    CHECK(f.text_len == 0);
    CHECK(check_at(&f, EPOCH, false) == ERR_OK);
    CHECK(strstr(f.text, ", 0 different") != NULL);
    CHECK(strstr(f.text, "DIFF") == NULL);
    CHECK(strstr(f.text, "eUICC < CERT_EUM_ECDSA_NIST < CERT_CI_ECDSA_NIST") != NULL);
    if (strstr(f.text, "DIFF"))
        puts(f.text);
    folder_close(&f);
}

static void at_least_a_dozen_are_flawed(void)
{
    struct pki_description d;
    size_t flawed = 0, kinds = 0;
    bool seen[32] = { false };
    for (size_t i = 0; pki_describe(i, &d); i++) {
        CHECK_ROW(d.name, !d.flaw == (d.verdict == CERT_FINE));
        flawed += d.flaw != NULL;
        kinds += d.flaw && !seen[d.verdict];
        seen[d.verdict] = seen[d.verdict] || d.flaw;
    }
    CHECK(flawed >= 12);
    CHECK(kinds == 11); /* every flaw but bad encoding and not-a-CA, which need no certificate of ours */
}

static void keys_are_for_their_owner_only(void)
{
    static const char *const keys[] = { "CertificateIssuer/SK_CI_ECDSA_NIST.pem",
                                        "eUICC/SK_EUICC_ECDSA_BRP.pem",
                                        "DPauth/SK_S_SM_DPauth_ECDSA_NIST.pem",
                                        "Operator/SK_OPERATOR_ESO.pem" };
    struct folder f;
    folder_open(&f);
    CHECK(make(&f) == ERR_OK);
    for (size_t i = 0; i < COUNT(keys); i++)
        CHECK_ROW(keys[i], mode_of(&f, keys[i]) == 0600);
    CHECK(mode_of(&f, "CertificateIssuer/CRL_CI_ECDSA_NIST.der") != 0);
    CHECK(mode_of(&f, "DPauth/CERT_S_SM_DPauth_ECDSA_NIST.pem") != 0);
    REQUIRE(chmod(path_of(&f, keys[2]), 0644) == 0);
    CHECK(check_at(&f, EPOCH, false) == ERR_VERIFY);
    CHECK(strstr(f.text, "its key can be read by others") != NULL);
    folder_close(&f);
}

static void further_names_are_made_and_checked(void)
{
    static const char *const servers[] = { "cmp.alpha.example.com", "smdp.example.com", NULL };
    static const char *const clients[] = { "cmp.alpha", "ESO", NULL };
    static const char *const eids[] = { "89049032000000000000000000000042", NULL };
    const struct certs_options o = { .epoch = EPOCH, .servers = servers, .clients = clients, .eids = eids };
    struct folder f;
    folder_open(&f);
    CHECK(make_with(&f, &o) == ERR_OK);
    CHECK(mode_of(&f, "TLS/SK_S_cmp.alpha.example.com_TLS.pem") == 0600);
    CHECK(mode_of(&f, "eUICC/SK_EUICC_89049032000000000000000000000042_ECDSA_BRP.pem") == 0600);
    CHECK(check_at(&f, EPOCH, false) == ERR_OK);
    CHECK(strstr(f.text, "CERT_S_cmp.alpha.example.com_TLS") != NULL);
    CHECK(strstr(f.text, "CERT_OPERATOR_cmp.alpha ") != NULL);
    CHECK(strstr(f.text, "CERT_EUICC_89049032000000000000000000000042_ECDSA_NIST") != NULL);
    folder_close(&f);
}

static void unusable_names_are_refused(void)
{
    static const char *const bad[] = { "../evil", NULL };
    const struct certs_options rows[] = { { .epoch = EPOCH, .servers = bad },
                                          { .epoch = EPOCH, .clients = bad },
                                          { .epoch = EPOCH, .eids = bad } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct folder f;
        folder_open(&f);
        CHECK(make_with(&f, &rows[i]) == ERR_PARSE);
        CHECK(strstr(f.text, "'../evil'") != NULL);
        folder_close(&f);
    }
}

static void a_json_report_says_the_same(void)
{
    struct folder f;
    json_t *report = NULL;
    int64_t n = -1;
    folder_open(&f);
    CHECK(make(&f) == ERR_OK);
    CHECK(check_at(&f, EPOCH, true) == ERR_OK);
    REQUIRE(json_read(span_of(f.text, f.text_len), &report, NULL) == ERR_OK);
    CHECK(json_int(report, "different", &n) == ERR_OK && n == 0);
    CHECK(json_int(report, "asDescribed", &n) == ERR_OK);
    CHECK(json_array_size(json_object_get(report, "certificates")) == (size_t)n);
    json_decref(report);
    folder_close(&f);
}

static void time_passes_for_the_files(void)
{
    struct folder f;
    folder_open(&f);
    CHECK(make(&f) == ERR_OK);
    CHECK(check_at(&f, EPOCH + 500 * CLOCK_DAY, false) == ERR_VERIFY);
    CHECK(strstr(f.text, "DIFF CERT_S_ESO_TLS ") != NULL);
    CHECK(strstr(f.text, "ok   CERT_S_SM_DPauth_ECDSA_NIST ") != NULL);
    folder_close(&f);
}

static void flip(struct folder *f, const char *relative, off_t at)
{
    uint8_t octet;
    int fd = open(path_of(f, relative), O_RDWR);
    REQUIRE(fd >= 0);
    if (at < 0)
        at += lseek(fd, 0, SEEK_END);
    REQUIRE(pread(fd, &octet, 1, at) == 1);
    octet ^= 1;
    REQUIRE(pwrite(fd, &octet, 1, at) == 1);
    close(fd);
}

static void a_changed_file_is_seen(void)
{
    struct folder f;
    char from[256];
    folder_open(&f);
    CHECK(make(&f) == ERR_OK);
    flip(&f, "DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der", -1);
    flip(&f, "EUM/CERT_EUM_ECDSA_BRP.der", 0);
    snprintf(from, sizeof from, "%s", path_of(&f, "DPpb/SK_S_SM_DP2pb_ECDSA_NIST.pem"));
    REQUIRE(rename(from, path_of(&f, "DPpb/SK_S_SM_DPpb_ECDSA_NIST.pem")) == 0);
    CHECK(check_at(&f, EPOCH, false) == ERR_VERIFY);
    CHECK(strstr(f.text, "DIFF CERT_S_SM_DPauth_ECDSA_NIST                fine              bad_signature") !=
          NULL);
    CHECK(strstr(f.text, "DIFF CERT_EUM_ECDSA_BRP ") != NULL);
    CHECK(strstr(f.text, "the key beside it is not its key") != NULL);
    folder_close(&f);
}

static void anothers_folder_is_left_alone(void)
{
    const struct certs_options replace = { .epoch = EPOCH, .replace = true };
    struct folder f;
    folder_open(&f);
    REQUIRE(mkdir(f.dir, 0755) == 0);
    int fd = open(path_of(&f, "letter.txt"), O_WRONLY | O_CREAT, 0644);
    REQUIRE(fd >= 0);
    close(fd);
    CHECK(make(&f) == ERR_EXISTS);
    CHECK(make_with(&f, &replace) == ERR_EXISTS);
    CHECK(strstr(f.text, "was not made by 'certs make'") != NULL);
    CHECK(mode_of(&f, "EUM") == 0);
    CHECK(check_at(&f, EPOCH, false) == ERR_NOT_FOUND);
    folder_close(&f);
}

static void our_own_is_replaced_only_when_told(void)
{
    static const char *const servers[] = { "old.example.com", NULL };
    const struct certs_options first = { .epoch = EPOCH, .servers = servers };
    const struct certs_options again = { .epoch = EPOCH, .replace = true };
    struct folder f;
    folder_open(&f);
    CHECK(make_with(&f, &first) == ERR_OK);
    CHECK(make(&f) == ERR_EXISTS);
    CHECK(strstr(f.text, "--replace") != NULL);
    CHECK(mode_of(&f, "TLS/CERT_S_old.example.com_TLS.der") != 0);
    CHECK(make_with(&f, &again) == ERR_OK);
    CHECK(mode_of(&f, "TLS/CERT_S_old.example.com_TLS.der") == 0);
    CHECK(check_at(&f, EPOCH, false) == ERR_OK);
    folder_close(&f);
}

static void a_folder_that_cannot_be_written_is_one_clear_line(void)
{
    static const char *const dirs[] = { "/dev/null/pki", "/nowhere/at/all" };
    const struct certs_options o = { .epoch = EPOCH };
    for (size_t i = 0; i < COUNT(dirs); i++) {
        struct folder f;
        folder_open(&f);
        snprintf(f.dir, sizeof f.dir, "%s", dirs[i]);
        CHECK_ROW(dirs[i], make_with(&f, &o) == ERR_IO);
        CHECK_ROW(dirs[i], strncmp(f.text, "certs: cannot make ", 19) == 0 &&
                               strchr(f.text, '\n') == f.text + f.text_len - 1);
        CHECK_ROW(dirs[i], check_at(&f, EPOCH, false) == ERR_NOT_FOUND);
        folder_close(&f);
    }
}

static void gsmas_own_archive_can_be_checked(void)
{
    struct folder f;
    const char *path = shared_path("data/sgp26");
    if (!path)
        return;
    folder_open(&f);
    struct crypto *c = f.crypto;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    REQUIRE(out != NULL);
    CHECK(certs_check(c, path, EPOCH, false, out, out) != ERR_NOT_FOUND);
    fclose(out);
    CHECK(strstr(text, "ok   CERT_EUICC_ECDSA_NIST ") != NULL ||
          strstr(text, "its key can be read by others") != NULL);
    free(text);
    folder_close(&f);
}

struct words {
    const char *name;
    int expected;
    char at[6][24]; /* changeable, as main's are */
};

static void wrong_words_end_with_two(void)
{
    struct words rows[] = {
        { "no folder", 2, { "make" } },
        { "an unknown subcommand", 2, { "mkae" } },
        { "an unknown option", 2, { "make", "x", "--force" } },
        { "an option of the other", 2, { "make", "x", "--json" } },
        { "half an option", 2, { "make", "x", "--e", "1" } },
        { "two folders", 2, { "check", "x", "y" } },
        { "no value", 2, { "make", "x", "--eid" } },
        { "a time that is none", 2, { "check", "x", "--at", "noon" } },
        { "a carrier that is a path", 2, { "make", "x", "--carrier", "../a" } },
        { "a folder that is not there", 1, { "check", "/nowhere/at/all" } },
        { "the list", 0, { "list" } },
    };
    int quiet = open("/dev/null", O_WRONLY), out = dup(1), err = dup(2);
    fflush(stdout);
    dup2(quiet, 1);
    dup2(quiet, 2);
    int status[COUNT(rows)];
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *argv[6];
        int argc = 0;
        while (argc < 6 && rows[i].at[argc][0])
            argv[argc] = rows[i].at[argc], argc++;
        status[i] = certs_command(argc, argv);
    }
    fflush(stdout);
    dup2(out, 1);
    dup2(err, 2);
    close(quiet), close(out), close(err);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_ROW(rows[i].name, status[i] == rows[i].expected);
}

const struct test files_tests[] = {
    { "what is made is as described", what_is_made_is_as_described },
    { "at least a dozen are flawed", at_least_a_dozen_are_flawed },
    { "keys are for their owner only", keys_are_for_their_owner_only },
    { "further names are made and checked", further_names_are_made_and_checked },
    { "unusable names are refused", unusable_names_are_refused },
    { "a JSON report says the same", a_json_report_says_the_same },
    { "time passes for the files", time_passes_for_the_files },
    { "a changed file is seen", a_changed_file_is_seen },
    { "another's folder is left alone", anothers_folder_is_left_alone },
    { "our own is replaced only when told", our_own_is_replaced_only_when_told },
    { "a folder that cannot be written is one clear line",
      a_folder_that_cannot_be_written_is_one_clear_line },
    { "GSMA's own archive can be checked", gsmas_own_archive_can_be_checked },
    { "wrong words end with two", wrong_words_end_with_two },
};
const size_t files_test_count = COUNT(files_tests);
