/* A device between its card, its eIM, an SM-DP+ and two networks: what it must do, and do only once. */
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "rsp_ids.h"

#define DOWNLOAD "{\"reference\":\"download\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}"
#define ENABLE_ONLY "{\"reference\":\"enable\",\"kind\":\"enable\",\"iccid\":\"" LAB_PARTNER_ICCID "\""
#define ENABLE ENABLE_ONLY ",\"rollback\":true}"

/* A device that has a swap before it: the profile is released, download and enable are ordered. */
static void order_swap(struct lab *l, bool rollback)
{
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_start_device(l);
    lab_order(l, DOWNLOAD);
    lab_order(l, rollback ? ENABLE : ENABLE_ONLY "}");
}

static void open_swap(struct lab *l, bool json)
{
    lab_open(l);
    l->json = json;
    order_swap(l, true);
}

/* The swap is done, and each of its parts was done once. */
static void check_swapped(const char *row, struct lab *l)
{
    CHECK_ROW(row, strcmp(lab_order_state(l, "download"), "done") == 0);
    CHECK_ROW(row, strcmp(lab_order_state(l, "enable"), "done") == 0);
    CHECK_ROW(row, strcmp(lab_profile_state(l, LAB_PARTNER_ICCID), "installed") == 0);
    CHECK_ROW(row, lab_times_said(l, "\"result\":\"enableResult\"") == 1);
    CHECK_ROW(row, lab_times_said(l, "\"event\":\"package.refused\"") == 0);
    CHECK_ROW(row, strcmp(ipa_online_plmn(l->ipa), "26202") == 0);
    CHECK_ROW(row, lab_card_state(&l->card, LAB_PARTNER_ICCID) == 1);
}

static void swap(const char *row, struct lab *l)
{
    lab_run(l, 2 * CLOCK_MINUTE);
    check_swapped(row, l);
    CHECK_ROW(row, l->lead.attached == 1 && l->partner.attached == 1);
    CHECK_ROW(row, !lab_said(l, "TOKEN-1") && !lab_said(l, LAB_K));
}

/* --- rollback ---------------------------------------------------------------------------------- */

static bool is_taken_back(struct lab *l)
{
    return lab_card_state(&l->card, LAB_LEAD_ICCID) == 1 && strcmp(lab_order_state(l, "enable"), "failed") == 0 &&
           strcmp(lab_order_result(l, "enable", "name"), "rolledBack") == 0 && strcmp(ipa_online_plmn(l->ipa), "26201") == 0;
}

static bool is_at_stake(struct lab *l)
{
    return lab_card_state(&l->card, LAB_PARTNER_ICCID) == 1 && strcmp(lab_order_state(l, "enable"), "sent") == 0;
}

/* After 420 s, over restarts. */
static void rollback_in_time(const char *row, struct lab *l)
{
    l->partner.down = true;
    lab_run(l, 1);
    CHECK_ROW(row, is_at_stake(l));
    lab_restart(l, LAB_IPA); /* the card was reset by the look at it */
    lab_run(l, 419 * CLOCK_SECOND);
    CHECK_ROW(row, is_at_stake(l));
    lab_restart(l, LAB_IPA);
    lab_run(l, 2 * CLOCK_SECOND);
    CHECK_ROW(row, is_taken_back(l) && lab_times_said(l, "\"event\":\"rollback\"") == 1);
}

/* The clock is set after a switch that leads nowhere yet: the time that the device has runs on as if it were not. */
static const struct {
    const char *name;
    int64_t by, away; /* ms; how long the partner's network is away from then on */
    bool restart, back;
} clocks[] = {
    { "set back by a day, and no network", -CLOCK_DAY, 422 * CLOCK_SECOND, false, true },
    { "set back by a day before a restart, and no network", -CLOCK_DAY, 422 * CLOCK_SECOND, true, true },
    { "set on by a day, and no network", CLOCK_DAY, 422 * CLOCK_SECOND, false, true },
    { "set back by a day, and the network comes", -CLOCK_DAY, 300 * CLOCK_SECOND, false, false },
    { "set on by a day, and the network comes", CLOCK_DAY, 300 * CLOCK_SECOND, false, false },
};

static void the_clock_is_set(void)
{
    for (size_t k = 0; k < 2 * COUNT(clocks); k++) {
        const size_t i = k / 2;
        struct lab l;
        open_swap(&l, k % 2);
        l.partner.down = true;
        lab_run(&l, 1);
        CHECK_ROW(clocks[i].name, lab_card_state(&l.card, LAB_PARTNER_ICCID) == 1);
        l.clock.at += clocks[i].by;
        if (clocks[i].restart)
            lab_restart(&l, LAB_IPA);
        lab_run(&l, 200 * CLOCK_SECOND);
        CHECK_ROW(clocks[i].name, lab_card_state(&l.card, LAB_PARTNER_ICCID) == 1 && strcmp(lab_order_state(&l, "enable"), "sent") == 0);
        lab_run(&l, clocks[i].away - 200 * CLOCK_SECOND);
        l.partner.down = false;
        lab_run(&l, CLOCK_MINUTE * 5);
        CHECK_ROW(clocks[i].name, lab_card_state(&l.card, LAB_LEAD_ICCID) == clocks[i].back);
        CHECK_ROW(clocks[i].name, strcmp(lab_order_state(&l, "enable"), clocks[i].back ? "failed" : "done") == 0);
        lab_close(&l);
    }
}

/* In the place of the order with the flag. */
static void no_rollback_without_flag(const char *row, struct lab *l)
{
    l->partner.down = true;
    lab_run(l, CLOCK_HOUR);
    CHECK_ROW(row, is_at_stake(l));
    l->partner.down = false;
    lab_restart(l, LAB_IPA);
    lab_run(l, CLOCK_MINUTE);
    check_swapped(row, l);
}

static void online_just_in_time(const char *row, struct lab *l)
{
    l->partner.down = true;
    lab_run(l, 400 * CLOCK_SECOND);
    l->partner.down = false;
    lab_run(l, 10 * CLOCK_MINUTE);
    check_swapped(row, l);
}

/* A bearer is no connection: the eIM cannot be reached through the new network (SGP.32 3.3.2). */
static void rollback_when_the_eim_is_gone(const char *row, struct lab *l)
{
    enum err e;
    while (!l->partner.attached && clock_now(&l->clock.clock) < LAB_EPOCH + CLOCK_MINUTE) {
        int64_t next = l->part[LAB_IPA].actor->ops->tick(l->part[LAB_IPA].actor, clock_now(&l->clock.clock), &e);
        if (lab_said(l, "\"result\":\"enableResult\"")) {
            l->hurdle = "eim.example.com";
            l->hurdles = -1;
            l->hurdle_err = ERR_IO;
        }
        clock_virtual_advance(&l->clock, next);
    }
    CHECK_ROW(row, l->partner.attached == 1);
    lab_run(l, 8 * CLOCK_MINUTE);
    CHECK_ROW(row, lab_times_said(l, "\"event\":\"rollback\"") == 1);
    l->hurdle = NULL;
    lab_run(l, 2 * CLOCK_MINUTE);
    CHECK_ROW(row, is_taken_back(l));
}

static const struct {
    const char *name;
    bool rollback; /* the order has the flag */
    void (*play)(const char *row, struct lab *l);
} switches[] = {
    { "a swap: download, enable, attach, notify", true, swap },
    { "a swap without the flag", false, swap },
    { "a switch that leads nowhere is taken back", true, rollback_in_time },
    { "without the flag nothing is taken back", false, no_rollback_without_flag },
    { "who is online in time stays", true, online_just_in_time },
    { "without the flag who is online late stays", false, online_just_in_time },
    { "a bearer without the eIM behind it is taken back too", true, rollback_when_the_eim_is_gone },
};

