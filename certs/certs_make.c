/* Writes the PKI as files, laid out and named as SGP.26's archive. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki_internal.h"

const char *const certs_folders[] = {
    "CertificateIssuer", "EUM",    "eUICC", "DPauth", "DPpb", "DPtls", "DSauth", "DStls", "EIM", "TLS",
    "Operator",          "invalid"
};
const size_t certs_folder_count = COUNT(certs_folders);

struct make {
    struct crypto *crypto;
    struct pki *pki;
    const char *dir;
    FILE *errors;
};

void certs_key_name(const char *certificate, char out[PKI_NAME_MAX])
{
    const char *stem = strncmp(certificate, "CERT_", 5) == 0 ? certificate + 5 : certificate;
    snprintf(out, PKI_NAME_MAX, "SK_%.*s", PKI_NAME_MAX - 4, stem);
}

static enum err cannot(const struct make *m, const char *what, const char *path)
{
    fprintf(m->errors, "certs: cannot %s %s: %s\n", what, path, strerror(errno));
    return ERR_IO;
}

static enum err write_all(int fd, struct span bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno != EINTR)
            return ERR_IO;
        if (n > 0)
            bytes = span_sub(bytes, (size_t)n, bytes.len);
    }
    return ERR_OK;
}

/* Beside it first, then renamed: a reader sees the old file or the new one. */
static enum err write_file(const struct make *m, const char *folder, const char *name, const char *ending,
                           struct span bytes, mode_t mode)
{
    char path[CERTS_PATH_MAX], beside[CERTS_PATH_MAX + 4];
    if (snprintf(path, sizeof path, "%s/%s/%s.%s", m->dir, folder, name, ending) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return cannot(m, "write", name);
    }
    snprintf(beside, sizeof beside, "%s.new", path);
    if (unlink(beside) != 0 && errno != ENOENT)
        return cannot(m, "write", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return cannot(m, "write", path);
    enum err e = write_all(fd, bytes);
    if (close(fd) != 0 || e || rename(beside, path) != 0) {
        enum err failed = cannot(m, "write", path);
        unlink(beside);
        return failed;
    }
    return ERR_OK;
}

static enum err write_item(const struct make *m, const char *folder, const struct pki_item *item)
{
    char key[PKI_NAME_MAX];
    certs_key_name(item->name, key);
    enum err e = write_file(m, folder, item->name, "der", item->der, 0644);
    if (!e)
        e = write_file(m, folder, item->name, "pem", item->pem, 0644);
    return e ? e : write_file(m, folder, key, "pem", item->key_pem, 0600);
}

static enum err write_table(const struct make *m)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < pki_row_count; i++) {
        const struct pki_item *item = NULL;
        e = pki_get(m->pki, pki_rows[i].name, &item);
        if (!e)
            e = write_item(m, pki_rows[i].folder, item);
    }
    return e;
}

static enum err write_further(const struct make *m, const char *folder, const char *const *names,
                              enum err (*issue)(struct pki *, const char *, const struct pki_item **))
{
    enum err e = ERR_OK;
    for (; !e && names && *names; names++) {
        const struct pki_item *item = NULL;
        e = issue(m->pki, *names, &item);
        if (e == ERR_PARSE)
            fprintf(m->errors, "certs: '%s' is no usable name\n", *names);
        if (!e && !pki_row_named(item->name))
            e = write_item(m, folder, item);
    }
    return e;
}

static enum err write_euicc_key(const struct make *m, const char *name, enum ec_curve curve,
                                const struct pki_euicc *card)
{
    char key_name[PKI_NAME_MAX];
    struct ec_key *key = NULL;
    struct buf pem = { .max = 1024 };
    certs_key_name(name, key_name);
    enum err e = ec_key_from_scalar(m->crypto, curve, secret_span(&card->key), &key);
    if (!e)
        e = ec_key_put_pem(key, &pem);
    if (!e)
        e = write_file(m, "eUICC", key_name, "pem", buf_span(&pem), 0600);
    if (pem.at)
        memory_clear(pem.at, pem.cap);
    buf_release(&pem);
    ec_key_free(key);
    return e;
}

static enum err write_euicc(const struct make *m, const char *eid, enum ec_curve curve)
{
    const char *ending = curve == EC_P256 ? "ECDSA_NIST" : "ECDSA_BRP";
    char row[PKI_NAME_MAX], name[PKI_NAME_MAX];
    struct pki_euicc card = { .key = { .len = 0 } };
    struct buf pem = { .max = 1 << 14 };
    snprintf(row, sizeof row, "CERT_EUICC_%s", ending);
    snprintf(name, sizeof name, "CERT_EUICC_%s_%s", eid, ending);
    enum err e = certs_issue_euicc(m->pki, row, eid, &card);
    if (e == ERR_PARSE)
        fprintf(m->errors, "certs: '%s' is no EID of 32 digits\n", eid);
    if (!e)
        e = write_file(m, "eUICC", name, "der", buf_span(&card.certificate), 0644);
    if (!e)
        e = cert_put_pem(buf_span(&card.certificate), &pem);
    if (!e)
        e = write_file(m, "eUICC", name, "pem", buf_span(&pem), 0644);
    if (!e)
        e = write_euicc_key(m, name, curve, &card);
    buf_release(&pem);
    pki_euicc_release(&card);
    return e;
}

