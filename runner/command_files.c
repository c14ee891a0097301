#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "command.h"

#define PATH_ROOM 4400

enum err command_make_folders(const char *path)
{
    char part[PATH_ROOM];
    for (const char *at = path; at;) {
        const char *slash = strchr(at + 1, '/');
        snprintf(part, sizeof part, "%.*s", slash ? (int)(slash - path) : (int)strlen(path), path);
        if (mkdir(part, 0777) && errno != EEXIST)
            return ERR_IO;
        at = slash;
    }
    return ERR_OK;
}

void command_raise_file_limit(const char *command)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit))
        fprintf(stderr, "sgp32lab %s: the limit of open files cannot be raised: %s\n", command, strerror(errno));
}