static void switches_over_both_bindings(void)
{
    for (size_t i = 0; i < 2 * COUNT(switches); i++) {
        const bool json = i % 2;
        struct lab l;
        char row[80];
        snprintf(row, sizeof row, "%s, %s", switches[i / 2].name, json ? "JSON" : "ASN.1");
        lab_open(&l);
        l.json = json;
        order_swap(&l, switches[i / 2].rollback);
        switches[i / 2].play(row, &l);
        lab_close(&l);
    }
}

/* --- power ------------------------------------------------------------------------------------- */

static void swap_with_power_cuts_as(bool json)
{
    bool cut = true;
    for (unsigned n = 1; cut && n < 200; n++) {
        struct lab l;
        char row[40];
        open_swap(&l, json);
        l.part[LAB_IPA].writes = 0;
        l.part[LAB_IPA].cut_at = n;
        lab_run(&l, 5 * CLOCK_MINUTE);
        snprintf(row, sizeof row, "power cut at write %u, %s", n, json ? "JSON" : "ASN.1");
        check_swapped(row, &l);
        cut = l.part[LAB_IPA].cut_at == 0; /* it was started again */
        lab_close(&l);
    }
    CHECK(!cut);
}

static void swap_with_power_cuts(void)
{
    swap_with_power_cuts_as(false);
    swap_with_power_cuts_as(true);
}

static void rollback_with_power_cuts_as(bool json)
{
    bool cut = true;
    for (unsigned n = 1; cut && n < 200; n++) {
        struct lab l;
        char row[40];
        open_swap(&l, json);
        l.partner.down = true;
        l.part[LAB_IPA].writes = 0;
        l.part[LAB_IPA].cut_at = n;
        lab_run(&l, 10 * CLOCK_MINUTE);
        snprintf(row, sizeof row, "power cut at write %u, %s", n, json ? "JSON" : "ASN.1");
        CHECK_ROW(row, strcmp(lab_order_state(&l, "enable"), "failed") == 0);
        CHECK_ROW(row, strcmp(lab_order_result(&l, "enable", "name"), "rolledBack") == 0);
        CHECK_ROW(row, lab_times_said(&l, "\"state\":\"done\"") ==
                           1); /* the download's: the enable never looked done */
        CHECK_ROW(row, lab_times_said(&l, "\"event\":\"package.refused\"") == 0);
        CHECK_ROW(row, lab_card_state(&l.card, LAB_LEAD_ICCID) == 1);
        cut = l.part[LAB_IPA].cut_at == 0;
        lab_close(&l);
    }
    CHECK(!cut);
}

static void rollback_with_power_cuts(void)
{
    rollback_with_power_cuts_as(false);
    rollback_with_power_cuts_as(true);
}

static void card_fails(enum card_fault_kind kind, const char *what)
{
    bool failed = true;
    for (unsigned n = 1; failed && n < 2000; n += n < 10 ? 1 : 5) {
        struct lab l;
        char row[48];
        open_swap(&l, false);
        l.card_fault.kind = kind;
        l.card_fault.at = n;
        l.card_fault.seen = 0;
        lab_run(&l, 5 * CLOCK_MINUTE);
        failed = l.card_fault.seen >= n;
        snprintf(row, sizeof row, "%s at command %u", what, n);
        check_swapped(row, &l);
        lab_close(&l);
    }
    CHECK(!failed);
}

static void card_loses_power(void)
{
    card_fails(CARD_FAULT_CUT, "power is cut");
}

static void card_answers_get_lost(void)
{
    card_fails(CARD_FAULT_LOSE, "the answer is lost");
}

static void card_commands_get_lost(void)
{
    card_fails(CARD_FAULT_FAIL, "the command is lost");
}

static void servers_are_killed(void)
{
    static const enum lab_kind kinds[] = { LAB_SMDP, LAB_EIM };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        bool cut = true;
        for (unsigned n = 1; cut && n < 200; n++) {
            struct lab l;
            char row[48];
            open_swap(&l, false);
            l.part[kinds[i]].writes = 0;
            l.part[kinds[i]].cut_at = n;
            lab_run(&l, 10 * CLOCK_MINUTE);
            snprintf(row, sizeof row, "%s killed at write %u", i ? "eIM" : "SM-DP+", n);
            check_swapped(row, &l);
            cut = l.part[kinds[i]].cut_at == 0;
            lab_close(&l);
        }
        CHECK(!cut);
    }
}

static void rollback_with_card_faults(void)
{
    static const enum card_fault_kind kinds[] = { CARD_FAULT_CUT, CARD_FAULT_LOSE, CARD_FAULT_FAIL };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        bool failed = true;
        for (unsigned n = 40; failed && n < 2000; n += 5) {
            struct lab l;
            char row[48];
            open_swap(&l, false);
            l.partner.down = true;
            l.card_fault.kind = kinds[i];
            l.card_fault.at = n;
            l.card_fault.seen = 0;
            lab_run(&l, 20 * CLOCK_MINUTE);
            failed = l.card_fault.seen >= n;
            snprintf(row, sizeof row, "fault %d at command %u", kinds[i], n);
            CHECK_ROW(row, strcmp(lab_order_state(&l, "enable"), "failed") == 0);
            CHECK_ROW(row, strcmp(lab_order_result(&l, "enable", "name"), "rolledBack") == 0);
            CHECK_ROW(row, lab_times_said(&l, "\"state\":\"done\"") == 1); /* the enable never looked done */
            CHECK_ROW(row, lab_times_said(&l, "\"event\":\"package.refused\"") == 0);
            CHECK_ROW(row, strcmp(ipa_online_plmn(l.ipa), "26201") == 0);
            CHECK_ROW(row, lab_card_state(&l.card, LAB_LEAD_ICCID) == 1);
            lab_close(&l);
        }
        CHECK(!failed);
    }
}

/* --- messages that were altered on their way --------------------------------------------------- */

struct changer {
    struct tamper tamper;
    const char *message;
    size_t at; /* which octet; SIZE_MAX: cut in half */
    unsigned changed;
};

static void change(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message,
                   struct buf *bytes)
{
    struct changer *c = (struct changer *)t;
    (void)actor;
    if (moment != TAMPER_BEFORE_SENDING || strcmp(message, c->message) != 0 || !bytes->len)
        return;
    c->changed++;
    if (c->at == SIZE_MAX)
        bytes->len /= 2;
    else
        bytes->at[c->at % bytes->len] ^= 1;
}

static const struct {
    enum lab_kind who;
    const char *message;
    bool silent; /* what is lost is only an answer: the swap may go well */
} messages[] = {
    { LAB_EIM, "ESipa.GetEimPackageResponse", false },
    { LAB_EIM, "ESipa.ProvideEimPackageResultResponse", true },
    { LAB_SMDP, "ES9+.InitiateAuthenticationResponse", false },
    { LAB_SMDP, "ES9+.AuthenticateClientResponse", false },
    { LAB_SMDP, "ES9+.GetBoundProfilePackageResponse", false },
};

static void altered_messages(void)
{
    static const size_t places[] = { SIZE_MAX, 0, 3, 40, 150, 555 };
    for (size_t i = 0; i < COUNT(messages); i++)
        for (size_t k = 0; k < COUNT(places); k++) {
            struct lab l;
            struct changer c = { { change }, messages[i].message, places[k], 0 };
            char row[96];
            open_swap(&l, false);
            l.part[messages[i].who].env.tamper = &c.tamper;
            lab_run(&l, 15 * CLOCK_MINUTE);
            snprintf(row, sizeof row, "%s, octet %zd", messages[i].message, (ssize_t)places[k]);
            CHECK_ROW(row, c.changed > 0);
            /* Either it was noticed and nothing was installed, or the octet meant nothing (a space, an
             * optional text). */
            bool swapped = strcmp(lab_order_state(&l, "enable"), "done") == 0;
            int card = lab_card_state(&l.card, LAB_PARTNER_ICCID);
            CHECK_ROW(row, swapped ? card == 1 : card != 1 || messages[i].silent);
            CHECK_ROW(row, lab_times_said(&l, "\"result\":\"enableResult\"") <= 1);
            lab_close(&l);
        }
}

