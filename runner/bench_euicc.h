/* What a download costs at the card alone, beside the least that its cryptography takes here; what
 * a card at rest occupies, and how fast cards are made. The SM-DP+'s side is played on the way and
 * not counted. */
#ifndef LAB_RUNNER_BENCH_EUICC_H
#define LAB_RUNNER_BENCH_EUICC_H

#include "crypto_floor.h"
#include "span.h"

struct bench_euicc_options {
    unsigned downloads; /* 1 to 100000, one after the other on one card, each deleted again */
    unsigned cards;     /* 0 to 100000, made with certificate, profile and memory, and kept */
    struct span package; /* profile package that every card has, with numbers and keys of its own; empty: a minimal one */
};

struct bench_euicc_result {
    unsigned downloads;
    double card_seconds;         /* of processor, in the card, for all downloads */
    struct crypto_counts counts; /* in the card, for all downloads */
    struct crypto_costs costs;
    double floor_seconds;        /* of one download: what BENCH_EUICC_DEMANDED takes here and now */
    double downloads_per_second; /* of the card's processor time */
    double ratio; /* card_seconds of one download to floor_seconds; the aim is at most 2 */
    unsigned cards;
    double making_seconds; /* of processor, for all cards, certificates and profiles included */
    double bytes_per_idle_card; /* with one profile; the aim is at most 8192 */
    double bytes_per_card_in_use; /* of a hundred that are powered, their USIM selected */
};

/* What SGP.22 demands of the card in one download with one install notification: serverSignature1,
 * smdpSignature2 and smdpSign verified; euiccSignature1, euiccSignature2, the result and the
 * notification signed; one one-time key and one agreement. Certificates seen before are not
 * counted. */
struct crypto_counts bench_euicc_demanded(void);

/* ERR_STATE and others: why (a sentence) says which step did not come out as it must. */
MUST_CHECK enum err bench_euicc(const struct bench_euicc_options *o, struct bench_euicc_result *out,
                                char why[200]);

#endif