static enum err write_crls(const struct make *m)
{
    static const char *const lists[][3] = { { "CERT_CI_ECDSA_NIST", "CRL_CI_ECDSA_NIST",
                                              "CertificateIssuer" },
                                            { "CERT_CI_ECDSA_BRP", "CRL_CI_ECDSA_BRP", "CertificateIssuer" },
                                            { "CERT_OPERATOR_CA", "CRL_OPERATOR_CA", "Operator" } };
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < COUNT(lists); i++) {
        struct buf der = { .max = 1 << 16 };
        e = pki_crl(m->pki, lists[i][0], &der);
        if (!e)
            e = write_file(m, lists[i][2], lists[i][1], "der", buf_span(&der), 0644);
        buf_release(&der);
    }
    return e;
}

static enum err count_files(const struct make *m, size_t *count)
{
    DIR *d = opendir(m->dir);
    if (!d)
        return cannot(m, "read", m->dir);
    *count = 0;
    for (const struct dirent *f = readdir(d); f; f = readdir(d))
        *count += strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0;
    closedir(d);
    return ERR_OK;
}

static bool is_ours(const char *file)
{
    return strncmp(file, "CERT_", 5) == 0 || strncmp(file, "SK_", 3) == 0 || strncmp(file, "CRL_", 4) == 0;
}

/* What an earlier issue left in a folder: certificates below authorities that are gone. */
static enum err clear_folder(const struct make *m, const char *folder)
{
    char path[CERTS_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", m->dir, folder);
    DIR *d = opendir(path);
    enum err e = ERR_OK;
    if (!d)
        return errno == ENOENT ? ERR_OK : cannot(m, "read", path);
    for (const struct dirent *f = readdir(d); f && !e; f = readdir(d))
        if (is_ours(f->d_name) && unlinkat(dirfd(d), f->d_name, 0) != 0)
            e = cannot(m, "remove", f->d_name);
    closedir(d);
    return e;
}

/* A folder that is not empty is somebody's; only one with our marker may be replaced. */
static enum err claim_directory(const struct make *m, bool replace)
{
    char marker[CERTS_PATH_MAX];
    size_t files = 0;
    if (snprintf(marker, sizeof marker, "%s/%s", m->dir, CERTS_MARKER) >= (int)sizeof marker - PKI_NAME_MAX) {
        errno = ENAMETOOLONG;
        return cannot(m, "make", m->dir);
    }
    if (mkdir(m->dir, 0755) != 0 && errno != EEXIST)
        return cannot(m, "make", m->dir);
    enum err e = count_files(m, &files);
    if (e || !files)
        return e;
    if (access(marker, F_OK) != 0) {
        fprintf(m->errors, "certs: %s is not empty and was not made by 'certs make': choose another folder\n",
                m->dir);
        return ERR_EXISTS;
    }
    if (!replace) {
        fprintf(m->errors, "certs: %s holds certificates already: --replace issues them anew\n", m->dir);
        return ERR_EXISTS;
    }
    for (size_t i = 0; !e && i < certs_folder_count; i++)
        e = clear_folder(m, certs_folders[i]);
    return e;
}

static enum err write_marker(const struct make *m)
{
    static const char text[] =
        "Issued by 'sgp32lab certs make', which may replace the certificates and keys below here.\n";
    char path[CERTS_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", m->dir, CERTS_MARKER);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return cannot(m, "write", path);
    enum err e = write_all(fd, span_str(text));
    return close(fd) != 0 || e ? cannot(m, "write", path) : ERR_OK;
}

static enum err make_folders(const struct make *m)
{
    for (size_t i = 0; i < certs_folder_count; i++) {
        char path[CERTS_PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", m->dir, certs_folders[i]);
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return cannot(m, "make", path);
    }
    return ERR_OK;
}

enum err certs_make(struct crypto *c, const char *dir, const struct certs_options *options, FILE *errors)
{
    struct make m = { .crypto = c, .dir = dir, .errors = errors };
    enum err e = claim_directory(&m, options->replace);
    if (!e)
        e = write_marker(&m);
    if (!e)
        e = make_folders(&m);
    if (!e)
        e = pki_new(c, options->epoch, &m.pki);
    if (!e)
        e = write_table(&m);
    if (!e)
        e = write_further(&m, "TLS", options->servers, pki_server);
    if (!e)
        e = write_further(&m, "Operator", options->clients, pki_client);
    for (const char *const *eid = options->eids; !e && eid && *eid; eid++) {
        e = write_euicc(&m, *eid, EC_P256);
        if (!e)
            e = write_euicc(&m, *eid, EC_BRAINPOOL_P256R1);
    }
    if (!e)
        e = write_crls(&m);
    pki_free(m.pki);
    return e;
}
