/* A card's report in words. */
#include <string.h>

#include "card_report.h"

const char *card_status_text(unsigned sw)
{
    static const struct { unsigned sw; const char *text; } known[] = {
        { 0x6282, "nothing found" }, { 0x6283, "the selected file is deactivated" }, { 0x62f1, "more data follows" },
        { 0x63f1, "more data is expected" },
        { 0x9000, "done" }, { 0x6300, "authentication failed" }, { 0x6400, "it cannot be done; nothing was changed" },
        { 0x6700, "wrong length" },
        { 0x6881, "channel not supported" }, { 0x6882, "secure messaging not supported" },
        { 0x6982, "security status not satisfied" }, { 0x6983, "blocked" }, { 0x6984, "disabled or deactivated" },
        { 0x6985, "conditions not satisfied" }, { 0x6986, "no file is selected" }, { 0x6a80, "incorrect data" },
        { 0x6a81, "function not supported" }, { 0x6a82, "file or application not found" },
        { 0x6a83, "record not found" }, { 0x6a84, "not enough memory" }, { 0x6a86, "incorrect P1 P2" },
        { 0x6a88, "referenced data not found" }, { 0x6b00, "wrong P1 P2" }, { 0x6d00, "unknown instruction" },
        { 0x6e00, "unknown class" }, { 0x6f00, "technical problem" }, { 0x9862, "authentication: wrong MAC" },
    };
    for (size_t i = 0; i < COUNT(known); i++)
        if (known[i].sw == sw)
            return known[i].text;
    switch (sw >> 8) {
    case 0x61: return "more octets wait";
    case 0x6c: return "wrong Le";
    case 0x91: return "done, a proactive command waits";
    case 0x63: return (sw & 0xf0) == 0xc0 ? "wrong, tries left in the last digit" : "";
    default: return "";
    }
}

/* null, numbers, booleans, texts, lists of them: on one line. */
static void put_value(const json_t *v, FILE *out)
{
    size_t i;
    json_t *item;
    if (json_is_string(v))
        fprintf(out, "%s", json_string_value(v));
    else if (json_is_integer(v))
        fprintf(out, "%lld", (long long)json_integer_value(v));
    else if (json_is_boolean(v))
        fprintf(out, "%s", json_is_true(v) ? "yes" : "no");
    else if (json_is_array(v) && json_array_size(v))
        json_array_foreach(v, i, item) {
            fprintf(out, "%s", i ? ", " : "");
            put_value(item, out);
        }
    else
        fprintf(out, "-");
}

struct line {
    const char *member, *words;
};

static void put_lines(const json_t *object, const struct line *lines, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *v = json_object_get(object, lines[i].member);
        if (!v || json_is_null(v) || (json_is_string(v) && !json_string_length(v)))
            continue;
        fprintf(out, "  %-28s ", lines[i].words);
        put_value(v, out);
        fputc('\n', out);
    }
}

/* The member, or why there is none. */
static const json_t *begin(const json_t *report, const char *member, const char *title, FILE *out)
{
    const json_t *v = json_object_get(report, member);
    const char *why = json_str(json_object_get(report, "missing"), member);
    if (v || why)
        fprintf(out, "\n%s%s%s\n", title, v ? "" : ": ", v ? "" : why);
    return v;
}

/* ISO 7816-3: TS tells the convention, the TDs the protocols. */
static void print_atr(const char *text, FILE *out)
{
    struct buf atr = { .max = 64 };
    fprintf(out, "ATR  %s", text);
    if (hex_decode(span_str(text), &atr) == ERR_OK && atr.len >= 2) {
        fprintf(out, " (%s convention", atr.at[0] == 0x3f ? "inverse" : "direct");
        uint8_t y = atr.at[1] >> 4;
        for (size_t at = 2; y & 8;) {
            at += (size_t)(y & 1) + (y >> 1 & 1) + (y >> 2 & 1);
            if (at >= atr.len)
                break;
            if ((atr.at[at] & 0x0f) != 15)
                fprintf(out, ", T=%u", atr.at[at] & 0x0f);
            y = atr.at[at++] >> 4;
        }
        fprintf(out, ")");
    }
    fputc('\n', out);
    buf_release(&atr);
}

static void print_infos(const json_t *report, FILE *out)
{
    static const struct line info1[] = { { "svn", "SGP.22 version" },
                                         { "ciPkIdsForVerification", "verifies below CI keys" },
                                         { "ciPkIdsForSigning", "signs below CI keys" } };
    static const struct line info2[] = {
        { "profileVersion", "profile package version" }, { "firmwareVersion", "firmware" },
        { "installedApplications", "installed applications" }, { "freeNonVolatileMemory", "free memory, octets" },
        { "freeVolatileMemory", "free RAM, octets" }, { "uiccCapability", "UICC can" }, { "rspCapability", "RSP can" },
        { "category", "category" }, { "forbiddenPolicyRules", "forbidden policy rules" },
        { "protectionProfileVersion", "protection profile" }, { "sasAccreditationNumber", "SAS accreditation" },
        { "ipaMode", "IPA" },
    };
    static const struct line iot[] = { { "versions", "SGP.32 versions" }, { "fallback", "fallback mechanism" },
                                       { "ecall", "emergency profile" } };
    put_lines(begin(report, "euiccInfo1", "EUICCInfo1", out), info1, COUNT(info1), out);
    const json_t *i2 = begin(report, "euiccInfo2", "EUICCInfo2", out);
    put_lines(i2, info2, COUNT(info2), out);
    put_lines(json_object_get(i2, "iot"), iot, COUNT(iot), out);
}

