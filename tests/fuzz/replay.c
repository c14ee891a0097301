/* Feeds the rows of a seeds file ("name hex", '#' begins a comment) to a fuzz target without
 * libFuzzer. test-fuzz_NAME seeds.txt            replays them test-fuzz_NAME seeds.txt FOLDER
 * writes them as files, a first corpus for fuzz-NAME */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int write_seed(const char *folder, const char *name, const struct buf *bytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f)
        return -1;
    bool written = fwrite(bytes->at, 1, bytes->len, f) == bytes->len;
    return fclose(f) == 0 && written ? 0 : -1;
}

/* The seed itself, and all that can be cut from its end. */
static void replay_seed(const struct buf *bytes)
{
    for (size_t len = 0; len <= bytes->len; len++) {
        uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees the end */
        if (!exact)
            abort();
        if (len)
            memcpy(exact, bytes->at, len);
        LLVMFuzzerTestOneInput(exact, len);
        free(exact);
    }
}

static enum err put_text(struct buf *bytes, const char *text)
{
    enum err e = ERR_OK;
    for (; !e && *text; text++) {
        bool line_end = text[0] == '\\' && text[1] == 'n';
        e = buf_put_u8(bytes, (uint8_t)(line_end ? '\n' : *text));
        text += line_end;
    }
    return e;
}

static enum err read_value(char *value, struct buf *bytes)
{
    return value[0] == '=' ? put_text(bytes, value + 1 + (value[1] == ' '))
                           : hex_decode(span_str(value), bytes);
}

static int take_row(char *line, const char *folder)
{
    struct buf bytes = { .max = 1 << 20 };
    line[strcspn(line, "\n")] = 0;
    char *value = strchr(line, ' ');
    if (line[0] == '#' || !value)
        return 0;
    *value++ = 0;
    int failed = read_value(value, &bytes) ? -1 : 0;
    if (failed)
        fprintf(stderr, "%s: neither hex nor text\n", line);
    else if (folder)
        failed = write_seed(folder, line, &bytes);
    else
        replay_seed(&bytes);
    buf_release(&bytes);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s seeds.txt [folder]\n", argv[0]);
        return 2;
    }
    FILE *f = fopen(argv[1], "r");
    if (!f) {
        perror(argv[1]);
        return 2;
    }
    char *line = NULL;
    size_t room = 0;
    int failed = 0;
    while (!failed && getline(&line, &room, f) > 0)
        failed = take_row(line, argc > 2 ? argv[2] : NULL);
    free(line);
    fclose(f);
    return failed ? 1 : 0;
}
