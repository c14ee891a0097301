/* A package that was lost is asked for again (SGP.22 3.1.3.2, 5.6.2, 5.6.3): which one-time keys, which package. */
#include <stdio.h>
#include <string.h>

#include "rsp_codes.h"
#include "smdp_tests.h"

/* Everything behind the channel request, as the eUICC would get it. */
static struct span blocks_of(const struct lab_download *d)
{
    struct rsp_bpp_segments s;
    REQUIRE(rsp_bpp_segments(d->package.bound_profile_package, &s) == ERR_OK);
    return s.package.rest;
}

static bool names_a_key(const struct lab_download *d)
{
    return d->authenticated.smdp_signed2.bpp_euicc_otpk.at != NULL;
}

static struct span euicc_otpk(const struct lab_download *d)
{
    return d->prepared.message.ok.euicc_signed2.euicc_otpk;
}

static void open_order(struct lab *l, bool ppk, bool same_only, const char *code)
{
    lab_open(l);
    l->ppk = ppk;
    l->same_otpk_only = same_only;
    lab_restart(l, LAB_SMDP);
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", code);
}

/* How the second download differs from the first, and what comes of it. */
static const struct {
    const char *name;
    bool ppk, same_only;
    const char *code;
    bool card_forgets, smdp_restarts; /* between the two */
    bool same_package;
    const char *refusal;
} rows[] = {
    { "session keys", .same_package = true, .refusal = "" },
    { "protection keys", .ppk = true, .same_package = true, .refusal = "" },
    { "session keys and a confirmation code", .code = "4711", .same_package = true, .refusal = "" },
    { "protection keys and a confirmation code", .ppk = true, .code = "4711", .same_package = true, .refusal = "" },
    { "the SM-DP+ restarts meanwhile", .smdp_restarts = true, .same_package = true, .refusal = "" },
    { "the card has lost its key: session keys", .card_forgets = true, .refusal = "" },
    { "the card has lost its key: protection keys", .ppk = true, .card_forgets = true, .refusal = "" },
    { "the card has lost its key: a confirmation code", .code = "4711", .card_forgets = true, .refusal = "" },
    { "only the same key, and it is", .same_only = true, .same_package = true, .refusal = "" },
    { "only the same key, and the SM-DP+ restarts", .same_only = true, .smdp_restarts = true, .same_package = true,
      .refusal = "" },
    { "only the same key, and the card has lost it", .same_only = true, .card_forgets = true, .refusal = "8.2/3.7" },
    { "only the same key, protection keys, and the card has lost it", .ppk = true, .same_only = true,
      .card_forgets = true, .refusal = "8.2/3.7" },
    { "only the same key, lost, with the right confirmation code", .same_only = true, .code = "4711",
      .card_forgets = true, .refusal = "8.2/3.7" },
};

static void install(struct lab *l, const char *name, struct lab_download *d)
{
    CHECK_ROW(name, lab_load(d) == 0);
    CHECK_ROW(name, es9p_handle_notification(&d->peer, buf_span(&d->loaded.received)) == ERR_OK);
    CHECK_ROW(name, strcmp(lab_profile_state(l, LAB_PARTNER_ICCID), "installed") == 0);
    CHECK_ROW(name, lab_card_state(&l->card, LAB_PARTNER_ICCID) == 0);
}

static void play_row(size_t i)
{
    struct lab l;
    struct lab_download lost, again;
    const char *name = rows[i].name;
    open_order(&l, rows[i].ppk, rows[i].same_only, rows[i].code ? rows[i].code : "");
    lab_download_begin(&l, &l.card, &lost);
    lost.confirmation_code = rows[i].code;
    CHECK_ROW(name, lab_fetch(&lost)[0] == 0 && !names_a_key(&lost));
    if (rows[i].card_forgets)
        lab_card_reset(&l.card);
    if (rows[i].smdp_restarts)
        lab_restart(&l, LAB_SMDP);
    lab_download_begin(&l, &l.card, &again);
    again.confirmation_code = rows[i].code;
    CHECK_ROW(name, strcmp(lab_fetch(&again), rows[i].refusal) == 0);
    CHECK_ROW(name, span_equal(again.authenticated.smdp_signed2.bpp_euicc_otpk, euicc_otpk(&lost)));
    CHECK_ROW(name, span_equal(euicc_otpk(&again), euicc_otpk(&lost)) == !rows[i].card_forgets);
    if (!rows[i].refusal[0]) {
        CHECK_ROW(name, !span_equal(lost.package.bound_profile_package, again.package.bound_profile_package));
        CHECK_ROW(name, span_equal(blocks_of(&lost), blocks_of(&again)) == rows[i].same_package);
        install(&l, name, &again);
    } else
        CHECK_ROW(name, strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "downloaded") == 0);
    lab_download_end(&lost);
    lab_download_end(&again);
    lab_close(&l);
}

static void second_packages(void)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        play_row(i);
}

