#include "es_status.h"

#include <stdio.h>
#include <string.h>

bool es_refused(const struct es_status *s)
{
    return s->subject[0] != 0;
}

void es_refuse(struct es_status *s, const char *subject, const char *reason, const char *message)
{
    snprintf(s->subject, sizeof s->subject, "%s", subject);
    snprintf(s->reason, sizeof s->reason, "%s", reason);
    snprintf(s->message, sizeof s->message, "%s", message ? message : "");
}

struct es_status_text es_status_text(const struct es_status *s)
{
    struct es_status_text t;
    if (es_refused(s))
        snprintf(t.text, sizeof t.text, "%s/%s %s", s->subject, s->reason, s->message);
    else
        snprintf(t.text, sizeof t.text, "Executed-Success");
    return t;
}

json_t *es_status_json(const struct es_status *s)
{
    return es_refused(s) ? json_pack("{s:s, s:{s:s, s:s, s:s}}", "status", "Failed", "statusCodeData", "subjectCode",
                                     s->subject, "reasonCode", s->reason, "message", s->message)
                         : json_pack("{s:s}", "status", "Executed-Success");
}

enum err es_status_put(json_t *answer, const struct es_status *s)
{
    json_t *header = json_pack("{s:o}", "functionExecutionStatus", es_status_json(s));
    return json_object_set_new(answer, "header", header) ? ERR_NOMEM : ERR_OK;
}

enum err es_status_read(const json_t *answer, struct es_status *out)
{
    *out = (struct es_status){ 0 };
    const json_t *execution = json_object_get(json_object_get(answer, "header"), "functionExecutionStatus");
    const char *status = json_str(execution, "status");
    if (!status)
        return ERR_PARSE;
    if (strcmp(status, "Executed-Success") == 0 || strcmp(status, "Executed-WithWarning") == 0)
        return ERR_OK;
    if (strcmp(status, "Failed") != 0 && strcmp(status, "Expired") != 0)
        return ERR_PARSE;
    const json_t *code = json_object_get(execution, "statusCodeData");
    const char *subject = json_str(code, "subjectCode"), *reason = json_str(code, "reasonCode");
    es_refuse(out, subject ? subject : "unknown", reason ? reason : "unknown", json_str(code, "message"));
    return ERR_OK;
}
