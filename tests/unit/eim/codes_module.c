/* The numbers of the ASN.1 modules, read from their text: what is held against them is not what was made of it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"

const char *source_folder(void)
{
    const char *folder = getenv("LAB_SOURCE");
    return folder ? folder : ".";
}

static const char *find_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += len)
        if ((at == text || !isalnum((unsigned char)at[-1])) && at[-1] != '-' && !isalnum((unsigned char)at[len]) && at[len] != '-')
            return at;
    return NULL;
}

/* The "{" of the INTEGER, behind "Type ::=" and the member. */
static const char *find_list(const char *text, const char *type, const char *member)
{
    char definition[80];
    snprintf(definition, sizeof definition, "\n%s ::=", type);
    const char *at = strstr(text, definition);
    if (at && member)
        at = find_word(at, member);
    at = at ? strstr(at, "INTEGER {") : NULL;
    return at ? strchr(at, '{') : NULL;
}

/* "name(number)" after white space, commas and comments; NULL at the "}". */
static const char *next_name(const char *at, struct code_name *out)
{
    for (;;) {
        at += strspn(at, " \n,{");
        if (strncmp(at, "--", 2) != 0)
            break;
        at += strcspn(at, "\n");
    }
    size_t len = strcspn(at, "(}");
    if (at[len] != '(')
        return NULL;
    snprintf(out->name, sizeof out->name, "%.*s", (int)len, at);
    out->code = strtoll(at + len + 1, NULL, 10);
    return strchr(at, ')') + 1;
}

size_t module_codes(const char *type, const char *member, struct code_name out[CODES_MAX])
{
    static const char *const modules[] = { "sgp32", "rsp" };
    char path[4096];
    struct buf text = { .max = 1 << 20 };
    size_t count = 0;
    for (size_t i = 0; i < COUNT(modules); i++) {
        snprintf(path, sizeof path, "%s/asn1/%s.asn", source_folder(), modules[i]);
        REQUIRE(read_file(path, &text) == ERR_OK);
    }
    REQUIRE(buf_put_u8(&text, 0) == ERR_OK);
    const char *at = find_list((const char *)text.at, type, member);
    CHECK_ROW(type, at != NULL);
    while (at && count < CODES_MAX && (at = next_name(at, &out[count])))
        count++;
    buf_release(&text);
    return count;
}
