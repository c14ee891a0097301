/* Calls over TLS: libcurl with its OpenSSL back end, told to trust our roots, our clock and our map of names only. */
#include "openssl_clean.h"

#include <curl/curl.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_parts.h"

#define CALL_MS 30000
#define CONNECT_MS 10000
/* A connection idle for longer is not used again: our servers close theirs after 30 s, and a POST that meets the closing end
 * cannot be told from one that was acted on. */
#define KEPT_SECONDS 20L
#define ANSWER_HEADERS_MAX 100

/* One curl handle with the connections it keeps. Serves one call at a time; idle ones wait in the client's list. */
struct line {
    struct line *next;
    CURL *curl;
    uint64_t generation; /* of the client when it was made */
    uint8_t trust[SHA256_DIGEST_LENGTH]; /* whom its connections were made to believe */
    char error[CURL_ERROR_SIZE];
};

struct tls_client {
    struct http_client client;
    const struct env *env;
    const struct net *net;
    X509_STORE *roots;
    X509 *certificate; /* NULL: none */
    STACK_OF(X509) *chain;
    EVP_PKEY *key;
    char *user_agent;
    pthread_mutex_t lock; /* guards idle and generation */
    struct line *idle;
    uint64_t generation;
    _Atomic uint64_t handshakes;
};

/* One call while it runs. */
struct exchange {
    struct tls_client *client;
    const struct http_call *call;
    struct http_url url;
    struct http_response *answer;
    struct line *line;
    struct curl_slist *headers, *places;
    unsigned header_lines;
    bool begun;    /* the request may have left: its outcome is open */
    bool too_big;  /* the answer does not fit */
};

/* ---- PEM -------------------------------------------------------------------------------------------------------- */

static BIO *text_bio(struct span pem)
{
    return BIO_new_mem_buf(pem.at, (int)pem.len);
}

