/* sgp32lab decode: bytes as the specification names them. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "rsp_schema.h"

#define INPUT_MAX (8u << 20)

static enum err put_without_blanks(struct buf *out, const char *text, size_t len)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < len; i++)
        if (!isspace((unsigned char)text[i]))
            e = buf_put_u8(out, (uint8_t)text[i]);
    return e;
}

static enum err read_input(const struct command_words *words, struct buf *out)
{
    char piece[65536];
    enum err e = ERR_OK;
    bool standard_input = words->count == 1 && strcmp(words->at[0], "-") == 0;
    for (size_t i = 0; !e && !standard_input && i < words->count; i++)
        e = put_without_blanks(out, words->at[i], strlen(words->at[i]));
    for (size_t n; !e && standard_input && (n = fread(piece, 1, sizeof piece, stdin));)
        e = put_without_blanks(out, piece, n);
    return e;
}

static enum err to_bytes(struct span text, struct buf *bytes)
{
    enum err e = hex_decode(text, bytes);
    if (e != ERR_PARSE)
        return e;
    buf_clear(bytes);
    return base64_decode(text, bytes);
}

static int refuse_type(const char *name)
{
    const char *names[RSP_PDU_COUNT + 1] = { 0 };
    for (int i = 0; i < RSP_PDU_COUNT; i++)
        names[i] = rsp_pdu_name((enum rsp_pdu)i);
    return command_refuse_word("decode", "type", name, names);
}

static int choose_type(const char *as, struct span bytes, enum rsp_pdu *pdu)
{
    if (as)
        return rsp_pdu_by_name(as, pdu) ? refuse_type(as) : 0;
    if (rsp_pdu_guess(bytes, pdu) == ERR_OK)
        return 0;
    return command_refuse("decode", "no message of the modules fits these %zu octets; name one with --as", bytes.len);
}

static int print(const char *as, struct span bytes)
{
    enum rsp_pdu pdu = 0;
    int status = choose_type(as, bytes, &pdu);
    if (status)
        return status;
    struct buf text = { .max = 64 << 20 };
    enum err fits = rsp_check(pdu, bytes), e = rsp_print(pdu, bytes, &text);
    if (!e) {
        printf("%s, %zu octets%s\n", rsp_pdu_name(pdu), bytes.len,
               fits ? ", not well-formed by its ASN.1" : "");
        printf("%.*s%s", (int)text.len, (const char *)text.at, text.at[text.len - 1] == '\n' ? "" : "\n");
    }
    buf_release(&text);
    if (e)
        return command_refuse("decode", "these octets are not DER");
    return fits ? 1 : 0;
}

int command_decode(int argc, char **argv)
{
    const char *as = NULL;
    struct command_words words = { 0 };
    struct buf text = { .max = INPUT_MAX }, bytes = { .max = INPUT_MAX };
    const struct command_option options[] = { { "--as", OPTION_TEXT, &as } };
    int status = command_read(options, COUNT(options), argc, argv, &words);
    if (!status && !words.count)
        status = command_refuse("decode", "which bytes? hex, base64, or - for standard input");
    if (!status) {
        enum err e = read_input(&words, &text);
        if (!e)
            e = to_bytes(buf_span(&text), &bytes);
        if (e || !bytes.len)
            status = command_refuse("decode", e == ERR_LIMIT ? "more than 8 MiB" : "this is neither hex nor base64");
    }
    if (!status)
        status = print(as, buf_span(&bytes));
    buf_release(&text);
    buf_release(&bytes);
    return status;
}