/* A package that is none, or of no kind: said so, and after the third time the order has failed. */
static const struct {
    const char *name, *hex; /* instead of the eIM's answer with a package */
    const char *says;
} not_understood[] = {
    { "a package cut short", "bf4f06bf51038201", "invalidPackageFormat" },
    { "a package that is none", "bf4f06bf5103820101", "invalidPackageFormat" },
    { "two packages", "bf4f0cbf5403820101bf5403820102", "invalidPackageFormat" },
    { "nothing in it", "bf4f00", "invalidPackageFormat" },
    { "something of no kind", "bf4f03bf5500", "unknownPackage" },
};

struct replacer {
    struct tamper tamper;
    struct buf by;
};

static void replace(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    struct replacer *r = (struct replacer *)t;
    (void)actor;
    if (moment == TAMPER_BEFORE_SENDING && !strcmp(message, "ESipa.GetEimPackageResponse") && bytes->len > 20)
        REQUIRE(buf_set(bytes, buf_span(&r->by)) == ERR_OK);
}

static void packages_not_understood(void)
{
    for (size_t i = 0; i < COUNT(not_understood); i++) {
        struct lab l;
        struct replacer r = { { replace }, hex(not_understood[i].hex) };
        lab_open(&l);
        lab_start_device(&l);
        lab_order(&l, ENABLE);
        l.part[LAB_EIM].env.tamper = &r.tamper;
        lab_run(&l, 10 * CLOCK_MINUTE);
        CHECK_ROW(not_understood[i].name, strcmp(lab_order_state(&l, "enable"), "failed") == 0);
        CHECK_ROW(not_understood[i].name, strcmp(lab_order_result(&l, "enable", "name"), not_understood[i].says) == 0);
        CHECK_ROW(not_understood[i].name, lab_times_said(&l, "\"event\":\"poll.not_understood\"") == 3);
        lab_close(&l);
        buf_release(&r.by);
    }
}

/* What is in a package is for the card to judge, which signs what it says (catalogue A.5.4): commands of a later version, or
 * damaged ones. */
static const struct {
    const char *name, *from, *to; /* in what the eIM signs */
    bool is_der;                  /* over JSON what is none does not come so far */
} commands[] = {
    { "a command of no kind", "a80c5a0a", "af0c5a0a", true },
    { "a command with a member of no kind", "a80c5a0a", "a80c5b0a", true },
    { "a command with a member cut short", "a80c5a0a", "a80c5a0b", false },
};

struct spoiler {
    struct tamper tamper;
    struct buf from, to;
    unsigned spoilt;
};

static void spoil_command(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    struct spoiler *s = (struct spoiler *)t;
    (void)actor;
    if (moment != TAMPER_BEFORE_SIGNING || strcmp(message, "ESep.EuiccPackageSigned") != 0)
        return;
    uint8_t *at = memmem(bytes->at, bytes->len, s->from.at, s->from.len);
    REQUIRE(at != NULL);
    memcpy(at, s->to.at, s->to.len);
    s->spoilt++;
}

static void the_card_judges_commands(void)
{
    for (size_t i = 0; i < 2 * COUNT(commands); i++) {
        const char *name = commands[i / 2].name;
        struct lab l;
        struct spoiler s = { { spoil_command }, hex(commands[i / 2].from), hex(commands[i / 2].to), 0 };
        lab_open(&l);
        l.json = i % 2 && commands[i / 2].is_der;
        lab_start_device(&l);
        l.part[LAB_EIM].env.tamper = &s.tamper;
        lab_order(&l, "{\"reference\":\"o\",\"kind\":\"setFallback\",\"iccid\":\"" LAB_LEAD_ICCID "\"}");
        lab_run(&l, 2 * CLOCK_MINUTE);
        CHECK_ROW(name, s.spoilt == 1 && strcmp(lab_order_state(&l, "o"), "failed") == 0);
        CHECK_ROW(name, strcmp(lab_order_result(&l, "o", "name"), "unknownOrDamagedCommand") == 0);
        CHECK_ROW(name, !lab_said(&l, "poll.not_understood") && lab_times_said(&l, "package.executed") == 1);
        lab_close(&l);
        buf_release(&s.from);
        buf_release(&s.to);
    }
}

/* --- the net ----------------------------------------------------------------------------------- */

static const struct {
    const char *name, *url;
    enum err e;
    bool after;
    int times;
} hurdles[] = {
    { "the eIM is not reached", "eim.example.com", ERR_IO, false, 5 },
    { "the eIM's answers are lost", "eim.example.com", ERR_TIMEOUT, true, 5 },
    { "the SM-DP+ is not reached", "smdp.example.com", ERR_IO, false, 2 },
    { "InitiateAuthentication's answer is lost", "initiateAuthentication", ERR_TIMEOUT, true, 2 },
    { "AuthenticateClient's answer is lost", "authenticateClient", ERR_TIMEOUT, true, 2 },
    { "the package is lost", "getBoundProfilePackage", ERR_TIMEOUT, true, 2 },
    { "the answers to notifications are lost", "handleNotification", ERR_TIMEOUT, true, 3 },
    { "the lead's network is not reached", "net.lead", ERR_IO, false, 4 },
    { "the partner's network is not reached", "net.partner", ERR_IO, false, 4 },
    { "the partner's network does not answer", "net.partner", ERR_TIMEOUT, true, 4 },
};

static void lossy_net(void)
{
    for (size_t i = 0; i < COUNT(hurdles); i++) {
        struct lab l;
        open_swap(&l, false);
        l.hurdle = hurdles[i].url;
        l.hurdle_err = hurdles[i].e;
        l.hurdle_after = hurdles[i].after;
        l.hurdles = hurdles[i].times;
        lab_run(&l, 30 * CLOCK_MINUTE);
        CHECK_ROW(hurdles[i].name, l.hurdles == 0);
        check_swapped(hurdles[i].name, &l);
        lab_close(&l);
    }
}

static const struct {
    const char *name, *code, *hurdle, *eid;
    enum err e;
    const char *says;
} failures[] = {
    { "a matchingId that is none", "1$smdp.example.com$NONE", NULL, LAB_EID, ERR_OK, "8.2.6/3.8" },
    { "another card's order", LAB_CODE, NULL, LAB_OTHER_EID, ERR_OK, "8.1.1/3.8" },
    { "an SM-DP+ that is not there", "1$nobody.example.com$TOKEN-1", NULL, LAB_EID, ERR_OK,
      "cannot be reached" },
    { "an SM-DP+ that is down for good", LAB_CODE, "smdp.example.com", LAB_EID, ERR_IO, "cannot be reached" },
    { "an SM-DP+ with another OID than the code names", LAB_CODE "$2.999.99", NULL, LAB_EID, ERR_OK, "whose OID the code names" },
    { "an SM-DP+ whose TLS certificate is refused", LAB_CODE, "smdp.example.com", LAB_EID, ERR_VERIFY,
      "TLS" },
};

static void downloads_that_fail(void)
{
    for (size_t i = 0; i < COUNT(failures); i++) {
        struct lab l;
        char body[200];
        lab_open(&l);
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, failures[i].eid, "TOKEN-1", "");
        lab_start_device(&l);
        snprintf(body, sizeof body,
                 "{\"reference\":\"download\",\"kind\":\"download\",\"activationCode\":\"%s\"}",
                 failures[i].code);
        lab_order(&l, body);
        l.hurdle = failures[i].hurdle;
        l.hurdle_err = failures[i].e;
        l.hurdles = -1;
        lab_run(&l, 10 * CLOCK_MINUTE);
        CHECK_ROW(failures[i].name, strcmp(lab_order_state(&l, "download"), "failed") == 0);
        CHECK_ROW(failures[i].name, strstr(lab_order_result(&l, "download", "error"), failures[i].says) != NULL);
        CHECK_ROW(failures[i].name, lab_card_state(&l.card, LAB_PARTNER_ICCID) == -1);
        CHECK_ROW(failures[i].name, strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "released") == 0);
        lab_close(&l);
    }
}

