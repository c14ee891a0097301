/* Builds the path from a certificate to a pinned CI and judges it from the CI downwards. */
#include <string.h>

#include "x509_internal.h"

#define PATH_MAX_CERTS 6

/* cert[0] is the leaf; cert[count-1] was issued by the anchor. */
struct path {
    const struct cert_entry *cert[PATH_MAX_CERTS];
    size_t count;
    const struct trust_anchor *anchor;
};

/* One judgement: who asks what. */
struct judgement {
    const struct trust *trust;
    const struct cert_policy *policy;
    const struct role_rule *rule;
    enum cert_role role;
    struct path path;
};

static bool self_issued(const struct cert_entry *c) { return span_equal(c->issuer, c->subject); }

/* Does `key_id` or, when the certificate names no key, `subject` stand for its issuer? */
static bool names_issuer(const struct cert_entry *c, const uint8_t key_id[20], struct span subject)
{
    if (c->cert.has_aki)
        return memcmp(c->cert.aki, key_id, 20) == 0;
    if (self_issued(c))
        return memcmp(c->cert.ski, key_id, 20) == 0;
    return subject.len && span_equal(c->issuer, subject);
}

static const struct trust_anchor *anchor_above(const struct trust *t, const struct cert_entry *c)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct trust_anchor *a = &t->anchors[i];
        if (names_issuer(c, a->ski, a->cert ? a->cert->subject : (struct span){ 0 }))
            return a;
    }
    return NULL;
}

static bool in_path(const struct path *p, const struct cert_entry *c)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->cert[i] == c)
            return true;
    return false;
}

static const struct cert_entry *issuer_above(const struct path *p, const struct cert *const *intermediates,
                                             size_t count)
{
    const struct cert_entry *last = p->cert[p->count - 1];
    for (size_t i = 0; i < count; i++) {
        const struct cert_entry *c = cert_entry_of(intermediates[i]);
        if (!in_path(p, c) && names_issuer(last, c->cert.ski, c->subject))
            return c;
    }
    return NULL;
}

/* Nobody known issued this one. A chain that breaks between the given certificates is no question of the CI. */
static enum cert_flaw flaw_of_end(const struct judgement *j, const struct cert_entry *last)
{
    bool below_eum = last == j->path.cert[0] && j->role == CERT_EUICC;
    bool another_root = last != j->path.cert[0] && self_issued(last);
    if (j->role == CERT_CI || another_root)
        return CERT_UNKNOWN_CI;
    return !last->cert.has_aki || below_eum ? CERT_BAD_SIGNATURE : CERT_UNKNOWN_CI;
}

/* SGP.22 4.5.2.2: anchors are found by key identifier. */
static enum cert_flaw build_path(struct judgement *j, const struct cert_entry *leaf,
                                 const struct cert *const *intermediates, size_t count)
{
    struct path *p = &j->path;
    p->cert[p->count++] = leaf;
    for (;;) {
        const struct cert_entry *last = p->cert[p->count - 1];
        p->anchor = anchor_above(j->trust, last);
        if (p->anchor)
            return CERT_FINE;
        const struct cert_entry *above = issuer_above(p, intermediates, count);
        if (!above)
            return flaw_of_end(j, last);
        if (p->count == PATH_MAX_CERTS)
            return CERT_PATH_LENGTH;
        p->cert[p->count++] = above;
    }
}

static enum cert_flaw judge_signature(const struct judgement *j, size_t i)
{
    const struct path *p = &j->path;
    const struct cert_entry *c = p->cert[i];
    bool top = i + 1 == p->count;
    enum ec_curve curve = top ? p->anchor->curve : p->cert[i + 1]->cert.curve;
    const struct ec_point *key = top ? &p->anchor->key : &p->cert[i + 1]->cert.key;
    if (j->rule->rsp && c->cert.curve != p->anchor->curve)
        return CERT_BAD_CURVE;
    return cert_signed_by(j->trust->crypto, c, curve, key) ? CERT_FINE : CERT_BAD_SIGNATURE;
}

static enum cert_flaw judge_time(const struct judgement *j, const struct cert *c)
{
    int64_t now = j->policy->now;
    if (now == CERT_NO_CLOCK)
        return CERT_FINE;
    /* notAfter is to the second and includes it. */
    return now < c->not_before                  ? CERT_NOT_YET_VALID
           : now >= c->not_after + CLOCK_SECOND ? CERT_EXPIRED
                                                : CERT_FINE;
}

/* What holds for every certificate of the path. */
static enum cert_flaw judge_any(const struct judgement *j, size_t i)
{
    const struct path *p = &j->path;
    const struct cert_entry *c = p->cert[i];
    enum cert_flaw f = judge_signature(j, i);
    if (!f)
        f = judge_time(j, &c->cert);
    if (f)
        return f;
    if (i + 1 == p->count) /* the names of a reissued CI may differ: its key counts */
        return trust_revoked(j->trust, p->anchor, c->serial) ? CERT_REVOKED
               : c->unknown_critical                         ? CERT_BAD_ENCODING
                                                             : CERT_FINE;
    if (!span_equal(c->issuer, p->cert[i + 1]->subject))
        return CERT_NAME_MISMATCH;
    return c->unknown_critical ? CERT_BAD_ENCODING : CERT_FINE;
}

