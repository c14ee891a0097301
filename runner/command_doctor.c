/* sgp32lab doctor: tries what the lab needs on this machine, and says what to do where something is missing. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certs.h"
#include "command_scenarios.h"
#include "db.h"

/* Tries one thing; what it found goes to `found`. */
struct trial {
    const char *what;
    bool (*works)(char found[200]);
    const char *mend;
};

static bool try_crypto(char found[200])
{
    const uint8_t seed[32] = { 1 };
    struct crypto *c = NULL;
    struct pki *pki = NULL;
    const struct pki_item *item = NULL;
    enum err e = crypto_new_seeded(SPAN_ARRAY(seed), &c);
    if (!e)
        e = pki_new(c, clock_now(clock_system()), &pki);
    if (!e)
        e = pki_server(pki, "smdp.example.com", &item);
    snprintf(found, 200, "%s", e ? err_name(e) : "both curves, certificates issued");
    pki_free(pki);
    crypto_free(c);
    return !e;
}

static bool try_database(char found[200])
{
    const struct log silent = { 0 };
    struct db *db = NULL;
    enum err e = db_open(&silent, NULL, false, &db);
    snprintf(found, 200, "%s", e ? err_name(e) : "opens");
    db_close(db);
    return !e;
}

static bool try_port(char found[200])
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    bool works = fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof any) == 0 && listen(fd, 1) == 0;
    snprintf(found, 200, "%s", works ? "listens on 127.0.0.1" : strerror(errno));
    if (fd >= 0)
        close(fd);
    return works;
}

static bool try_files(char found[200])
{
    struct rlimit limit;
    bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0;
    snprintf(found, 200, "%llu", known ? (unsigned long long)limit.rlim_cur : 0);
    return known && limit.rlim_cur >= 1024;
}

static bool try_folder(char found[200])
{
    bool works = access(".", W_OK) == 0;
    snprintf(found, 200, "%s", works ? "can be written" : strerror(errno));
    return works;
}

static bool try_scenarios(char found[200])
{
    char folder[4096];
    struct scenario_files files = { 0 };
    const struct command_words none = { 0 };
    bool works = scenario_folder(folder) && scenario_files_find("doctor", &none, &files) == 0;
    snprintf(found, 200, works ? "%zu in %.150s" : "%zu found", files.count, folder);
    scenario_files_release(&files);
    return works;
}

static bool try_clock(char found[200])
{
    struct buf text = { .max = 64 };
    int64_t now = clock_now(clock_system());
    bool works = now > INT64_C(1767225600000) && clock_put_iso8601(&text, now) == ERR_OK;
    snprintf(found, 200, "%.*s", (int)text.len, text.at ? (const char *)text.at : "");
    buf_release(&text);
    return works;
}

static const struct trial trials[] = {
    { "cryptography", try_crypto, "install OpenSSL 3 (libssl3) with its default provider" },
    { "database", try_database, "install SQLite (libsqlite3-0)" },
    { "local ports", try_port, "allow this user to listen on 127.0.0.1; loopback wiring needs it" },
    { "open files", try_files, "ulimit -n 4096: loopback wiring keeps connections open" },
    { "this folder", try_folder, "go where build/report can be written, or use --report DIR" },
    { "scenarios", try_scenarios, "set LAB_SCENARIOS to the folder of scenario files" },
    { "clock", try_clock, "set the clock: certificates are issued from now" },
};

int command_doctor(int argc, char **argv)
{
    unsigned missing = 0;
    int status = command_read(NULL, 0, argc, argv, NULL);
    for (size_t i = 0; !status && i < COUNT(trials); i++) {
        char found[200] = "";
        bool works = trials[i].works(found);
        printf("%-8s %-14s %s\n", works ? "ok" : "MISSING", trials[i].what, found);
        if (!works)
            printf("         %-14s %s\n", "", trials[i].mend);
        missing += !works;
    }
    if (!status)
        printf("%s\n", missing ? "not everything is there" : "everything is there");
    return status ? status : missing ? 1 : 0;
}