/* The eIM's own refusals are final; what could not be asked may be asked again, and then says what it was. */
static const struct {
    const char *name, *code, *hurdle, *says;
    unsigned attempts;
} relayed_failures[] = {
    { "an SM-DP+ with another OID", LAB_CODE "$2.999.99", NULL, "smdpOidMismatch", 1 },
    { "a matchingId that is none", "1$smdp.example.com$NONE", NULL, "matchingIdRefused", 1 },
    { "an SM-DP+ that is down for good", LAB_CODE, "smdp.example.com", "undefinedError", 3 },
};

static void relayed_downloads_that_fail(void)
{
    for (size_t i = 0; i < 2 * COUNT(relayed_failures); i++) {
        const char *name = relayed_failures[i / 2].name;
        struct lab l;
        char body[200];
        lab_open(&l);
        l.indirect = true;
        l.json = i % 2;
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
        lab_start_device(&l);
        snprintf(body, sizeof body, "{\"reference\":\"download\",\"kind\":\"download\",\"activationCode\":\"%s\"}",
                 relayed_failures[i / 2].code);
        lab_order(&l, body);
        l.hurdle = relayed_failures[i / 2].hurdle;
        l.hurdle_err = ERR_IO;
        l.hurdles = -1;
        lab_run(&l, 10 * CLOCK_MINUTE);
        CHECK_ROW(name, strcmp(lab_order_state(&l, "download"), "failed") == 0);
        CHECK_ROW(name, strstr(lab_order_result(&l, "download", "error"), relayed_failures[i / 2].says) != NULL);
        CHECK_ROW(name, lab_times_said(&l, "a profile to download") == relayed_failures[i / 2].attempts);
        lab_close(&l);
    }
}

/* --- sessions that go nowhere are cancelled for their reason (SGP.22 5.7.14) -------------------------- */

#define RULED_ICCID "89000123456789012382"
#define RULED                                                                                                \
    "{\"profiles\":[{\"iccid\":\"" RULED_ICCID "\",\"imsi\":\"262027654321777\",\"operator\":\"eso\",\"k\":\"" LAB_K    \
    "\",\"opc\":\"" LAB_OPC "\",\"mccMnc\":\"26202\",\"serviceProviderName\":\"Partner\",\"profileName\":\"ruled\","   \
    "\"profilePolicyRules\":[\"ppr1\"]}]}"

/* Rules of the card for PPR1: what is allowed to 26201 only, to 26202 only, and to all who ask first. */
#define RULE(plmn, flags) "30108002" "0640" "a10730058003" plmn "8201" flags
#define OTHER_OWNER RULE("62f210", "00")
#define THIS_OWNER RULE("62f220", "00")
#define CONSENT "30118002" "0640" "a10730058003eeeeee" "82020780"

static const struct {
    const char *name, *rat; /* NULL: the card's own, which allows everything */
    const char *altered, *hurdle;
    const char *reason; /* "" installed */
} reasons[] = {
    { "a rule that the card allows to everybody", NULL, NULL, NULL, "" },
    { "a rule that the card allows to this owner", THIS_OWNER, NULL, NULL, "" },
    { "a rule that the card allows to another owner", OTHER_OWNER, NULL, NULL, "pprNotAllowed" },
    { "a rule that somebody would have to agree to", CONSENT, NULL, NULL, "pprNotAllowed" },
    { "metadata that were altered on their way", NULL, "ES9+.AuthenticateClientResponse", NULL, "metadataMismatch" },
    { "an SM-DP+ that does not answer in time", NULL, NULL, "authenticateClient", "timeout" },
};

/* The name of the profile in the metadata, which nothing but the package protects. */
static void rename_profile(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    struct changer *c = (struct changer *)t;
    static const char member[] = "\"profileMetadata\":\"";
    (void)actor;
    if (moment != TAMPER_BEFORE_SENDING || !c->message || strcmp(message, c->message) != 0)
        return;
    uint8_t *at = memmem(bytes->at, bytes->len, member, sizeof member - 1);
    if (!at)
        return;
    at += sizeof member - 1 + 26; /* behind tag, length and ICCID */
    *at = *at == 'B' ? 'C' : 'B';
    c->changed++;
}

/* Another card in the device. */
static void change_card(struct lab *l, const char *rat)
{
    struct buf table = hex(rat);
    lab_card_close(&l->card);
    lab_card_open_like(l, &l->card, "CERT_EUICC_ECDSA_NIST", LAB_EID, false, &(struct euicc_settings){ .rat = buf_span(&table) });
    card_fault_init(&l->card_fault, l->card.card, CARD_FAULT_CUT, 0);
    buf_release(&table);
}

static void sessions_are_cancelled(void)
{
    for (size_t i = 0; i < 2 * COUNT(reasons); i++) {
        const char *name = reasons[i / 2].name, *reason = reasons[i / 2].reason;
        struct changer c = { { rename_profile }, reasons[i / 2].altered, 0, 0 };
        struct lab l;
        char said[80];
        lab_open(&l);
        l.indirect = i % 2;
        if (reasons[i / 2].rat)
            change_card(&l, reasons[i / 2].rat);
        CHECK(lab_call(&l, l.admin, "POST", LAB_SMDP_URL "/v1/profiles", RULED, NULL) == 200);
        lab_release(&l, RULED_ICCID, LAB_EID, "TOKEN-1", "");
        lab_start_device(&l);
        l.part[LAB_SMDP].env.tamper = &c.tamper;
        l.hurdle = reasons[i / 2].hurdle;
        l.hurdle_err = ERR_TIMEOUT;
        l.hurdle_after = true;
        l.hurdles = -1;
        lab_order(&l, DOWNLOAD);
        lab_run(&l, 5 * CLOCK_MINUTE);
        CHECK_ROW(name, strcmp(lab_order_state(&l, "download"), reason[0] ? "failed" : "done") == 0);
        CHECK_ROW(name, lab_card_state(&l.card, RULED_ICCID) == (reason[0] ? -1 : 0));
        snprintf(said, sizeof said, "\"reason\":\"%s\"", reason);
        /* An eIM that relays tells no time-out from other failures of the SM-DP+. */
        bool told = reason[0] && !(l.indirect && reasons[i / 2].hurdle);
        CHECK_ROW(name, !told || lab_said(&l, said));
        CHECK_ROW(name, lab_said(&l, "download.cancelled") == (reason[0] != 0));
        lab_close(&l);
    }
}

static const struct {
    const char *name;
    enum ipa_end_user user;
    const char *reason, *says, *order; /* of the session; of the eIM's order; what becomes of the SM-DP+'s */
    bool again;                        /* the code serves once more, when nobody objects */
} answers_of_users[] = {
    { "an end user who rejects", IPA_END_USER_REJECTS, "endUserRejection", "the end user rejects", "error", false },
    { "an end user who postpones", IPA_END_USER_POSTPONES, "postponed", "the end user postpones", "released", true },
};