static enum err load_roots(struct tls_client *c, struct span pem)
{
    BIO *bio = pem.len ? text_bio(pem) : NULL;
    X509 *root = NULL;
    int count = 0;
    while (bio && (root = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        /* What a root says of itself is looked up once, before threads share it. */
        count += X509_check_purpose(root, -1, 0) == 1 && X509_STORE_add_cert(c->roots, root) == 1;
        X509_free(root);
    }
    BIO_free(bio);
    ERR_clear_error();
    return count ? ERR_OK : log_fail(c->env->log, ERR_PARSE, "RFC 7468", "no root certificate to trust in TLS");
}

static enum err load_chain(struct tls_client *c, struct span pem)
{
    BIO *bio = text_bio(pem);
    c->certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    c->chain = sk_X509_new_null();
    X509 *next = NULL;
    while (c->certificate && c->chain && (next = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        if (!sk_X509_push(c->chain, next))
            X509_free(next);
    BIO_free(bio);
    ERR_clear_error();
    return c->certificate && c->chain ? ERR_OK : ERR_PARSE;
}

static enum err load_identity(struct tls_client *c, const struct tls_identity *identity)
{
    if (!identity->certificate_pem.len)
        return ERR_OK;
    enum err e = load_chain(c, identity->certificate_pem);
    BIO *bio = text_bio(identity->key_pem);
    c->key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
    BIO_free(bio);
    if (!e && (!c->key || X509_check_private_key(c->certificate, c->key) != 1))
        e = ERR_PARSE;
    ERR_clear_error();
    return e ? log_fail(c->env->log, e, "RFC 7468", "the client's TLS certificate and key do not fit") : ERR_OK;
}

/* ---- what curl asks back ---------------------------------------------------------------------------------------- */

/* The certificate alone is the anchor, whether it is a CA's or the server's own. */
static bool trust_certificate(SSL_CTX *ctx, struct span der)
{
    const uint8_t *at = der.at;
    X509 *anchor = d2i_X509(NULL, &at, (long)der.len);
    X509_STORE *store = anchor && at == der.at + der.len ? X509_STORE_new() : NULL;
    bool fine = store && X509_STORE_add_cert(store, anchor) == 1 &&
                X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
    if (fine)
        SSL_CTX_set1_cert_store(ctx, store);
    X509_STORE_free(store);
    X509_free(anchor);
    return fine;
}

/* In place of path validation: is the key of the server's certificate the one that was given? */
static int compare_key(X509_STORE_CTX *verify, void *context)
{
    const struct exchange *x = context;
    struct span want = x->call->trust->public_key;
    X509 *leaf = X509_STORE_CTX_get0_cert(verify);
    uint8_t *der = NULL;
    int len = leaf ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der) : -1;
    bool same = len > 0 && span_equal(want, span_of(der, (size_t)len)) &&
                X509_check_host(leaf, x->url.name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
    OPENSSL_free(der);
    X509_STORE_CTX_set_error(verify, same ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
    return same;
}

static bool put_trust(SSL_CTX *ctx, struct exchange *x)
{
    const struct http_trust *t = x->call->trust;
    if (!t)
        SSL_CTX_set1_cert_store(ctx, x->client->roots);
    else if (t->certificate.len)
        return trust_certificate(ctx, t->certificate);
    else
        SSL_CTX_set_cert_verify_callback(ctx, compare_key, x);
    return true;
}

/* Called for each new connection: our roots, our clock, the name in the SAN, our certificate. */
static CURLcode prepare_tls(CURL *curl, void *ssl_ctx, void *context)
{
    (void)curl;
    struct exchange *x = context;
    const struct tls_client *c = x->client;
    SSL_CTX *ctx = ssl_ctx;
    bool trusts = put_trust(ctx, x);
    X509_VERIFY_PARAM *verify = SSL_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(verify, (time_t)(clock_now(c->env->clock) / 1000));
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool fine = trusts && X509_VERIFY_PARAM_set1_host(verify, x->url.name, 0) == 1 &&
                SSL_CTX_set1_groups_list(ctx, "P-256") == 1;
    if (fine && c->certificate)
        fine = SSL_CTX_use_certificate(ctx, c->certificate) == 1 && SSL_CTX_use_PrivateKey(ctx, c->key) == 1 &&
               SSL_CTX_set1_chain(ctx, c->chain) == 1;
    return fine ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

/* Called before each sending. curl sends again by itself when a kept connection dies; the first may have been acted
 * on, so only what can be repeated without harm is. */
static int before_sending(void *context, char *ip, char *local_ip, int port, int local_port)
{
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    struct exchange *x = context;
    if (x->begun && strcmp(x->call->method, "GET") != 0)
        return CURL_PREREQFUNC_ABORT;
    x->begun = true;
    return CURL_PREREQFUNC_OK;
}

static size_t take_body(char *at, size_t size, size_t count, void *context)
{
    struct exchange *x = context;
    size_t len = size * count;
    if (buf_put(&x->answer->body, span_of(at, len)) == ERR_OK)
        return len;
    x->too_big = true;
    return 0;
}

/* Framing and the like belong to the transport; callers in direct wiring do not see them either. */
static bool is_transport_header(const char *name)
{
    static const char *const names[] = { "Connection", "Content-Length", "Date", "Keep-Alive", "Transfer-Encoding",
                                         "Server", "Trailer" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

static bool keep_header(struct http_response *p, const char *name, const char *value)
{
    if (is_transport_header(name))
        return true;
    if (strcasecmp(name, "Content-Type") != 0)
        return http_response_add_header(p, name, value) != ERR_NOMEM; /* what does not fit is not kept */
    snprintf(p->content_type, sizeof p->content_type, "%s", value);
    return true;
}

static size_t take_header(char *at, size_t size, size_t count, void *context)
{
    struct exchange *x = context;
    size_t len = size * count;
    char line[640];
    if (len >= 5 && memcmp(at, "HTTP/", 5) == 0) {
        http_response_clear(x->answer); /* what came before was 1xx */
        return len;
    }
    if (++x->header_lines > ANSWER_HEADERS_MAX) {
        x->too_big = true;
        return 0;
    }
    size_t text = len;
    while (text && (at[text - 1] == '\r' || at[text - 1] == '\n' || at[text - 1] == ' '))
        text--;
    const char *colon = memchr(at, ':', text);
    if (!colon || text >= sizeof line)
        return len;
    memcpy(line, at, text);
    line[text] = 0;
    line[colon - at] = 0;
    const char *value = line + (colon - at) + 1;
    return keep_header(x->answer, line, value + strspn(value, " \t")) ? len : 0;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static void line_free(struct line *l)
{
    if (l) {
        curl_easy_cleanup(l->curl);
        free(l);
    }
}

static struct line *line_new(uint64_t generation)
{
    struct line *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->generation = generation;
    l->curl = curl_easy_init();
    if (!l->curl) {
        free(l);
        return NULL;
    }
    return l;
}

static void trust_digest(const struct http_trust *t, uint8_t out[SHA256_DIGEST_LENGTH])
{
    memset(out, 0, SHA256_DIGEST_LENGTH);
    if (t)
        SHA256(t->certificate.len ? t->certificate.at : t->public_key.at,
               t->certificate.len ? t->certificate.len : t->public_key.len, out);
}

/* A connection serves only calls that believe whom it was made to believe. */
static struct line *line_take(struct tls_client *c, const struct http_trust *t)
{
    uint8_t trust[SHA256_DIGEST_LENGTH];
    trust_digest(t, trust);
    pthread_mutex_lock(&c->lock);
    struct line **at = &c->idle;
    while (*at && memcmp((*at)->trust, trust, sizeof trust) != 0)
        at = &(*at)->next;
    struct line *l = *at;
    uint64_t generation = c->generation;
    if (l)
        *at = l->next;
    pthread_mutex_unlock(&c->lock);
    if (!l && (l = line_new(generation)))
        memcpy(l->trust, trust, sizeof trust);
    return l;
}

static void line_give_back(struct tls_client *c, struct line *l)
{
    pthread_mutex_lock(&c->lock);
    bool current = l->generation == c->generation;
    if (current) {
        l->next = c->idle;
        c->idle = l;
    }
    pthread_mutex_unlock(&c->lock);
    if (!current)
        line_free(l);
}

static void client_drop(struct http_client *client)
{
    struct tls_client *c = (struct tls_client *)client;
    pthread_mutex_lock(&c->lock);
    struct line *l = c->idle;
    c->idle = NULL;
    c->generation++;
    pthread_mutex_unlock(&c->lock);
    while (l) {
        struct line *next = l->next;
        line_free(l);
        l = next;
    }
}

/* ---- one call --------------------------------------------------------------------------------------------------- */

static bool slist_put(struct curl_slist **list, const char *text)
{
    struct curl_slist *grown = curl_slist_append(*list, text);
    if (grown)
        *list = grown;
    return grown != NULL;
}

static bool has_header(const struct http_call *q, const char *name)
{
    for (size_t i = 0; i < q->header_count; i++)
        if (strcasecmp(q->headers[i].name, name) == 0)
            return true;
    return false;
}

/* Ours as they are; "Name:" keeps curl from adding what the caller did not say. */
static enum err put_headers(struct exchange *x)
{
    static const char *const curls_own[] = { "Accept", "Content-Type", "Expect" };
    const struct http_call *q = x->call;
    struct buf line = { .max = 16 << 10 };
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < q->header_count; i++) {
        const struct http_header *h = &q->headers[i];
        buf_clear(&line);
        /* curl sends a header with an empty value only when it is written "Name;". */
        e = h->value[0] ? buf_printf(&line, "%s: %s", h->name, h->value) : buf_printf(&line, "%s;", h->name);
        const char *text = e ? NULL : buf_cstr(&line);
        if (!e && (!text || !slist_put(&x->headers, text)))
            e = ERR_NOMEM;
    }
    for (size_t i = 0; !e && i < COUNT(curls_own); i++) {
        char text[32];
        snprintf(text, sizeof text, "%s:", curls_own[i]);
        if (!has_header(q, curls_own[i]) && !slist_put(&x->headers, text))
            e = ERR_NOMEM;
    }
    buf_release(&line);
    return e;
}

static enum err put_place(struct exchange *x)
{
    const struct net_name *place = net_find(x->client->net, x->url.name);
    if (!place)
        return ERR_OK;
    char text[400];
    snprintf(text, sizeof text, strchr(place->host, ':') ? "%s::[%s]:%u" : "%s::%s:%u", x->url.name, place->host,
             place->port);
    return slist_put(&x->places, text) ? ERR_OK : ERR_NOMEM;
}

#define SET(option, value) (set |= curl_easy_setopt(curl, (option), (value)))

static int set_tls(CURL *curl, struct exchange *x)
{
    int set = CURLE_OK;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_CAINFO, NULL);
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    SET(CURLOPT_SSL_CTX_FUNCTION, prepare_tls);
    SET(CURLOPT_SSL_CTX_DATA, x);
    return set;
}

static int set_transport(CURL *curl, struct exchange *x)
{
    int set = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_MAXCONNECTS, 64L);
    SET(CURLOPT_MAXAGE_CONN, KEPT_SECONDS);
    SET(CURLOPT_CONNECT_TO, x->places);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, x->call->deadline_ms ? (long)x->call->deadline_ms : (long)CALL_MS);
    SET(CURLOPT_ERRORBUFFER, x->line->error);
    return set;
}

static int set_request(CURL *curl, struct exchange *x)
{
    const struct http_call *q = x->call;
    bool body = q->body.len || strcmp(q->method, "POST") == 0 || strcmp(q->method, "PUT") == 0;
    int set = CURLE_OK;
    SET(CURLOPT_URL, q->url);
    if (body) {
        SET(CURLOPT_POSTFIELDS, q->body.len ? (const char *)q->body.at : "");
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
    }
    SET(CURLOPT_NOBODY, (long)(strcmp(q->method, "HEAD") == 0));
    SET(CURLOPT_CUSTOMREQUEST, q->method);
    SET(CURLOPT_HTTPHEADER, x->headers);
    SET(CURLOPT_USERAGENT, has_header(q, "User-Agent") ? NULL : x->client->user_agent);
    SET(CURLOPT_PREREQFUNCTION, before_sending);
    SET(CURLOPT_PREREQDATA, x);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, x);
    return set;
}

/* Why a call failed, as its caller must understand it. */
static enum err meaning(const struct exchange *x, CURLcode code)
{
    if (x->too_big)
        return ERR_LIMIT;
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return ERR_NOMEM;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return ERR_VERIFY;
    default:
        /* Sent and then cut off: whether it was acted on is unknown. */
        return x->begun ? ERR_TIMEOUT : ERR_IO;
    }
}

static enum err report(const struct exchange *x, CURLcode code)
{
    enum err e = meaning(x, code);
    long verify = X509_V_OK;
    curl_easy_getinfo(x->line->curl, CURLINFO_SSL_VERIFYRESULT, &verify);
    const char *why = x->line->error[0] ? x->line->error : curl_easy_strerror(code);
    if (e == ERR_VERIFY && verify != X509_V_OK)
        why = X509_verify_cert_error_string(verify);
    LOG(x->client->env->log, LOG_WARN, "http.call_failed", F_TEXT("err", err_name(e)), F_TEXT("method", x->call->method),
        F_TEXT("host", x->url.name), F_TEXT("why", why));
    return e;
}

static enum err perform(struct exchange *x)
{
    CURL *curl = x->line->curl;
    long connects = 0, status = 0;
    curl_off_t tls_done = 0;
    x->line->error[0] = 0;
    if (set_transport(curl, x) || set_tls(curl, x) || set_request(curl, x))
        return ERR_NOMEM;
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects);
    curl_easy_getinfo(curl, CURLINFO_APPCONNECT_TIME_T, &tls_done);
    if (connects > 0 && tls_done > 0)
        x->client->handshakes += (uint64_t)connects;
    if (code != CURLE_OK)
        return report(x, code);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    x->answer->status = (int)status;
    return ERR_OK;
}

static enum err tls_send(struct http_client *client, const struct http_call *q, struct http_response *p)
{
    struct exchange x = { .client = (struct tls_client *)client, .call = q, .answer = p };
    enum err e = http_call_check(q);
    if (!e)
        e = http_url_parse(q->url, &x.url);
    if (e)
        return e;
    x.line = line_take(x.client, q->trust);
    e = x.line ? put_headers(&x) : ERR_NOMEM;
    if (!e)
        e = put_place(&x);
    if (!e)
        e = perform(&x);
    if (e)
        http_response_clear(p);
    if (x.line) {
        curl_easy_reset(x.line->curl); /* keeps the connections, forgets this call */
        line_give_back(x.client, x.line);
    }
    curl_slist_free_all(x.headers);
    curl_slist_free_all(x.places);
    return e;
}

/* ---- the client ------------------------------------------------------------------------------------------------- */

static void tls_free(struct http_client *client)
{
    struct tls_client *c = (struct tls_client *)client;
    client_drop(client);
    pthread_mutex_destroy(&c->lock);
    X509_STORE_free(c->roots);
    X509_free(c->certificate);
    sk_X509_pop_free(c->chain, X509_free);
    EVP_PKEY_free(c->key);
    free(c->user_agent);
    free(c);
    curl_global_cleanup();
}

static uint64_t tls_handshakes(struct http_client *client)
{
    return ((struct tls_client *)client)->handshakes;
}

static const struct http_client_ops tls_ops = { tls_send, tls_free, client_drop, tls_handshakes };

enum err http_client_tls_new(const struct env *env, const struct http_client_settings *s, struct http_client **out)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ERR_NOMEM;
    struct tls_client *c = calloc(1, sizeof *c);
    if (!c) {
        curl_global_cleanup();
        return ERR_NOMEM;
    }
    c->client.ops = &tls_ops;
    c->env = env;
    c->net = s->net;
    pthread_mutex_init(&c->lock, NULL);
    c->roots = X509_STORE_new();
    c->user_agent = strdup(s->user_agent ? s->user_agent : "sgp32lab");
    enum err e = c->roots && c->user_agent ? load_roots(c, s->roots_pem) : ERR_NOMEM;
    if (!e)
        e = load_identity(c, &s->identity);
    if (e) {
        tls_free(&c->client);
        return e;
    }
    *out = &c->client;
    return ERR_OK;
}
