#include <ctype.h>
#include <string.h>

#include "eso_model.h"

bool contract_is_valid_at(const struct contract *c, int64_t now)
{
    return now >= c->valid_from && (c->valid_to == 0 || now < c->valid_to);
}

bool contract_covers(const struct contract *c, const char *country)
{
    size_t len = strlen(country);
    if (c->territory[0] == '\0')
        return true;
    for (const char *at = c->territory; at && len; at = strchr(at, ','), at = at ? at + 1 : NULL)
        if (strncmp(at, country, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
    return false;
}

const struct profile *device_profile_of(const struct device *d, const char *carrier)
{
    for (size_t i = 0; i < d->profile_count; i++)
        if (strcmp(d->profile[i].carrier, carrier) == 0)
            return &d->profile[i];
    return NULL;
}

const struct profile *device_profile_enabled(const struct device *d)
{
    for (size_t i = 0; i < d->profile_count; i++)
        if (d->profile[i].enabled)
            return &d->profile[i];
    return NULL;
}

static bool are_digits(const char *text, size_t least, size_t most)
{
    size_t len = text ? strnlen(text, most + 1) : 0;
    for (size_t i = 0; i < len; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return len >= least && len <= most;
}

bool eso_eid_is_valid(const char *eid)
{
    return are_digits(eid, 32, 32);
}

bool eso_iccid_is_valid(const char *iccid)
{
    return are_digits(iccid, 19, 20);
}

bool eso_id_is_valid(const char *id)
{
    size_t len = id ? strnlen(id, ESO_ID_MAX + 1) : 0;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)id[i]) && !strchr("._-", id[i]))
            return false;
    return len >= 1 && len <= ESO_ID_MAX;
}

bool eso_country_is_valid(const char *c)
{
    return c && isupper((unsigned char)c[0]) && isupper((unsigned char)c[1]) && c[2] == '\0';
}

enum err eso_text_set(char *at, size_t size, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len >= size)
        return ERR_LIMIT;
    if (len)
        memcpy(at, text, len);
    at[len] = '\0';
    return ERR_OK;
}