/* A wrong code is refused before the keys are looked at, so that it counts. */
static void the_code_comes_first(void)
{
    struct lab l;
    struct lab_download d;
    open_order(&l, false, true, "4711");
    lab_download_begin(&l, &l.card, &d);
    d.confirmation_code = "4711";
    CHECK(lab_fetch(&d)[0] == 0);
    lab_download_end(&d);
    lab_card_reset(&l.card);
    for (int i = 0; i < 4; i++) {
        lab_download_begin(&l, &l.card, &d);
        d.confirmation_code = "4712";
        CHECK(strcmp(lab_fetch(&d), i < 3 ? "8.2.7/3.8" : "8.2.7/6.4") == 0);
        lab_download_end(&d);
    }
    lab_close(&l);
}

/* A refused re-binding leaves the first package good, and the session to be cancelled. */
static void a_refusal_changes_nothing(void)
{
    struct lab l;
    struct lab_card twin;
    struct lab_download first, other;
    open_order(&l, false, true, "");
    lab_card_open(&l, &twin, "CERT_EUICC_ECDSA_NIST", LAB_EID, false); /* the same card with another memory */
    lab_download_begin(&l, &l.card, &first);
    lab_download_begin(&l, &twin, &other);
    CHECK(lab_fetch(&first)[0] == 0);
    CHECK(strcmp(lab_fetch(&other), "8.2/3.7") == 0);
    CHECK(strcmp(lab_get_package(&other), "8.2/3.7") == 0);
    struct es10b_cancel_session_response cancelled = { .received.max = APDU_ES10_RESPONSE_MAX };
    const struct rsp_cancel_session_request q = { other.initiated.transaction_id, RSP_CANCEL_REASON_TIMEOUT };
    struct es_status status = { 0 };
    REQUIRE(es10b_cancel_session(&twin.es, &q, &cancelled) == ERR_OK);
    CHECK(es9p_cancel_session(&other.peer, q.transaction_id, buf_span(&cancelled.received), &status) == ERR_OK);
    CHECK(!es_refused(&status));
    install(&l, "the first package", &first);
    buf_release(&cancelled.received);
    lab_download_end(&first);
    lab_download_end(&other);
    lab_card_close(&twin);
    lab_close(&l);
}

/* The package of the lost session is nothing to the session that came after it. */
static void the_old_package_is_refused(void)
{
    struct lab l;
    struct lab_download lost, again;
    open_order(&l, false, false, "");
    lab_download_begin(&l, &l.card, &lost);
    lab_download_begin(&l, &l.card, &again);
    CHECK(lab_fetch(&lost)[0] == 0 && lab_fetch(&again)[0] == 0);
    struct span right = again.package.bound_profile_package;
    again.package.bound_profile_package = lost.package.bound_profile_package;
    CHECK(lab_load(&again) == 3 /* invalidTransactionId */);
    CHECK(lab_card_state(&l.card, LAB_PARTNER_ICCID) == -1);
    again.package.bound_profile_package = right;
    lab_download_end(&lost);
    lab_download_end(&again);
    lab_close(&l);
}

/* Failed, cancelled and ordered anew: nothing of the earlier order is named, and any key will do. */
static void a_new_order_is_bound_anew(void)
{
    struct lab l;
    struct lab_download before, after;
    open_order(&l, false, true, "");
    lab_download_begin(&l, &l.card, &before);
    CHECK(lab_fetch(&before)[0] == 0);
    lab_flip(span_sub(blocks_of(&before), 40, 1));
    CHECK(lab_load(&before) != 0);
    CHECK(es9p_handle_notification(&before.peer, buf_span(&before.loaded.received)) == ERR_OK);
    lab_cancel(&l, LAB_PARTNER_ICCID);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_card_reset(&l.card);
    lab_download_begin(&l, &l.card, &after);
    CHECK(lab_fetch(&after)[0] == 0 && !names_a_key(&after));
    install(&l, "the new order", &after);
    lab_download_end(&before);
    lab_download_end(&after);
    lab_close(&l);
}

/* A re-bound package whose key was altered on its way: the signature is not over it. */
static void a_forged_key_is_no_key(void)
{
    struct lab l;
    struct lab_download lost, again;
    open_order(&l, false, true, "");
    lab_download_begin(&l, &l.card, &lost);
    CHECK(lab_fetch(&lost)[0] == 0);
    lab_card_reset(&l.card);
    lab_download_begin(&l, &l.card, &again);
    CHECK(lab_initiate(&again)[0] == 0);
    lab_authenticate_server(&again);
    CHECK(lab_authenticate_client(&again)[0] == 0);
    lab_prepare(&again);
    memcpy((uint8_t *)euicc_otpk(&again).at, euicc_otpk(&lost).at, euicc_otpk(&lost).len);
    CHECK(strcmp(lab_get_package(&again), "8.1/6.1") == 0);
    lab_download_end(&lost);
    lab_download_end(&again);
    lab_close(&l);
}

const struct test rebinding_tests[] = {
    { "a package asked for again: the same keys bring the same, others a new one or 8.2/3.7", second_packages },
    { "a wrong confirmation code is refused before another key is", the_code_comes_first },
    { "a refused re-binding leaves the first package and the session as they were", a_refusal_changes_nothing },
    { "the package of the lost session is refused in the next", the_old_package_is_refused },
    { "a new order is bound anew", a_new_order_is_bound_anew },
    { "a key that the eUICC did not sign is not compared", a_forged_key_is_no_key },
};
const size_t rebinding_tests_count = COUNT(rebinding_tests);
