/* Judges the certificates of a folder against their description, each with the eyes of who would verify it. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"
#include "pki_internal.h"

#define CHAIN_MAX 4

/* What was found of one certificate. */
struct finding {
    char name[PKI_NAME_MAX];
    const struct pki_row *row; /* borrowed while it is judged */
    const struct cert *cert;   /* NULL: cannot be read */
    const struct cert *above[CHAIN_MAX];
    const char *above_name[CHAIN_MAX];
    size_t above_count;
    enum cert_flaw found;
    const char *note; /* something else that is wrong; NULL */
};

struct check {
    struct crypto *crypto;
    const char *dir;
    int64_t now;
    struct trust *rsp, *operators;
    FILE *out, *errors;
    json_t *list; /* NULL: a table */
    size_t as_described, different;
};

/* dir/folder/name.ending, appended. ERR_NOT_FOUND when there is none. */
static enum err read_named(const struct check *k, const char *folder, const char *name, const char *ending,
                           struct buf *out)
{
    char path[CERTS_PATH_MAX];
    uint8_t chunk[4096];
    if (snprintf(path, sizeof path, "%s/%s/%s.%s", k->dir, folder, name, ending) >= (int)sizeof path)
        return ERR_IO;
    FILE *f = fopen(path, "rb");
    if (!f)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    enum err e = ERR_OK;
    for (size_t n; !e && (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        e = buf_put(out, span_of(chunk, n));
    memory_clear(chunk, sizeof chunk);
    if (ferror(f))
        e = ERR_IO;
    fclose(f);
    return e;
}

static enum err load_named(const struct check *k, const char *folder, const char *name,
                           const struct cert **out)
{
    struct buf der = { .max = 1 << 16 };
    *out = NULL;
    enum err e = read_named(k, folder, name, "der", &der);
    if (!e)
        e = cert_load(k->crypto, buf_span(&der), out);
    buf_release(&der);
    return e;
}

static enum err load_crl(const struct check *k, struct trust *t, const char *folder, const char *name)
{
    struct buf der = { .max = 1 << 20 };
    enum err e = read_named(k, folder, name, "der", &der);
    if (e == ERR_NOT_FOUND) /* no list, nothing revoked */
        e = ERR_OK;
    else if (!e)
        e = trust_add_crl(t, buf_span(&der));
    if (e)
        fprintf(k->errors, "certs: %s/%s/%s.der is no revocation list of its CI\n", k->dir, folder, name);
    buf_release(&der);
    return e;
}

static enum err add_root(const struct check *k, struct trust *t, const char *name)
{
    const struct cert *c = NULL;
    enum err e = load_named(k, pki_row_named(name)->folder, name, &c);
    if (!e)
        e = trust_add_ci(t, c->der);
    if (e && e != ERR_NOT_FOUND)
        fprintf(k->errors, "certs: %s cannot be read below %s\n", name, k->dir);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err load_trust(struct check *k)
{
    enum err e = trust_new(k->crypto, &k->rsp);
    if (!e)
        e = trust_new(k->crypto, &k->operators);
    if (!e)
        e = add_root(k, k->rsp, "CERT_CI_ECDSA_NIST");
    if (!e)
        e = add_root(k, k->rsp, "CERT_CI_ECDSA_BRP");
    if (!e)
        e = add_root(k, k->operators, "CERT_OPERATOR_CA");
    if (!e && trust_ci_count(k->rsp) == 0) {
        fprintf(k->errors, "certs: no CI certificate below %s/CertificateIssuer\n", k->dir);
        return ERR_NOT_FOUND;
    }
    if (!e)
        e = load_crl(k, k->rsp, "CertificateIssuer", "CRL_CI_ECDSA_NIST");
    if (!e)
        e = load_crl(k, k->rsp, "CertificateIssuer", "CRL_CI_ECDSA_BRP");
    return e ? e : load_crl(k, k->operators, "Operator", "CRL_OPERATOR_CA");
}

/* The certificates between this one and its root, from the files. */
static void load_chain(const struct check *k, struct finding *f)
{
    const struct pki_row *row = f->row->issuer ? pki_row_named(f->row->issuer) : NULL;
    while (row && f->above_count < CHAIN_MAX) {
        const struct cert *c = NULL;
        if (load_named(k, row->folder, row->name, &c))
            return;
        f->above_name[f->above_count] = row->name;
        f->above[f->above_count++] = c;
        row = row->issuer ? pki_row_named(row->issuer) : NULL;
    }
}

static bool of_operators(const struct pki_row *r)
{
    return strcmp(r->folder, "Operator") == 0 || r->role == CERT_OPERATOR_CLIENT;
}

static bool same_oid(const struct check *k, const struct pki_row *r, const struct cert *c)
{
    const struct pki_row *peer = pki_row_named(r->same_oid_as);
    const struct cert *other = NULL;
    return load_named(k, peer->folder, peer->name, &other) != ERR_OK || strcmp(other->oid, c->oid) == 0;
}

static enum cert_flaw judge(const struct check *k, const struct finding *f)
{
    const struct pki_row *r = f->row;
    const struct cert_policy policy = { .now = k->now };
    enum cert_flaw found = cert_judge(of_operators(r) ? k->operators : k->rsp, f->cert, r->role, f->above,
                                      f->above_count, &policy, NULL);
    /* An authority of our own has no role in RSP: that this is the last thing found is as described. */
    if (found == CERT_WRONG_ROLE && r->role == CERT_CI && r->policy)
        found = CERT_FINE;
    if (!found && r->host && !cert_names_host(f->cert, r->host))
        found = CERT_NAME_MISMATCH;
    if (!found && r->same_oid_as && !same_oid(k, r, f->cert))
        found = CERT_NAME_MISMATCH;
    return found;
}

/* The key beside the certificate: readable by its owner only, and the certificate's. NULL: in order, or not
 * there. */
static const char *judge_key(const struct check *k, const struct finding *f)
{
    char name[PKI_NAME_MAX], path[CERTS_PATH_MAX];
    struct buf pem = { .max = 1 << 14 };
    struct ec_key *key = NULL;
    struct ec_point point;
    struct stat info;
    const char *note = NULL;
    certs_key_name(f->name, name);
    if (snprintf(path, sizeof path, "%s/%s/%s.pem", k->dir, f->row->folder, name) >= (int)sizeof path ||
        stat(path, &info) != 0)
        return NULL;
    if (read_named(k, f->row->folder, name, "pem", &pem) || ec_key_load(k->crypto, buf_span(&pem), &key))
        note = "its key cannot be read";
    else if (info.st_mode & 077)
        note = "its key can be read by others";
    if (key)
        ec_key_point(key, &point);
    if (key && f->cert && memcmp(point.at, f->cert->key.at, sizeof point.at) != 0)
        note = "the key beside it is not its key";
    if (pem.at)
        memory_clear(pem.at, pem.cap);
    buf_release(&pem);
    ec_key_free(key);
    return note;
}

static void print_finding(const struct check *k, const struct finding *f, bool ok)
{
    fprintf(k->out, "%-4s %-42s %-17s %-17s", ok ? "ok" : "DIFF", f->name, cert_flaw_name(f->row->verdict),
            cert_flaw_name(f->found));
    fprintf(k->out, " %s", cert_role_name(f->row->role));
    for (size_t i = 0; i < f->above_count; i++)
        fprintf(k->out, " < %s", f->above_name[i]);
    if (f->note)
        fprintf(k->out, "; %s", f->note);
    fputc('\n', k->out);
}

static json_t *chain_json(const struct finding *f)
{
    json_t *chain = json_array();
    for (size_t i = 0; chain && i < f->above_count; i++)
        if (json_array_append_new(chain, json_string(f->above_name[i])) != 0) {
            json_decref(chain);
            return NULL;
        }
    return chain;
}

static enum err set_time(json_t *o, const char *member, int64_t at)
{
    struct buf text = { .max = 64 };
    enum err e = clock_put_iso8601(&text, at);
    const char *s = e ? NULL : buf_cstr(&text);
    if (!e)
        e = s ? json_set_str(o, member, s) : ERR_NOMEM;
    buf_release(&text);
    return e;
}

static enum err set_cert(json_t *o, const struct cert *c)
{
    enum err e = set_time(o, "notBefore", c->not_before);
    if (!e)
        e = set_time(o, "notAfter", c->not_after);
    return e ? e : json_set_hex(o, "sha256", SPAN_ARRAY(c->sha256));
}

static enum err append_finding(const struct check *k, const struct finding *f, bool ok)
{
    json_t *o = json_object();
    enum err e = o ? json_set_str(o, "name", f->name) : ERR_NOMEM;
    if (!e)
        e = json_set_str(o, "role", cert_role_name(f->row->role));
    if (!e)
        e = json_object_set_new(o, "chain", chain_json(f)) == 0 ? ERR_OK : ERR_NOMEM;
    if (!e && f->row->flaw)
        e = json_set_str(o, "flaw", f->row->flaw);
    if (!e)
        e = json_set_str(o, "expected", cert_flaw_name(f->row->verdict));
    if (!e)
        e = json_set_str(o, "found", cert_flaw_name(f->found));
    if (!e)
        e = json_set_bool(o, "asDescribed", ok);
    if (!e && f->note)
        e = json_set_str(o, "note", f->note);
    if (!e && f->cert)
        e = set_cert(o, f->cert);
    if (e) {
        json_decref(o);
        return e;
    }
    return json_array_append_new(k->list, o) == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err check_one(struct check *k, const struct pki_row *row)
{
    struct finding f = { .row = row };
    snprintf(f.name, sizeof f.name, "%s", row->name);
    enum err e = load_named(k, row->folder, row->name, &f.cert);
    if (e == ERR_NOMEM || e == ERR_NOT_FOUND) /* not found: not issued here */
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    load_chain(k, &f);
    f.found = e ? cert_load_flaw(e) : judge(k, &f);
    f.note = judge_key(k, &f);
    bool ok = f.found == row->verdict && !f.note;
    *(ok ? &k->as_described : &k->different) += 1;
    if (k->list)
        return append_finding(k, &f, ok);
    print_finding(k, &f, ok);
    return ERR_OK;
}

/* "CERT_S_cmp.alpha.example.com_TLS" -> "cmp.alpha.example.com". */
static bool middle_of(const char *name, const char *prefix, const char *suffix, char out[PKI_NAME_MAX])
{
    size_t len = strlen(name), before = strlen(prefix), behind = strlen(suffix);
    if (len <= before + behind || len >= PKI_NAME_MAX || strncmp(name, prefix, before) != 0 ||
        strcmp(name + len - behind, suffix) != 0)
        return false;
    memcpy(out, name + before, len - before - behind);
    out[len - before - behind] = 0;
    return true;
}

/* Certificates that were asked for beside the table, by their names. */
static enum err check_further(struct check *k, const char *folder, const char *name)
{
    char subject[PKI_NAME_MAX];
    struct pki_row row = { 0 };
    if (pki_row_named(name))
        return ERR_OK;
    if (strcmp(folder, "TLS") == 0 && middle_of(name, "CERT_S_", "_TLS", subject))
        row = pki_server_row(name, subject);
    else if (strcmp(folder, "Operator") == 0 && middle_of(name, "CERT_OPERATOR_", "", subject))
        row = pki_client_row(name, subject);
    else if (strcmp(folder, "eUICC") == 0 && middle_of(name, "CERT_EUICC_", "_ECDSA_NIST", subject))
        row = *pki_row_named("CERT_EUICC_ECDSA_NIST");
    else if (strcmp(folder, "eUICC") == 0 && middle_of(name, "CERT_EUICC_", "_ECDSA_BRP", subject))
        row = *pki_row_named("CERT_EUICC_ECDSA_BRP");
    else
        return ERR_OK;
    row.name = name;
    return check_one(k, &row);
}

static int certificates_only(const struct dirent *f)
{
    size_t len = strlen(f->d_name);
    return len > 9 && len < PKI_NAME_MAX && strncmp(f->d_name, "CERT_", 5) == 0 &&
           strcmp(f->d_name + len - 4, ".der") == 0;
}

static enum err check_folder(struct check *k, const char *folder)
{
    char path[CERTS_PATH_MAX];
    struct dirent **file = NULL;
    enum err e = ERR_OK;
    if (snprintf(path, sizeof path, "%s/%s", k->dir, folder) >= (int)sizeof path)
        return ERR_IO;
    int count = scandir(path, &file, certificates_only, alphasort);
    for (int i = 0; i < count; i++) {
        file[i]->d_name[strlen(file[i]->d_name) - 4] = 0;
        if (!e)
            e = check_further(k, folder, file[i]->d_name);
        free(file[i]);
    }
    free(file);
    return e;
}

static enum err print_json(const struct check *k)
{
    struct buf text = { .max = JSON_TEXT_MAX };
    json_t *o = json_object();
    enum err e = o && json_object_set(o, "certificates", k->list) == 0 ? ERR_OK : ERR_NOMEM;
    if (!e)
        e = json_set_int(o, "asDescribed", (int64_t)k->as_described);
    if (!e)
        e = json_set_int(o, "different", (int64_t)k->different);
    if (!e)
        e = json_write(o, &text);
    if (!e)
        fprintf(k->out, "%.*s\n", (int)text.len, (const char *)text.at);
    buf_release(&text);
    json_decref(o);
    return e;
}

static enum err check_all(struct check *k)
{
    enum err e = ERR_OK;
    if (!k->list)
        fprintf(k->out, "%-4s %-42s %-17s %-17s %s\n", "", "CERTIFICATE", "EXPECTED", "FOUND",
                "ROLE AND CHAIN");
    for (size_t i = 0; !e && i < pki_row_count; i++)
        e = check_one(k, &pki_rows[i]);
    for (size_t i = 0; !e && i < certs_folder_count; i++)
        e = check_folder(k, certs_folders[i]);
    if (e)
        return e;
    if (k->list)
        return print_json(k);
    fprintf(k->out, "%zu certificates, %zu as described, %zu different\n", k->as_described + k->different,
            k->as_described, k->different);
    return ERR_OK;
}

enum err certs_check(struct crypto *c, const char *dir, int64_t now, bool json, FILE *out, FILE *errors)
{
    struct check k = { .crypto = c, .dir = dir, .now = now, .out = out, .errors = errors };
    struct stat info;
    enum err e = ERR_OK;
    if (stat(dir, &info) != 0) {
        fprintf(errors, "certs: cannot read %s: %s\n", dir, strerror(errno));
        return ERR_NOT_FOUND;
    }
    if (json && !(k.list = json_array()))
        return ERR_NOMEM;
    e = load_trust(&k);
    if (!e)
        e = check_all(&k);
    trust_free(k.rsp);
    trust_free(k.operators);
    json_decref(k.list);
    return e ? e : k.different ? ERR_VERIFY : ERR_OK;
}