static void end_users_answer(void)
{
    for (size_t i = 0; i < 4 * COUNT(answers_of_users); i++) {
        const size_t row = i / 4;
        const char *name = answers_of_users[row].name;
        struct lab l;
        char said[80];
        lab_open(&l);
        l.indirect = i & 1;
        l.minimizes = l.json = i & 2;
        l.end_user = answers_of_users[row].user;
        l.rejection_ends_order = true;
        lab_restart(&l, LAB_SMDP);
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
        lab_start_device(&l);
        lab_order(&l, DOWNLOAD);
        lab_run(&l, CLOCK_MINUTE);
        CHECK_ROW(name, strcmp(lab_order_state(&l, "download"), "failed") == 0);
        CHECK_ROW(name, strstr(lab_order_result(&l, "download", "error"), answers_of_users[row].says) != NULL);
        CHECK_ROW(name, strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), answers_of_users[row].order) == 0);
        snprintf(said, sizeof said, "\"reason\":\"%s\"", answers_of_users[row].reason);
        CHECK_ROW(name, lab_said(&l, said) && lab_times_said(&l, "a profile to download") == 1);
        l.end_user = IPA_END_USER_ABSENT;
        lab_restart(&l, LAB_IPA);
        lab_order(&l, "{\"reference\":\"again\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "$2.999.10\"}");
        lab_run(&l, 2 * CLOCK_MINUTE);
        CHECK_ROW(name, strcmp(lab_order_state(&l, "again"), answers_of_users[row].again ? "done" : "failed") == 0);
        CHECK_ROW(name, lab_card_state(&l.card, LAB_PARTNER_ICCID) == (answers_of_users[row].again ? 0 : -1));
        lab_close(&l);
    }
}

/* --- what a device leaves to its eIM (ipaFeatures) ---------------------------------------------------- */

/* What was in the messages between device and eIM, in ASN.1. */
struct spy {
    struct tamper tamper;
    bool code, address, device, metadata;
    unsigned transactions; /* answers of the relay that name the RSP transaction */
};

static bool holds(const struct buf *bytes, struct span what)
{
    return memmem(bytes->at, bytes->len, what.at, what.len) != NULL;
}

/* Is transactionId (80) the first member of the success (A0) in this answer? */
static bool names_transaction(const struct buf *bytes)
{
    struct der outer = der_open(buf_span(bytes)), choice;
    struct der_tlv answer, ok;
    if (der_next(&outer, &answer))
        return false;
    choice = der_open(answer.value);
    if (der_next(&choice, &ok) || ok.tag != 0xA0)
        return false;
    choice = der_open(ok.value);
    return der_peek(&choice) == 0x80;
}

static void spy_on(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    struct spy *s = (struct spy *)t;
    (void)actor;
    if (moment != TAMPER_BEFORE_SENDING)
        return;
    s->code |= !strcmp(message, "ESipa.GetEimPackageResponse") && holds(bytes, span_str("TOKEN-1"));
    s->address |= !strcmp(message, "ESipa.InitiateAuthenticationRequest") && holds(bytes, span_str("smdp.example.com"));
    s->device |= !strcmp(message, "ESipa.InitiateAuthenticationResponse") && holds(bytes, SPAN(0x53, 0x21, 0x43, 0x65));
    s->metadata |= !strcmp(message, "ESipa.AuthenticateClientResponse") && holds(bytes, span_str("Partner"));
    if (!strcmp(message, "ESipa.InitiateAuthenticationResponse") || !strcmp(message, "ESipa.AuthenticateClientResponse") ||
        !strcmp(message, "ESipa.GetBoundProfilePackageResponse"))
        s->transactions += names_transaction(bytes);
}

static const struct {
    const char *name;
    bool download_data, ctx_params1, metadata, minimizes;
    const char *rat, *more; /* the card's rules; of the order */
    const char *says;       /* "" installed */
} left[] = {
    { "nothing", false, false, false, false, NULL, "", "" },
    { "what is to be downloaded", true, false, false, false, NULL, "", "" },
    { "ctxParams1", false, true, false, false, NULL, "", "" },
    { "verifying metadata", false, false, true, false, NULL, "", "" },
    { "nothing, in few bytes", false, false, false, true, NULL, "", "" },
    { "all of it, in few bytes", true, true, true, true, NULL, "", "" },
    { "verifying a profile that the card does not allow", false, false, true, false, OTHER_OWNER, "", "pprNotAllowed" },
    { "verifying a profile that the card allows", false, false, true, false, THIS_OWNER, "", "" },
    { "nothing, and the profile is the one that was ordered", false, false, false, false, NULL,
      ",\"iccid\":\"" RULED_ICCID "\"", "" },
    { "nothing, and another profile was ordered", false, false, false, false, NULL, ",\"iccid\":\"" LAB_PARTNER_ICCID "\"",
      "metadataMismatch" },
    { "everything, and another profile was ordered", true, true, true, false, NULL, ",\"iccid\":\"" LAB_PARTNER_ICCID "\"",
      "metadataMismatch" },
};