static void print_eims(const json_t *report, FILE *out)
{
    static const struct line lines[] = { { "eimFqdn", "address" }, { "eimIdType", "kind of identifier" },
                                         { "counter", "counter" }, { "associationToken", "association token" },
                                         { "signsWith", "its signatures are judged by" },
                                         { "trustedTls", "its TLS is judged by" }, { "protocols", "protocols" },
                                         { "indirectProfileDownload", "indirect profile download" } };
    const json_t *eims = begin(report, "eims", "eIM configurations", out);
    size_t i;
    json_t *eim;
    json_array_foreach(eims, i, eim) {
        const char *id = json_str(eim, "eimId");
        fprintf(out, "  %s\n", id ? id : "?");
        put_lines(eim, lines, COUNT(lines), out);
    }
    if (eims && !json_array_size(eims))
        fprintf(out, "  none\n");
}

static const char *word(const json_t *o, const char *member)
{
    const char *text = json_str(o, member);
    return text ? text : "";
}

/* A line for those in a row that share kind and fate. */
static void print_elements(const json_t *elements, FILE *out)
{
    size_t i;
    json_t *e;
    const char *element = "", *outcome = "";
    json_array_foreach(elements, i, e) {
        const char *name = json_str(e, "element");
        name = name ? name : "element";
        long long n = json_integer_value(json_object_get(e, "identification"));
        if (i && strcmp(name, element) == 0 && strcmp(word(e, "outcome"), outcome) == 0) {
            fprintf(out, ", %lld", n);
            continue;
        }
        if (i)
            fprintf(out, ": %s\n", outcome);
        element = name;
        outcome = word(e, "outcome");
        fprintf(out, "      %s", element);
        if (n >= 0) /* the header has none */
            fprintf(out, " %lld", n);
    }
    if (json_array_size(elements))
        fprintf(out, ": %s\n", outcome);
}

static void print_profile(const json_t *p, FILE *out)
{
    fprintf(out, "  %-20s  %-8s  %-12s  %-16s  %-16s  %-6s%s", word(p, "iccid"), word(p, "state"), word(p, "class"),
            word(p, "serviceProvider"), word(p, "name"), word(p, "owner"),
            json_is_true(json_object_get(p, "fallbackAttribute")) ? "  fallback" : "");
    const char *nickname = json_str(p, "nickname");
    if (nickname)
        fprintf(out, "  \"%s\"", nickname);
    size_t i;
    json_t *rule;
    json_array_foreach(json_object_get(p, "policyRules"), i, rule)
        fprintf(out, "  %s", json_string_value(rule));
    fputc('\n', out);
    print_elements(json_object_get(p, "elements"), out);
}

void card_print_profiles(const json_t *report, FILE *out)
{
    const json_t *profiles = begin(report, "profiles", "Profiles", out);
    size_t i;
    json_t *p;
    if (json_array_size(profiles))
        fprintf(out, "  %-20s  %-8s  %-12s  %-16s  %-16s  %s\n", "ICCID", "state", "class", "service provider", "name",
                "owner");
    json_array_foreach(profiles, i, p)
        print_profile(p, out);
    if (profiles && !json_array_size(profiles))
        fprintf(out, "  none\n");
}

static void print_notifications(const json_t *report, FILE *out)
{
    const json_t *list = begin(report, "notifications", "Notifications waiting", out);
    size_t i;
    json_t *n;
    json_array_foreach(list, i, n)
        fprintf(out, "  %-4lld %-8s %-20s to %s\n", (long long)json_integer_value(json_object_get(n, "seqNumber")),
                word(n, "event"), word(n, "iccid"), word(n, "address"));
    if (list && !json_array_size(list))
        fprintf(out, "  none\n");
    const json_t *results = json_object_get(report, "packageResults");
    if (json_integer_value(results) > 0)
        fprintf(out, "  and %lld eUICC package results\n", (long long)json_integer_value(results));
}

void card_print(const json_t *report, FILE *out)
{
    static const struct line addresses[] = { { "defaultSmdp", "default SM-DP+" }, { "rootSmds", "root SM-DS" } };
    print_atr(word(report, "atr"), out);
    fprintf(out, "EID  %s (check digits %s)\n", word(report, "eid"),
            json_is_true(json_object_get(report, "eidCheckDigits")) ? "right" : "WRONG");
    print_infos(report, out);
    put_lines(begin(report, "addresses", "Addresses", out), addresses, COUNT(addresses), out);
    print_eims(report, out);
    card_print_profiles(report, out);
    print_notifications(report, out);
}
