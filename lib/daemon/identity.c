/* Files that settings name: certificates, keys, those who may call. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "daemon.h"

#define FILE_MAX (1u << 20)
#define KEY_LEN 32

static enum err complain(const struct settings *s, const struct yaml_node *n, const char *what)
{
    struct yaml_error error;
    enum err e = yaml_fail(settings_yaml(s), n->at, &error, "%s", what);
    fprintf(stderr, "%s\n", error.text);
    return e;
}

static void release_secret_buf(struct buf *b)
{
    if (b->at)
        memory_clear(b->at, b->cap);
    buf_release(b);
}

/* --- the storage key */

static enum err write_new_file(const char *path, struct span text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_IO;
    bool written = write(fd, text.at, text.len) == (ssize_t)text.len && fsync(fd) == 0;
    close(fd);
    return written ? ERR_OK : ERR_IO;
}

static enum err make_storage_key(const char *key, const char *path)
{
    uint8_t bytes[KEY_LEN];
    struct buf text = { .max = 2 * KEY_LEN + 1 };
    enum err e = rng_fill(rng_system(), bytes, sizeof bytes);
    if (!e)
        e = hex_put(&text, SPAN_ARRAY(bytes));
    if (!e)
        e = buf_put_u8(&text, '\n');
    if (!e)
        e = write_new_file(path, buf_span(&text));
    if (e)
        fprintf(stderr, "%s: cannot make '%s'\n", key, path);
    memory_clear(bytes, sizeof bytes);
    release_secret_buf(&text);
    return e;
}

enum err daemon_read_storage_key(const struct settings *s, const char *key, struct secret *out)
{
    const char *path = settings_text(s, key);
    struct buf text = { .max = 256 }, bytes = { .max = 64 };
    enum err e = access(path, F_OK) ? make_storage_key(key, path) : ERR_OK;
    if (!e)
        e = daemon_read_file(s, key, path, &text);
    while (!e && text.len && strchr("\r\n ", text.at[text.len - 1]))
        text.len--;
    if (!e && (hex_decode(buf_span(&text), &bytes) || bytes.len != KEY_LEN)) {
        fprintf(stderr, "%s: '%s' does not hold 64 hex digits\n", key, path);
        e = ERR_CONFIG;
    }
    if (!e)
        e = secret_set(out, buf_span(&bytes));
    release_secret_buf(&text);
    release_secret_buf(&bytes);
    return e;
}

/* --- certificates and keys */

enum err daemon_read_certificate(struct daemon *d, const char *path, const struct cert **out)
{
    struct buf file = { .max = FILE_MAX };
    enum err e = daemon_read_file(daemon_settings(d), "certificate", path, &file);
    if (!e && cert_load(daemon_env(d)->crypto, buf_span(&file), out)) {
        fprintf(stderr, "'%s' is no certificate that can be used here\n", path);
        e = ERR_CONFIG;
    }
    buf_release(&file);
    return e;
}

enum err daemon_read_key(struct daemon *d, const char *path, struct ec_key **out)
{
    struct buf file = { .max = FILE_MAX };
    enum err e = daemon_read_file(daemon_settings(d), "key", path, &file);
    if (!e && ec_key_load(daemon_env(d)->crypto, buf_span(&file), out)) {
        fprintf(stderr, "'%s' is no private key on P-256 or brainpoolP256r1\n", path);
        e = ERR_CONFIG;
    }
    release_secret_buf(&file);
    return e;
}

static enum err add_file(struct daemon *d, struct trust *t, const struct yaml_node *n, bool crl)
{
    struct buf file = { .max = FILE_MAX };
    if (n->kind != YAML_SCALAR)
        return complain(daemon_settings(d), n, "a file name is wanted here");
    enum err e = daemon_read_file(daemon_settings(d), "trust", n->text, &file);
    if (!e && (crl ? trust_add_crl(t, buf_span(&file)) : trust_add_ci(t, buf_span(&file))))
        e = complain(daemon_settings(d), n,
                     crl ? "this is no revocation list of a CI in trust" : "this is no CI certificate");
    buf_release(&file);
    return e;
}

