/* Files that settings name: certificates, keys, lists of clients. */
#include "host_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STORAGE_KEY_LEN 32

static enum err refuse_file(struct host *h, const char *path, const char *what)
{
    LOG(&h->log, LOG_ERROR, "settings.wrong", F_TEXT("file", path), F_TEXT("what", what));
    h->settings_wrong = true;
    return ERR_CONFIG;
}

enum err host_refuse(struct host *h, const struct yaml_node *n, const char *what)
{
    struct yaml_error error;
    enum err e = yaml_fail(settings_yaml(h->settings), n->at, &error, "%s", what);
    LOG(&h->log, LOG_ERROR, "settings.wrong", F_TEXT("what", error.text));
    h->settings_wrong = true;
    return e;
}

enum err host_read_file(struct host *h, const char *path, struct buf *out)
{
    uint8_t chunk[4096];
    enum err e = ERR_OK;
    FILE *f = fopen(path, "rb");
    if (!f)
        return refuse_file(h, path, strerrordesc_np(errno));
    for (size_t n; !e && (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        e = buf_put(out, span_of(chunk, n));
    bool failed = ferror(f);
    fclose(f);
    memory_clear(chunk, sizeof chunk);
    if (e == ERR_LIMIT || failed)
        return refuse_file(h, path, failed ? "cannot be read" : "is too large");
    return e;
}

static struct host_kept *keep(struct host *h)
{
    struct host_kept *k = calloc(1, sizeof *k);
    if (k) {
        k->next = h->kept;
        h->kept = k;
    }
    return k;
}

void *host_keep(struct host *h, size_t size)
{
    struct host_kept *k = keep(h);
    if (k)
        k->memory = calloc(1, size ? size : 1);
    return k ? k->memory : NULL;
}

void host_release_kept(struct host *h)
{
    while (h->kept) {
        struct host_kept *k = h->kept;
        h->kept = k->next;
        ec_key_free(k->key);
        free(k->memory);
        free(k);
    }
}

/* Parsed by lib/crypto, which keeps it: nothing is copied. */
static enum err load_certificate(struct host *h, const char *path, const struct cert **out)
{
    struct buf file = { .max = HOST_FILE_MAX };
    enum err e = host_read_file(h, path, &file);
    if (!e && cert_load(h->env.crypto, buf_span(&file), out))
        e = refuse_file(h, path, "is no certificate that can be used here");
    buf_release(&file);
    return e;
}

enum err host_certificate(struct host *h, const char *path, struct span *der)
{
    const struct cert *c = NULL;
    enum err e = load_certificate(h, path, &c);
    if (!e)
        *der = c->der;
    return e;
}

enum err host_key(struct host *h, const char *path, const struct ec_key **out)
{
    struct buf file = { .max = HOST_FILE_MAX };
    struct host_kept *k = keep(h);
    enum err e = k ? host_read_file(h, path, &file) : ERR_NOMEM;
    if (!e && ec_key_load(h->env.crypto, buf_span(&file), &k->key))
        e = refuse_file(h, path, "is no private key on P-256 or brainpoolP256r1");
    if (!e)
        *out = k->key;
    if (file.at)
        memory_clear(file.at, file.cap);
    buf_release(&file);
    return e;
}

/* --- the storage key */

static enum err make_storage_key(struct host *h, const char *path)
{
    uint8_t key[STORAGE_KEY_LEN];
    struct buf text = { .max = 2 * STORAGE_KEY_LEN + 1 };
    enum err e = rng_fill(h->env.rng, key, sizeof key);
    if (!e)
        e = hex_put(&text, SPAN_ARRAY(key));
    if (!e)
        e = buf_put_u8(&text, '\n');
    int fd = e ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (!e && fd < 0)
        e = refuse_file(h, path, strerrordesc_np(errno));
    if (!e && (write(fd, text.at, text.len) != (ssize_t)text.len || fsync(fd)))
        e = refuse_file(h, path, "cannot be written");
    if (fd >= 0)
        close(fd);
    memory_clear(key, sizeof key);
    if (text.at)
        memory_clear(text.at, text.cap);
    buf_release(&text);
    return e;
}

enum err host_storage_key(struct host *h, const char *path, struct secret *out)
{
    struct buf text = { .max = 256 }, key = { .max = 64 };
    enum err e = access(path, F_OK) ? make_storage_key(h, path) : ERR_OK;
    if (!e)
        e = host_read_file(h, path, &text);
    while (!e && text.len && strchr("\r\n ", text.at[text.len - 1]))
        text.len--;
    if (!e && (hex_decode(buf_span(&text), &key) || key.len != STORAGE_KEY_LEN))
        e = refuse_file(h, path, "must hold 64 hex digits");
    if (!e)
        e = secret_set(out, buf_span(&key));
    if (text.at)
        memory_clear(text.at, text.cap);
    if (key.at)
        memory_clear(key.at, key.cap);
    buf_release(&text);
    buf_release(&key);
    return e;
}

/* --- trust */

static enum err add_file(struct host *h, struct trust *t, const struct yaml_node *n, bool crl)
{
    struct buf file = { .max = HOST_FILE_MAX };
    if (n->kind != YAML_SCALAR)
        return host_refuse(h, n, "a file name is wanted here");
    enum err e = host_read_file(h, n->text, &file);
    if (!e)
        e = crl ? trust_add_crl(t, buf_span(&file)) : trust_add_ci(t, buf_span(&file));
    if (e && e != ERR_NOMEM && e != ERR_CONFIG)
        e = host_refuse(h, n, crl ? "this is no revocation list of a CI named above" : "this is no CI certificate");
    buf_release(&file);
    return e;
}

static enum err add_files(struct host *h, struct trust *t, const char *key, bool crl)
{
    const struct yaml_node *list = settings_node(h->settings, key);
    enum err e = ERR_OK;
    for (size_t i = 0; !e && list && i < list->count; i++)
        e = add_file(h, t, list->item[i], crl);
    return e;
}

enum err host_fill_trust(struct host *h, const char *cis, const char *crls, struct trust **out)
{
    enum err e = trust_new(h->env.crypto, out);
    if (!e)
        e = add_files(h, *out, cis, false);
    if (!e && crls)
        e = add_files(h, *out, crls, true);
    return e;
}

enum err host_put_pem(struct host *h, const char *key, struct buf *out)
{
    const struct yaml_node *list = settings_node(h->settings, key);
    enum err e = ERR_OK;
    for (size_t i = 0; !e && list && i < list->count; i++) {
        const struct cert *c = NULL;
        e = load_certificate(h, list->item[i]->text, &c);
        if (!e)
            e = cert_put_pem(c->der, out);
    }
    return e;
}

/* --- clients */

static enum err read_fingerprint(struct host *h, const struct yaml_node *n, struct host_client *out)
{
    const struct yaml_node *hexed = yaml_get(n, "fingerprint"), *file = yaml_get(n, "certificate");
    struct buf b = { .max = 32 };
    const struct cert *c = NULL;
    enum err e = ERR_OK;
    if (!hexed == !file || (hexed ? hexed : file)->kind != YAML_SCALAR)
        return host_refuse(h, n, "a client has a certificate (file) or a fingerprint (64 hex digits)");
    if (file) {
        e = load_certificate(h, file->text, &c);
        if (!e)
            memcpy(out->fingerprint, c->sha256, 32);
        return e;
    }
    if (hex_decode(span_str(hexed->text), &b) || b.len != 32)
        e = host_refuse(h, hexed, "a fingerprint has 64 hex digits");
    else
        memcpy(out->fingerprint, b.at, 32);
    buf_release(&b);
    return e;
}

static enum err read_rights(struct host *h, const struct yaml_node *list, const struct host_right *known,
                            unsigned *out)
{
    for (size_t i = 0; list && list->kind == YAML_LIST && i < list->count; i++) {
        const struct yaml_node *n = list->item[i];
        const struct host_right *r = known;
        while (r->name && (n->kind != YAML_SCALAR || strcmp(r->name, n->text)))
            r++;
        if (!r->name)
            return host_refuse(h, n, "there is no such right here");
        *out |= r->bit;
    }
    return ERR_OK;
}

static enum err read_client(struct host *h, const struct yaml_node *n, const struct host_right *rights,
                            struct host_client *out)
{
    static const char *const keys[] = { "name", "certificate", "fingerprint", "rights", NULL };
    struct yaml_error error;
    const struct yaml_node *name = yaml_get(n, "name");
    if (n->kind != YAML_MAP || !name || name->kind != YAML_SCALAR)
        return host_refuse(h, n, "a client is a map with a name");
    if (yaml_only_keys(settings_yaml(h->settings), n, keys, &error)) {
        LOG(&h->log, LOG_ERROR, "settings.wrong", F_TEXT("what", error.text));
        h->settings_wrong = true;
        return ERR_CONFIG;
    }
    out->name = name->text;
    enum err e = read_fingerprint(h, n, out);
    return e ? e : read_rights(h, yaml_get(n, "rights"), rights, &out->rights);
}

enum err host_clients(struct host *h, const struct host_right *rights, const struct host_client **out,
                      size_t *count)
{
    const struct yaml_node *list = settings_node(h->settings, "clients");
    size_t n = list ? list->count : 0;
    struct host_client *all = host_keep(h, n * sizeof *all);
    enum err e = all ? ERR_OK : ERR_NOMEM;
    for (size_t i = 0; !e && i < n; i++)
        e = read_client(h, list->item[i], rights, &all[i]);
    *out = all;
    *count = n;
    return e;
}
