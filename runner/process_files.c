/* The folder of a world whose actors are programs: settings, certificates, databases, logs. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process_world.h"

enum err process_folder_make(struct world *w)
{
    const char *where = getenv("TMPDIR");
    snprintf(w->folder, sizeof w->folder, "%.90s/sgp32lab-XXXXXX", where && *where ? where : "/tmp");
    if (mkdtemp(w->folder))
        return ERR_OK;
    enum err e = world_fail(w, ERR_IO, "no folder can be made at %s: %s", w->folder, strerror(errno));
    w->folder[0] = 0;
    return e;
}

void process_path(const struct world *w, const char *relative, char out[PROCESS_PATH_MAX])
{
    snprintf(out, PROCESS_PATH_MAX, "%s/%s", w->folder, relative);
}

static enum err make_parents(char *path, size_t from)
{
    for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return ERR_IO;
    }
    return ERR_OK;
}

enum err process_put_file(struct world *w, const char *relative, struct span bytes)
{
    char path[PROCESS_PATH_MAX];
    process_path(w, relative, path);
    enum err e = make_parents(path, strlen(w->folder) + 1);
    int fd = e ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return world_fail(w, ERR_IO, "%s cannot be written: %s", path, strerror(errno));
    bool written = write(fd, bytes.at, bytes.len) == (ssize_t)bytes.len;
    written &= close(fd) == 0;
    return written ? ERR_OK : world_fail(w, ERR_IO, "%s cannot be written: %s", path, strerror(errno));
}

enum err process_read_file(const struct world *w, const char *relative, struct buf *out)
{
    char path[PROCESS_PATH_MAX];
    uint8_t chunk[8192];
    process_path(w, relative, path);
    FILE *f = fopen(path, "rb");
    enum err e = f ? ERR_OK : ERR_NOT_FOUND;
    for (size_t n; !e && (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        e = buf_put(out, span_of(chunk, n));
    if (f)
        fclose(f);
    return e;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s;
    (void)type;
    (void)at;
    return remove(path);
}

void process_folder_remove(struct world *w)
{
    if (w->folder[0] && nftw(w->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS))
        fprintf(stderr, "sgp32lab: %s could not be removed: %s\n", w->folder, strerror(errno));
    w->folder[0] = 0;
}