static enum err add_files(struct daemon *d, struct trust *t, const char *key, bool crl)
{
    const struct yaml_node *list = settings_node(daemon_settings(d), key);
    enum err e = ERR_OK;
    for (size_t i = 0; !e && list && i < list->count; i++)
        e = add_file(d, t, list->item[i], crl);
    return e;
}

enum err daemon_read_trust(struct daemon *d, const char *cis, const char *crls, struct trust **out)
{
    struct trust *t = NULL;
    enum err e = trust_new(daemon_env(d)->crypto, &t);
    if (!e)
        e = add_files(d, t, cis, false);
    if (!e && crls)
        e = add_files(d, t, crls, true);
    if (e)
        trust_free(t);
    else
        *out = t;
    return e;
}

/* --- who may call */

static enum err read_fingerprint(struct daemon *d, const struct yaml_node *n, struct daemon_client *out)
{
    const struct yaml_node *fingerprint = yaml_get(n, "fingerprint"), *file = yaml_get(n, "certificate");
    const struct cert *c = NULL;
    if (!fingerprint == !file || (file && file->kind != YAML_SCALAR))
        return complain(daemon_settings(d), n, "a client has either a certificate (a file) or a fingerprint");
    if (fingerprint)
        return daemon_read_hash(daemon_settings(d), fingerprint, out->fingerprint);
    enum err e = daemon_read_certificate(d, file->text, &c);
    if (!e)
        memcpy(out->fingerprint, c->sha256, sizeof out->fingerprint);
    return e;
}

static enum err read_rights(struct daemon *d, const struct yaml_node *list, const struct daemon_right *known,
                            unsigned *out)
{
    for (size_t i = 0; list && list->kind == YAML_LIST && i < list->count; i++) {
        const struct yaml_node *n = list->item[i];
        const struct daemon_right *r = known;
        while (r->word && (n->kind != YAML_SCALAR || strcmp(r->word, n->text) != 0))
            r++;
        if (!r->word)
            return complain(daemon_settings(d), n, "there is no such right here (--help names them)");
        *out |= r->bit;
    }
    return ERR_OK;
}

static const char *const client_keys[] = { "name", "certificate", "fingerprint", "rights", NULL };
static const char *const tenants_client_keys[] = { "name", "certificate", "fingerprint", "rights", "tenant", NULL };

static enum err read_client(struct daemon *d, const struct yaml_node *n, const char *const *keys,
                            const struct daemon_right *rights, struct daemon_client *out)
{
    struct yaml_error error;
    enum err e = daemon_member(daemon_settings(d), n, "name", &out->name);
    if (e)
        return e;
    e = yaml_only_keys(settings_yaml(daemon_settings(d)), n, keys, &error);
    if (e)
        fprintf(stderr, "%s\n", error.text);
    if (!e && yaml_get(n, "tenant"))
        e = daemon_member(daemon_settings(d), n, "tenant", &out->tenant);
    if (!e)
        e = read_fingerprint(d, n, out);
    return e ? e : read_rights(d, yaml_get(n, "rights"), rights, &out->rights);
}

static enum err read_clients(struct daemon *d, const char *key, const char *const *keys, const struct daemon_right *rights,
                             struct daemon_client **out, size_t *count)
{
    const struct yaml_node *list = settings_node(daemon_settings(d), key);
    size_t n = list ? list->count : 0;
    struct daemon_client *all = calloc(n ? n : 1, sizeof *all);
    enum err e = all ? ERR_OK : ERR_NOMEM;
    for (size_t i = 0; !e && i < n; i++)
        e = read_client(d, list->item[i], keys, rights, &all[i]);
    if (e) {
        free(all);
        return e;
    }
    *out = all;
    *count = n;
    return ERR_OK;
}

enum err daemon_read_clients(struct daemon *d, const char *key, const struct daemon_right *rights,
                             struct daemon_client **out, size_t *count)
{
    return read_clients(d, key, client_keys, rights, out, count);
}

enum err daemon_read_tenants_clients(struct daemon *d, const char *key, const struct daemon_right *rights,
                                     struct daemon_client **out, size_t *count)
{
    return read_clients(d, key, tenants_client_keys, rights, out, count);
}
