/* The folder that 'sgp32lab certs make' writes: who a simulated server is, and which CIs it believes. */
#include <stdio.h>

#include "daemon.h"

#define PATH_ROOM 4096

static enum err put_path(char out[PATH_ROOM], const char *folder, const char *part, const char *kind,
                         const char *name, const char *form)
{
    int n = snprintf(out, PATH_ROOM, "%s/%s/%s_%s.%s", folder, part, kind, name, form);
    return n > 0 && n < PATH_ROOM ? ERR_OK : ERR_LIMIT;
}

enum err daemon_read_identity(struct daemon *d, const char *folder, const char *part, const char *name,
                              const struct cert **certificate, struct ec_key **key)
{
    char path[PATH_ROOM];
    enum err e = put_path(path, folder, part, "CERT", name, "der");
    if (!e)
        e = daemon_read_certificate(d, path, certificate);
    if (!e)
        e = put_path(path, folder, part, "SK", name, "pem");
    return e ? e : daemon_read_key(d, path, key);
}

static enum err add_file(struct daemon *d, struct trust *t, const char *folder, const char *kind,
                         const char *name)
{
    char path[PATH_ROOM];
    struct buf file = { .max = 1 << 20 };
    bool crl = kind[1] == 'R';
    enum err e = put_path(path, folder, "CertificateIssuer", kind, name, "der");
    if (!e)
        e = daemon_read_file(daemon_settings(d), "certs", path, &file);
    if (!e && (crl ? trust_add_crl(t, buf_span(&file)) : trust_add_ci(t, buf_span(&file)))) {
        fprintf(stderr, "certs: '%s' is no %s\n", path, crl ? "revocation list of its CI" : "CI certificate");
        e = ERR_CONFIG;
    }
    buf_release(&file);
    return e;
}

enum err daemon_read_ci_folder(struct daemon *d, const char *folder, struct trust **out)
{
    static const char *const names[] = { "CI_ECDSA_NIST", "CI_ECDSA_BRP" };
    struct trust *t = NULL;
    enum err e = trust_new(daemon_env(d)->crypto, &t);
    for (size_t i = 0; !e && i < COUNT(names); i++) {
        e = add_file(d, t, folder, "CERT", names[i]);
        if (!e)
            e = add_file(d, t, folder, "CRL", names[i]);
    }
    if (e)
        trust_free(t);
    else
        *out = t;
    return e;
}