/* Authorities below cert[i]; a leaf that is one counts, for it will issue. */
static bool path_length_holds(const struct judgement *j, int permitted, size_t below)
{
    return permitted < 0 || below + (j->path.cert[0]->ca ? 1 : 0) <= (size_t)permitted;
}

static bool is_subordinate_ci(const struct cert_entry *c)
{
    static const char *const policies[] = { "2.23.146.1.2.1.0.0", "2.23.146.1.2.1.0.0.0.0",
                                            "2.23.146.1.2.1.0.0.1", "2.23.146.1.2.1.0.0.2" };
    for (size_t i = 0; i < COUNT(policies); i++)
        if (cert_has_policy(c, policies[i]))
            return true;
    return false;
}

static bool carries_role(const struct cert_entry *c, const struct role_rule *rule)
{
    if (!rule->policies[0])
        return true;
    if (rule->policy_critical && !c->policies_critical)
        return false;
    for (size_t i = 0; i < COUNT(rule->policies) && rule->policies[i]; i++)
        if (cert_has_policy(c, rule->policies[i]))
            return true;
    return false;
}

/* An authority between the leaf and the CI. */
static enum cert_flaw judge_authority(const struct judgement *j, size_t i)
{
    const struct cert_entry *c = j->path.cert[i];
    if (!c->ca || !c->ca_critical)
        return CERT_NOT_A_CA;
    if (!path_length_holds(j, c->path_length, i - 1))
        return CERT_PATH_LENGTH;
    if (!(c->key_usage & CERT_USE_KEY_CERT_SIGN) || !c->key_usage_critical)
        return CERT_WRONG_KEY_USAGE;
    if (!j->rule->rsp || j->role == CERT_EIM_SIGN)
        return CERT_FINE;
    bool eum = i == 1 && j->role == CERT_EUICC;
    return (eum ? carries_role(c, role_rule_of(CERT_EUM)) : is_subordinate_ci(c)) ? CERT_FINE
                                                                                  : CERT_WRONG_ROLE;
}

static enum cert_flaw judge_usage(const struct role_rule *rule, const struct cert_entry *c)
{
    if (rule->ca && (!c->ca || !c->ca_critical))
        return CERT_NOT_A_CA;
    if ((c->key_usage & rule->key_usage) != rule->key_usage || (rule->rsp && !c->key_usage_critical))
        return CERT_WRONG_KEY_USAGE;
    if (!rule->ca && (c->ca || c->key_usage & CERT_USE_KEY_CERT_SIGN))
        return CERT_WRONG_KEY_USAGE;
    return (c->purposes & rule->purposes) == rule->purposes ? CERT_FINE : CERT_WRONG_KEY_USAGE;
}

/* Catalogue C.4 rule 0: the range is enforced or, where real cards break it, only warned about by the caller. */
static enum cert_flaw judge_euicc(const struct judgement *j)
{
    const struct path *p = &j->path;
    if (p->count < 2) /* the CI issues no eUICC certificates */
        return CERT_WRONG_ROLE;
    bool permitted = j->policy->warn_eid_range || cert_eid_permitted(&p->cert[0]->cert, &p->cert[1]->cert);
    return permitted ? CERT_FINE : CERT_EID_OUTSIDE_RANGE;
}

static enum cert_flaw judge_leaf(const struct judgement *j)
{
    const struct cert_entry *c = j->path.cert[0];
    enum cert_flaw f = judge_usage(j->rule, c);
    if (f)
        return f;
    if (!carries_role(c, j->rule))
        return CERT_WRONG_ROLE;
    if (j->rule->registered_id && !c->cert.oid[0])
        return CERT_NAME_MISMATCH;
    return j->role == CERT_EUICC ? judge_euicc(j) : CERT_FINE;
}

static enum cert_flaw judge_path(const struct judgement *j)
{
    const struct path *p = &j->path;
    const struct cert_entry *ci = p->anchor->cert;
    if (ci && j->role != CERT_CI && !path_length_holds(j, ci->path_length, p->count - 1))
        return CERT_PATH_LENGTH;
    for (size_t i = p->count; i-- > 0;) {
        enum cert_flaw f = judge_any(j, i);
        if (!f)
            f = i ? judge_authority(j, i) : judge_leaf(j);
        if (f)
            return f;
    }
    return CERT_FINE;
}

enum cert_flaw cert_judge(struct trust *t, const struct cert *leaf, enum cert_role role,
                          const struct cert *const *intermediates, size_t count,
                          const struct cert_policy *policy, struct span *ci)
{
    struct judgement j = { .trust = t, .policy = policy, .rule = role_rule_of(role), .role = role };
    if (ci)
        *ci = (struct span){ 0 };
    enum cert_flaw f = build_path(&j, cert_entry_of(leaf), intermediates, count);
    if (f)
        return f;
    if (ci)
        *ci = SPAN_ARRAY(j.path.anchor->ski);
    return judge_path(&j);
}
