#include "own_pcscd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card_pcsc.h"
#include "harness.h"

#define DRIVER "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
#define FOLDER "/run/pcscd"
#define SOCKET FOLDER "/pcscd.comm"
#define PCSCD "/usr/sbin/pcscd"

static int bind_port(uint16_t port)
{
    const struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_ANY) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    close(fd);
    return -1;
}

/* vpcd has two slots, on this port and the next. */
static uint16_t free_ports(void)
{
    uint16_t port = 0;
    for (int second = -1; second < 0;) {
        struct sockaddr_in at;
        socklen_t size = sizeof at;
        int first = bind_port(0);
        REQUIRE(getsockname(first, (struct sockaddr *)&at, &size) == 0);
        port = ntohs(at.sin_port);
        second = port < 65535 ? bind_port((uint16_t)(port + 1)) : -1;
        close(first);
        if (second >= 0)
            close(second);
    }
    return port;
}

static void write_config(struct own_pcscd *d)
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
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && dup2(null, STDOUT_FILENO) >= 0 &&
        dup2(null, STDERR_FILENO) >= 0 && dup2(clients, 3) == 3 && setenv("LISTEN_PID", pid, 1) == 0 && setenv("LISTEN_FDS", "1", 1) == 0)
        execl(PCSCD, PCSCD, "--foreground", "--config", config, (char *)NULL);
    _exit(127);
}

static void start(struct own_pcscd *d)
{
    d->port = free_ports();
    snprintf(d->address, sizeof d->address, "127.0.0.1:%u", d->port);
    write_config(d);
    int clients = listen_for_clients();
    d->pid = fork();
    REQUIRE(d->pid >= 0);
    if (d->pid == 0)
        become_pcscd(clients, d->config);
    close(clients);
}

static bool has_reader(void)
{
    struct card *card = NULL;
    enum err e = card_pcsc_open(NULL, "Lab Reader", &card);
    card_close(card);
    return e == ERR_OK;
}

/* Somebody else may take a port between our look and the reader's: then there is no reader, and other ports are tried. */
void own_pcscd_start(struct own_pcscd *d)
{
    bool there = false;
    for (int i = 0; i < 5 && !there; i++) {
        start(d);
        there = has_reader();
        if (!there)
            own_pcscd_stop(d);
    }
    REQUIRE(there);
}

void own_pcscd_stop(struct own_pcscd *d)
{
    CHECK(kill(d->pid, SIGTERM) == 0 && waitpid(d->pid, NULL, 0) == d->pid);
    CHECK(unlink(d->config) == 0 && (unlink(SOCKET) == 0 || errno == ENOENT));
}

/* A socket that nobody listens on is what a killed pcscd left behind. */
static bool somebody_listens(void)
{
    const struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = SOCKET };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return !refused || unlink(SOCKET) != 0;
}

/* Tests of another checkout may be at it: this process then waits until that one has ended, as others will for this one. */
static bool wait_for_turn(void)
{
    if (mkdir(FOLDER, 0755) && errno != EEXIST)
        return false;
    int lock = open(FOLDER "/sgp32lab.lock", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    return lock >= 0 && flock(lock, LOCK_EX) == 0;
}

bool own_pcscd_possible(void)
{
    return access(DRIVER, R_OK) == 0 && access(PCSCD, X_OK) == 0 && geteuid() == 0 && wait_for_turn() &&
           (access(SOCKET, F_OK) != 0 || !somebody_listens());
}