static void leave(struct lab *l, size_t row, bool json)
{
    char body[250];
    lab_open(l);
    l->indirect = true;
    l->json = json;
    l->eim_download_data = left[row].download_data;
    l->eim_ctx_params1 = left[row].ctx_params1;
    l->eim_metadata = left[row].metadata;
    l->minimizes = left[row].minimizes;
    if (left[row].rat)
        change_card(l, left[row].rat);
    CHECK(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/profiles", RULED, NULL) == 200);
    lab_release(l, RULED_ICCID, LAB_EID, "TOKEN-1", "");
    lab_start_device(l);
    lab_order(l, "{\"reference\":\"features\",\"kind\":\"data\",\"parameters\":{\"tags\":[\"A8\",\"A9\"]}}");
    lab_order(l, "{\"reference\":\"rat\",\"kind\":\"getRat\"}");
    snprintf(body, sizeof body,
             "{\"reference\":\"download\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"%s}", left[row].more);
    lab_order(l, body);
}

static void left_to_the_eim(void)
{
    for (size_t i = 0; i < 2 * COUNT(left); i++) {
        const size_t row = i / 2;
        const char *name = left[row].name, *says = left[row].says;
        struct lab l;
        struct spy spy = { .tamper = { spy_on } };
        char reason[80];
        leave(&l, row, i % 2);
        l.part[LAB_IPA].env.tamper = l.part[LAB_EIM].env.tamper = &spy.tamper;
        lab_run(&l, 5 * CLOCK_MINUTE);
        CHECK_ROW(name, strcmp(lab_order_state(&l, "download"), says[0] ? "failed" : "done") == 0);
        CHECK_ROW(name, strstr(lab_order_result(&l, "download", "error"), says) != NULL);
        CHECK_ROW(name, lab_card_state(&l.card, RULED_ICCID) == (says[0] ? -1 : 0));
        snprintf(reason, sizeof reason, "\"reason\":\"%s\"", says);
        CHECK_ROW(name, !says[0] || lab_said(&l, reason));
        if (!l.json) {
            CHECK_ROW(name, spy.code == !left[row].download_data && spy.address == !left[row].download_data);
            CHECK_ROW(name, spy.device == left[row].ctx_params1);
            CHECK_ROW(name, spy.metadata == !left[row].metadata);
            /* Left out towards who minimizes; a download that fails has fewer answers. */
            CHECK_ROW(name, left[row].minimizes ? !spy.transactions : (says[0] || spy.transactions == 3));
        }
        lab_close(&l);
    }
}

/* --- fewer bytes to an eIM that relays (minimizeEsipaBytes) ------------------------------------------ */

/* Authentications and notifications on their way to the eIM: how long, and one of them spoilt. */
struct meter {
    struct tamper tamper;
    size_t authentication[8], notification[16];
    unsigned authentications, notifications, spoilt; /* spoilt: the n-th authentication; 0 none */
    bool json;
};

/* An octet of the signature, which stands last: in base64 another letter. */
static void spoil(struct buf *bytes, bool json)
{
    uint8_t *at = bytes->at + bytes->len - (json ? 12 : 5);
    *at = json ? (*at == 'A' ? 'B' : 'A') : *at ^ 1;
}

static void measure(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    struct meter *m = (struct meter *)t;
    (void)actor;
    if (moment == TAMPER_BEFORE_SENDING && !strcmp(message, "ESipa.AuthenticateClientRequest") &&
        m->authentications < COUNT(m->authentication)) {
        m->authentication[m->authentications++] = bytes->len;
        if (m->authentications == m->spoilt)
            spoil(bytes, m->json);
    }
    if (moment == TAMPER_BEFORE_SENDING && !strcmp(message, "ESipa.HandleNotificationRequest") &&
        m->notifications < COUNT(m->notification))
        m->notification[m->notifications++] = bytes->len;
}

static const struct {
    const char *name;
    bool minimizes;
    unsigned spoilt, authentications;
    bool in_full; /* after a refusal */
    bool v1_3;
} minimized[] = {
    { "all is said every time", false, 0, 2, false, false },
    { "what the eIM has seen is left out", true, 0, 2, false, false },
    { "the same in SGP.32 v1.3", true, 0, 2, false, true },
    { "what the eIM cannot make whole is said in full", true, 2, 3, true, false },
};

static void fewer_bytes(void)
{
    for (size_t k = 0; k < 2 * COUNT(minimized); k++) {
        const size_t i = k / 2;
        const char *name = minimized[i].name;
        struct meter m = { .tamper = { measure }, .spoilt = minimized[i].spoilt };
        struct lab l;
        lab_open(&l);
        l.indirect = true;
        l.minimizes = minimized[i].minimizes;
        m.json = l.json = k % 2;
        l.v1_3 = minimized[i].v1_3;
        lab_restart(&l, LAB_EIM);
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
        lab_release(&l, LAB_THIRD_ICCID, LAB_EID, "TOKEN-2", "");
        lab_start_device(&l);
        l.part[LAB_IPA].env.tamper = &m.tamper;
        lab_order(&l, DOWNLOAD);
        lab_run(&l, 2 * CLOCK_MINUTE);
        lab_order(&l, "{\"reference\":\"second\",\"kind\":\"download\",\"activationCode\":\"1$smdp.example.com$TOKEN-2\"}");
        lab_run(&l, 2 * CLOCK_MINUTE);
        CHECK_ROW(name, strcmp(lab_order_state(&l, "download"), "done") == 0 && strcmp(lab_order_state(&l, "second"), "done") == 0);
        CHECK_ROW(name, strcmp(lab_profile_state(&l, LAB_THIRD_ICCID), "installed") == 0);
        CHECK_ROW(name, m.authentications == minimized[i].authentications);
        CHECK_ROW(name, (m.authentication[1] < m.authentication[0] / 3) == minimized[i].minimizes);
        CHECK_ROW(name, lab_said(&l, "download.in_full") == minimized[i].in_full);
        CHECK_ROW(name, m.notifications >= 2);
        for (unsigned n = 0; n < m.notifications; n++)
            CHECK_ROW(name, m.notification[n] < (minimized[i].minimizes ? 350 : 3000));
        lab_close(&l);
    }
}

/* The eIM that relays has the code; wrong ones end the download, and the fourth is refused whatever it is. */
static const struct {
    const char *name, *code;
    unsigned orders;
    const char *says; /* of the last; "" done */
} confirmations[] = {
    { "the right code", "4711", 1, "" },
    { "a wrong code", "0815", 1, "confirmationCodeRefused" },
    { "a wrong code too often", "0815", 4, "confirmationCodeRetriesExceeded" },
    { "no code", "", 1, "neither the eIM gave one" },
};

static void relayed_confirmation_codes(void)
{
    for (size_t i = 0; i < 2 * COUNT(confirmations); i++) {
        const char *name = confirmations[i / 2].name, *code = confirmations[i / 2].code;
        struct lab l;
        char body[250], reference[8];
        lab_open(&l);
        l.indirect = true;
        l.json = i % 2;
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "4711");
        lab_start_device(&l);
        for (unsigned k = 0; k < confirmations[i / 2].orders; k++) {
            snprintf(reference, sizeof reference, "d%u", k);
            snprintf(body, sizeof body,
                     "{\"reference\":\"%s\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"%s%s%s}", reference,
                     code[0] ? ",\"confirmationCode\":\"" : "", code, code[0] ? "\"" : "");
            lab_order(&l, body);
            lab_run(&l, CLOCK_MINUTE);
        }
        CHECK_ROW(name, strcmp(lab_order_state(&l, reference), confirmations[i / 2].says[0] ? "failed" : "done") == 0);
        CHECK_ROW(name, strstr(lab_order_result(&l, reference, "error"), confirmations[i / 2].says) != NULL);
        CHECK_ROW(name, lab_said(&l, "download.cancelled") == (confirmations[i / 2].says[0] != 0));
        CHECK_ROW(name, !lab_said(&l, "\"4711") && !lab_said(&l, "0815"));
        lab_close(&l);
    }
}

/* What the device was told, and what comes of it; where it was told nothing it does not ask for the package. */
static const struct {
    const char *name, *code, *state, *says, *profile;
    bool cancelled;
} codes[] = {
    { "no confirmation code", NULL, "failed", "a confirmation code is required", "released", true },
    { "a wrong one", "081547110815", "failed", "8.2.7/3.8", "released", true },
    { "one that is too long by a digit", "4711081547110", "failed", "8.2.7/3.8", "released", true },
    { "the right one", "471108154711", "done", "", "installed", false },
};

static void confirmation_codes(void)
{
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct lab l;
        lab_open(&l);
        l.confirmation_code = codes[i].code;
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "471108154711");
        lab_start_device(&l);
        lab_order(&l, DOWNLOAD);
        lab_run(&l, CLOCK_MINUTE);
        CHECK_ROW(codes[i].name, strcmp(lab_order_state(&l, "download"), codes[i].state) == 0);
        CHECK_ROW(codes[i].name, strstr(lab_order_result(&l, "download", "error"), codes[i].says) != NULL);
        CHECK_ROW(codes[i].name, strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), codes[i].profile) == 0);
        CHECK_ROW(codes[i].name, lab_said(&l, "download.cancelled") == codes[i].cancelled);
        CHECK_ROW(codes[i].name, !lab_said(&l, "471108154711"));
        lab_close(&l);
    }
}

/* --- notifications ----------------------------------------------------------------------------- */

static void notifications_in_order(void)
{
    static const int lost[] = { 0, 1, 2, 5 };
    for (size_t i = 0; i < COUNT(lost); i++) {
        struct lab l;
        char history[512];
        open_swap(&l, false);
        lab_order(&l, "{\"reference\":\"back\",\"kind\":\"enable\",\"iccid\":\"" LAB_LEAD_ICCID "\"}");
        l.hurdle = "handleNotification";
        l.hurdle_err = ERR_IO;
        l.hurdles = lost[i];
        lab_run(&l, CLOCK_HOUR); /* the fifth failure is followed by a wait of a quarter of an hour */
        CHECK(strcmp(lab_order_state(&l, "back"), "done") == 0);
        lab_history(&l, LAB_PARTNER_ICCID, history);
        bool good =
            strcmp(history, "installed;notification install;notification enable;notification disable;") == 0;
        CHECK(good);
        if (!good)
            printf("\n    %s", history);
        lab_close(&l);
    }
}

/* --- immediate enable ---------------------------------------------------------------------------- */

#define ALLOW(parameters)                                                                                     \
    "{\"reference\":\"allow\",\"kind\":\"configureImmediateEnable\",\"parameters\":" parameters "}"

static const struct {
    const char *name, *allow; /* the order; NULL none */
    bool enabled;
} immediate_rows[] = {
    { "any SM-DP+ may", ALLOW("{}"), true },
    { "this SM-DP+ may", ALLOW("{\"smdpAddress\":\"smdp.example.com\"}"), true },
    { "another SM-DP+ may", ALLOW("{\"smdpAddress\":\"other.example.com\"}"), false },
    { "an SM-DP+ with another OID may", ALLOW("{\"smdpOid\":\"2.999.99\"}"), false },
    { "it was taken back", ALLOW("{\"enable\":false}"), false },
    { "nobody configured it", NULL, false },
};

static void order_immediate(struct lab *l, const char *allow)
{
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_start_device(l);
    if (allow)
        lab_order(l, allow);
    lab_order(l, DOWNLOAD);
}

