/* Our vpcd card and our PC/SC driver meet in the machine's own pcscd, started here with a reader of our own. Skipped where
 * pcscd or its virtual reader is not installed, one is running already, or we may not start it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apdu.h"
#include "card_pcsc.h"
#include "card_vpcd.h"
#include "echo_card.h"
#include "harness.h"

#define SKIPPED 77
#define DRIVER "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
#define FOLDER "/run/pcscd"
#define SOCKET FOLDER "/pcscd.comm"
#define PCSCD "/usr/sbin/pcscd"

static uint16_t free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&at, &size) == 0 && close(fd) == 0);
    return ntohs(at.sin_port);
}

/* pcscd with one virtual reader. */
struct daemon {
    pid_t pid;
    uint16_t port;
    char config[64];
};

static void write_config(struct daemon *d)
{
    char text[300];
    snprintf(d->config, sizeof d->config, "/tmp/lab-pcscd-XXXXXX");
    int fd = mkstemp(d->config);
    int n = snprintf(text, sizeof text, "FRIENDLYNAME \"Lab Reader\"\nDEVICENAME /dev/null:0x%04X\nLIBPATH %s\n"
                                        "CHANNELID 0x%04X\n", d->port, DRIVER, d->port);
    REQUIRE(fd >= 0 && write(fd, text, (size_t)n) == n && close(fd) == 0);
}

/* The socket that pcscd would make. It is handed to it as systemd would, so that nobody has to wait for it to be there. */
static int listen_for_clients(void)
{
    const struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = SOCKET };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(mkdir(FOLDER, 0755) == 0 || errno == EEXIST);
    REQUIRE(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 5) == 0);
    return fd;
}

static void become_pcscd(int clients, const char *config)
{
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    int null = open("/dev/null", O_WRONLY);
    if (dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 && dup2(clients, 3) == 3 &&
        setenv("LISTEN_PID", pid, 1) == 0 && setenv("LISTEN_FDS", "1", 1) == 0)
        execl(PCSCD, PCSCD, "--foreground", "--config", config, (char *)NULL);
    _exit(127);
}

static void start(struct daemon *d)
{
    d->port = free_port();
    write_config(d);
    int clients = listen_for_clients();
    d->pid = fork();
    REQUIRE(d->pid >= 0);
    if (d->pid == 0)
        become_pcscd(clients, d->config);
    close(clients);
}

static void stop(struct daemon *d)
{
    CHECK(kill(d->pid, SIGTERM) == 0 && waitpid(d->pid, NULL, 0) == d->pid);
    CHECK(unlink(d->config) == 0 && (unlink(SOCKET) == 0 || errno == ENOENT));
}

struct server {
    struct card *card;
    char address[32];
    enum err result;
};

static void *serve(void *context)
{
    struct server *s = context;
    s->result = card_vpcd_serve(NULL, s->address, s->card, NULL);
    return NULL;
}

static void play(struct card *reader, size_t len)
{
    struct buf bytes = { .max = 1 << 16 }, request = { .max = 1 << 16 };
    unsigned channel = 0;
    uint16_t sw = 0;
    for (size_t i = 0; i < len; i++)
        REQUIRE(buf_put_u8(&request, (uint8_t)(i * 7)) == ERR_OK);
    CHECK(card_reset(reader, &bytes) == ERR_OK && span_equal(buf_span(&bytes), SPAN(0x3b, 0x9f, 0x96)));
    CHECK(apdu_open_isd_r(reader, &channel, &bytes, &sw) == ERR_OK && sw == 0x9000);
    CHECK(apdu_store_data(reader, channel, 0, buf_span(&request), &bytes, &sw) == ERR_OK && sw == 0x9000);
    CHECK(span_equal(buf_span(&bytes), buf_span(&request)));
    buf_release(&bytes);
    buf_release(&request);
}

static void a_card_crosses_pcscd_unchanged(void)
{
    struct daemon d;
    struct echo_card echo;
    struct card *reader = NULL;
    pthread_t thread;
    echo_card_init(&echo);
    start(&d);
    struct server s = { .card = &echo.card };
    snprintf(s.address, sizeof s.address, "127.0.0.1:%u", d.port);
    REQUIRE(card_pcsc_open(NULL, "Lab Reader", &reader) == ERR_OK);
    /* Once pcscd shows the reader, the reader listens. */
    REQUIRE(pthread_create(&thread, NULL, serve, &s) == 0);
    play(reader, 20);
    play(reader, 3000);
    card_close(reader);
    stop(&d);
    CHECK(pthread_join(thread, NULL) == 0 && s.result == ERR_OK);
    echo_card_release(&echo);
}

int main(void)
{
    static const struct test tests[] = {
        { "a card crosses pcscd unchanged", a_card_crosses_pcscd_unchanged },
    };
    if (access(DRIVER, R_OK) || access(PCSCD, X_OK) || geteuid() != 0 || access(SOCKET, F_OK) == 0) {
        test_skip("pcscd with vpcd is not here, runs already, or may not be started");
        return SKIPPED;
    }
    return tests_main("pcscd", tests, COUNT(tests));
}
