/* docs/status-codes.md, made from the rows. */
#include <stdio.h>
#include <string.h>

#include "status_codes.h"

const char *function_name(enum function f)
{
    static const char *const names[] = {
        [DOWNLOAD_ORDER] = "ES2+.DownloadOrder", [CONFIRM_ORDER] = "ES2+.ConfirmOrder",
        [CANCEL_ORDER] = "ES2+.CancelOrder", [RELEASE_PROFILE] = "ES2+.ReleaseProfile",
        [INITIATE] = "ES9+.InitiateAuthentication", [CLIENT] = "ES9+.AuthenticateClient",
        [PACKAGE] = "ES9+.GetBoundProfilePackage", [NOTIFICATION] = "ES9+.HandleNotification",
        [CANCEL_SESSION] = "ES9+.CancelSession", [ES11_INITIATE] = "ES11.InitiateAuthentication",
        [ES11_CLIENT] = "ES11.AuthenticateClient", [REGISTER_EVENT] = "ES12.RegisterEvent",
        [DELETE_EVENT] = "ES12.DeleteEvent", [JSON_BINDING] = "every function in JSON",
    };
    return names[f];
}

static void put(struct buf *out, const char *text)
{
    REQUIRE(buf_put_str(out, text) == ERR_OK);
}

static void put_rows(struct buf *out)
{
    char line[400];
    for (size_t i = 0; i < row_count; i++) {
        const struct row *r = &rows[i];
        snprintf(line, sizeof line, "| %s | %s | %s | %s |\n", r->subject, r->reason, function_name(r->function), r->how);
        put(out, line);
    }
}

void write_page(struct buf *out)
{
    put(out, "# Subject and reason codes of SM-DP+ and SM-DS\n\n"
             "Made from the rows of `tests/flow/status_codes/` (`test-status_codes --write`), which provokes each of these pairs with "
             "a real card, and\nfails where one is missing. The pairs are those of SGP.22 5.2.6, and a few of our own: 1.3.1/2.1, "
             "8.1/4.2, 8.2.6/2.1, 8.9.5/1.2.\n\n"
             "| subject | reason | function | provoked by |\n|---|---|---|---|\n");
    put_rows(out);
}