static void immediate_enable(void)
{
    for (size_t i = 0; i < 4 * COUNT(immediate_rows); i++) {
        const char *row = immediate_rows[i / 4].name;
        bool enabled = immediate_rows[i / 4].enabled;
        struct lab l;
        lab_open(&l);
        l.json = i & 1;
        l.indirect = i & 2;
        order_immediate(&l, immediate_rows[i / 4].allow);
        lab_run(&l, 3 * CLOCK_MINUTE);
        CHECK_ROW(row, strcmp(lab_order_state(&l, "download"), "done") == 0);
        CHECK_ROW(row, (lab_told_cause(&l) == 5) == enabled);
        CHECK_ROW(row, strcmp(ipa_online_plmn(l.ipa), enabled ? "26202" : "26201") == 0);
        CHECK_ROW(row, strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "installed") == 0);
        CHECK_ROW(row, lab_card_state(&l.card, LAB_PARTNER_ICCID) == enabled);
        lab_close(&l);
    }
}

/* The result is kept before the switch: at any cut it arrives, and an enabled profile is one the eIM hears of. */
static void immediate_enable_with_power_cuts_as(bool json)
{
    bool cut = true;
    for (unsigned n = 1; cut && n < 200; n++) {
        struct lab l;
        char row[40];
        lab_open(&l);
        l.json = json;
        order_immediate(&l, ALLOW("{}"));
        l.part[LAB_IPA].writes = 0;
        l.part[LAB_IPA].cut_at = n;
        lab_run(&l, 5 * CLOCK_MINUTE);
        snprintf(row, sizeof row, "power cut at write %u, %s", n, json ? "JSON" : "ASN.1");
        CHECK_ROW(row, strcmp(lab_order_state(&l, "download"), "done") == 0);
        bool on_partner = strcmp(ipa_online_plmn(l.ipa), "26202") == 0;
        CHECK_ROW(row, !on_partner || lab_told_cause(&l) == 5);
        CHECK_ROW(row, lab_card_state(&l.card, LAB_PARTNER_ICCID) == on_partner);
        cut = l.part[LAB_IPA].cut_at == 0;
        lab_close(&l);
    }
    CHECK(!cut);
}

static void immediate_enable_with_power_cuts(void)
{
    immediate_enable_with_power_cuts_as(false);
    immediate_enable_with_power_cuts_as(true);
}

/* --- which IPA, and when it comes --------------------------------------------------------------- */

static void an_ipae_wants_its_card(void)
{
    struct lab l;
    lab_open(&l);
    l.ipae = true; /* the card was made before, without one */
    lab_start_device(&l);
    lab_order(&l, ENABLE);
    lab_run(&l, 10 * CLOCK_MINUTE);
    CHECK(strcmp(lab_order_state(&l, "enable"), "queued") == 0);
    CHECK(lab_said(&l, "the card announces none"));
    CHECK(l.lead.attached == 0);
    lab_close(&l);
}

/* A card that hears what its terminal can do, and thinks what it likes of it. */
struct listening_card {
    struct card card;
    struct card *behind;
    uint16_t status; /* to TERMINAL CAPABILITY; 0: its own */
    unsigned resets, told, told_first;
    bool fresh;      /* nothing was said since the reset */
    uint8_t said[16];
    size_t said_len;
};

static enum err listening_reset(struct card *c, struct buf *atr)
{
    struct listening_card *l = (struct listening_card *)c;
    l->resets++;
    l->fresh = true;
    return card_reset(l->behind, atr);
}

static enum err listening_transmit(struct card *c, struct span command, struct buf *response)
{
    struct listening_card *l = (struct listening_card *)c;
    bool told = command.len > 5 && command.len <= sizeof l->said && command.at[1] == 0xaa;
    l->told += told;
    l->told_first += told && l->fresh;
    l->fresh = false;
    if (told)
        memcpy(l->said, command.at, l->said_len = command.len);
    if (!told || !l->status)
        return card_transmit(l->behind, command, response);
    const uint8_t status[] = { (uint8_t)(l->status >> 8), (uint8_t)l->status };
    return buf_set(response, SPAN_ARRAY(status));
}

static const struct card_ops listening_ops = { "listening", listening_reset, listening_transmit, NULL };

static const struct {
    const char *name;
    bool ipae;
    enum ipa_end_user user;
    uint16_t status;
    const char *said;
} capabilities[] = {
    { "an IPAd downloads and discovers, and nobody is there", false, IPA_END_USER_ABSENT, 0, "80aa000005a903830106" },
    { "an IPAd with somebody to ask", false, IPA_END_USER_POSTPONES, 0, "80aa000005a903830107" },
    { "with an IPAe the device does none of it", true, IPA_END_USER_ABSENT, 0, "80aa000005a903830100" },
    { "a card that does not know the command", false, IPA_END_USER_ABSENT, 0x6d00, "80aa000005a903830106" },
    { "a card that does not know the class", false, IPA_END_USER_ABSENT, 0x6e00, "80aa000005a903830106" },
    { "a card that does not like the data", false, IPA_END_USER_ABSENT, 0x6a80, "80aa000005a903830106" },
    { "a card that is not satisfied", false, IPA_END_USER_ABSENT, 0x6985, "80aa000005a903830106" },
    { "a card that has something to say after it", false, IPA_END_USER_ABSENT, 0x9110, "80aa000005a903830106" },
};

/* TS 102 221 11.1.19: in each session with the card, before the first application is selected. */
static void the_card_hears_what_its_terminal_can(void)
{
    for (size_t i = 0; i < COUNT(capabilities); i++) {
        const char *name = capabilities[i].name;
        struct lab l;
        struct buf said = hex(capabilities[i].said);
        lab_open(&l);
        l.ipae = capabilities[i].ipae;
        l.end_user = capabilities[i].user;
        if (l.ipae) {
            lab_card_close(&l.card);
            lab_card_open_like(&l, &l.card, "CERT_EUICC_ECDSA_NIST", LAB_EID, false, &(struct euicc_settings){ .ipae = true });
        }
        struct listening_card card = { .card = { &listening_ops }, .behind = l.card.card, .status = capabilities[i].status };
        card_fault_init(&l.card_fault, &card.card, CARD_FAULT_CUT, 0);
        lab_start_device(&l);
        lab_order(&l, "{\"reference\":\"l\",\"kind\":\"list\"}");
        lab_run(&l, CLOCK_MINUTE);
        lab_restart(&l, LAB_IPA);
        lab_run(&l, CLOCK_MINUTE);
        CHECK_ROW(name, strcmp(lab_order_state(&l, "l"), "done") == 0);
        CHECK_ROW(name, card.resets == 2 && card.told_first == 2 && card.told == 2);
        CHECK_ROW(name, span_equal(span_of(card.said, card.said_len), buf_span(&said)));
        buf_release(&said);
        lab_close(&l);
    }
}

/* SGP.32 5.14.5: the eIM hears of the network that the device is on, before a swap and after it. */
static void the_eim_hears_of_the_network(void)
{
    for (int json = 0; json < 2; json++) {
        struct lab l;
        open_swap(&l, json);
        CHECK(strcmp(lab_get(&l, l.eso, LAB_EIM_URL "/v1/euiccs/" LAB_EID, "rPlmn"), "") == 0);
        l.partner.down = true;
        lab_run(&l, CLOCK_MINUTE);
        CHECK(strcmp(lab_get(&l, l.eso, LAB_EIM_URL "/v1/euiccs/" LAB_EID, "rPlmn"), "26201") == 0);
        l.partner.down = false;
        lab_run(&l, 5 * CLOCK_MINUTE);
        CHECK(strcmp(lab_get(&l, l.eso, LAB_EIM_URL "/v1/euiccs/" LAB_EID, "rPlmn"), "26202") == 0);
        lab_close(&l);
    }
}

