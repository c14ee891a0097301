#include <errno.h>
#include <stdio.h>
#include <string.h>
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