/* A device without a profile asks its card again and again, and says once that there is none. */
static void what_is_in_the_way_is_said_once(void)
{
    struct lab l;
    lab_open(&l);
    lab_start_device(&l);
    lab_run(&l, CLOCK_MINUTE);
    lab_order(&l, "{\"reference\":\"o\",\"kind\":\"disable\",\"iccid\":\"" LAB_LEAD_ICCID "\"}");
    lab_run(&l, CLOCK_HOUR);
    CHECK(lab_card_state(&l.card, LAB_LEAD_ICCID) == 0 && l.lead.attached == 1);
    CHECK(lab_times_said(&l, "attach.no_profile") == 1);
    lab_close(&l);
}

/* Without a network: 30 s, then doubled up to eight times, each shortened by up to a tenth. */
static void attempts_grow_rare(void)
{
    struct lab l;
    lab_open(&l);
    lab_start_device(&l);
    l.lead.down = true;
    int64_t expected = 30 * CLOCK_SECOND;
    bool varied = false;
    for (int k = 0; k < 8; k++) {
        int64_t now = clock_now(&l.clock.clock), next = lab_tick(&l), wait = next - now;
        bool looks_for_fallback = wait == 0 || (k < 4 && wait < expected - expected / 10);
        CHECK(looks_for_fallback || (wait <= expected && wait >= expected - expected / 10));
        varied |= wait != expected;
        clock_virtual_advance(&l.clock, next > now ? next : now + 1);
        if (expected < 240 * CLOCK_SECOND)
            expected *= 2;
    }
    CHECK(varied);
    lab_close(&l);
}

/* --- the rest ---------------------------------------------------------------------------------- */

static void off_and_on(void)
{
    struct lab l;
    open_swap(&l, false);
    ipa_power(l.ipa, false);
    lab_run(&l, CLOCK_HOUR);
    CHECK(strcmp(lab_order_state(&l, "download"), "queued") == 0 && !l.lead.attached);
    ipa_power(l.ipa, true);
    lab_run(&l, CLOCK_MINUTE);
    check_swapped("after an hour without power", &l);
    lab_close(&l);
}

static void idle_device(void)
{
    struct lab l;
    lab_open(&l);
    lab_start_device(&l);
    lab_run(&l, CLOCK_MINUTE);
    unsigned writes = l.part[LAB_IPA].writes;
    lab_run(&l, CLOCK_HOUR);
    CHECK(l.part[LAB_IPA].writes == writes); /* nothing to do writes nothing */
    CHECK(l.lead.attached == 1);
    lab_close(&l);
}

static void a_card_without_eim(void)
{
    struct lab l;
    lab_open(&l);
    lab_register(&l, &l.card);
    lab_get_initial_eim(&l);
    buf_clear(&l.initial_eim);
    lab_restart(&l, LAB_IPA);
    lab_order(&l, ENABLE);
    lab_run(&l, 10 * CLOCK_MINUTE);
    CHECK(strcmp(lab_order_state(&l, "enable"), "queued") == 0);
    CHECK(lab_said(&l, "no eIM is associated"));
    lab_close(&l);
}

static const struct {
    const char *name;
    uint32_t protocols; /* 0: it says nothing */
    bool polled;
} protocol_rows[] = {
    { "nothing said", 0, true },
    { "HTTPS", RSP_EIM_RETRIEVE_HTTPS, true },
    { "both", RSP_EIM_RETRIEVE_HTTPS | RSP_EIM_RETRIEVE_COAPS, true },
    { "CoAPS alone", RSP_EIM_RETRIEVE_COAPS, false },
    { "CoAPS both ways", RSP_EIM_RETRIEVE_COAPS | RSP_EIM_INJECT_COAPS, false },
    { "a proprietary one alone", RSP_EIM_PROPRIETARY, false },
    { "HTTPS injection alone", RSP_EIM_INJECT_HTTPS, false },
    { "every injection", RSP_EIM_INJECT_HTTPS | RSP_EIM_INJECT_COAPS, false },
    { "HTTPS both ways", RSP_EIM_RETRIEVE_HTTPS | RSP_EIM_INJECT_HTTPS, true },
};

/* What the eIM says of itself, with other protocols. */
static void say_protocols(struct lab *l, uint32_t bits)
{
    struct rsp_eim_configuration eim;
    lab_read_initial_eim(l, &eim);
    eim.supported_protocol = (struct rsp_bits){ bits != 0, bits };
    lab_set_initial_eims(l, &eim, 1);
}

static void what_the_eim_speaks(void)
{
    for (size_t i = 0; i < COUNT(protocol_rows); i++) {
        struct lab l;
        lab_open(&l);
        lab_register(&l, &l.card);
        lab_get_initial_eim(&l);
        say_protocols(&l, protocol_rows[i].protocols);
        lab_restart(&l, LAB_IPA);
        lab_order(&l, "{\"reference\":\"l\",\"kind\":\"list\"}");
        lab_run(&l, 10 * CLOCK_MINUTE);
        CHECK_ROW(protocol_rows[i].name, strcmp(lab_order_state(&l, "l"), protocol_rows[i].polled ? "done" : "queued") == 0);
        CHECK_ROW(protocol_rows[i].name, lab_said(&l, "CoAPS is not available here") == !protocol_rows[i].polled);
        lab_close(&l);
    }
}

static const struct test tests[] = {
    { "a switch stays or is taken back, over both bindings", switches_over_both_bindings },
    { "a clock that is set moves no rollback", the_clock_is_set },
    { "a swap with power cut at any write", swap_with_power_cuts },
    { "a rollback with power cut at any write", rollback_with_power_cuts },
    { "a swap with power cut at any command to the card", card_loses_power },
    { "a swap with any answer of the card lost", card_answers_get_lost },
    { "a swap with any command to the card lost", card_commands_get_lost },
    { "a rollback with any fault at any command to the card", rollback_with_card_faults },
    { "a swap with SM-DP+ or eIM killed at any write", servers_are_killed },
    { "altered messages are noticed, and nothing is done twice", altered_messages },
    { "a package that is not understood is said to be, and its order fails", packages_not_understood },
    { "the card judges commands that nobody knows", the_card_judges_commands },
    { "a swap over a lossy net", lossy_net },
    { "a download that fails says why, and leaves nothing behind", downloads_that_fail },
    { "a relayed download that is refused says why, and tries again only what could not be asked", relayed_downloads_that_fail },
    { "a session that goes nowhere is cancelled for its reason", sessions_are_cancelled },
    { "an end user rejects for good, or postpones", end_users_answer },
    { "what a device leaves to its eIM is done there, and nothing else", left_to_the_eim },
    { "a device that minimizes leaves out what its eIM knows", fewer_bytes },
    { "a relayed download has its confirmation code from the eIM", relayed_confirmation_codes },
    { "a confirmation code is given where it is wanted, and serves when it is right", confirmation_codes },
    { "notifications come in order, however often they fail", notifications_in_order },
    { "a profile is enabled in its session where the eIM allowed it, and only there", immediate_enable },
    { "immediate enable with power cut at any write", immediate_enable_with_power_cuts },
    { "an IPAe in front of a card without one does nothing and says why", an_ipae_wants_its_card },
    { "the card hears first what its terminal can do, and may refuse to", the_card_hears_what_its_terminal_can },
    { "attempts to attach grow rare, and no two waits are alike", attempts_grow_rare },
    { "the eIM hears of the network that a device is on", the_eim_hears_of_the_network },
    { "what keeps a device from attaching is said once", what_is_in_the_way_is_said_once },
    { "an eIM that nobody can fetch from over HTTPS is not polled, and why is said", what_the_eim_speaks },
    { "a device without power does nothing, and goes on", off_and_on },
    { "an idle device writes nothing", idle_device },
    { "a card without eIM is said to be one", a_card_without_eim },
};

int main(void)
{
    return tests_main("ipa", tests, COUNT(tests));
}
