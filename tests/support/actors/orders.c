#include <stdio.h>
#include <string.h>

#include "lab.h"

#define EUICC LAB_EIM_URL "/v1/euiccs/" LAB_EID

void lab_order(struct lab *l, const char *body)
{
    CHECK(lab_call(l, l->eso, "POST", EUICC "/orders", body, NULL) == 202);
}

const char *lab_order_state(struct lab *l, const char *reference)
{
    char url[128];
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders?reference=%s", reference);
    return lab_get(l, l->eso, url, "state");
}

const char *lab_order_result(struct lab *l, const char *reference, const char *member)
{
    static char kept[256];
    char url[128];
    json_t *answer = NULL;
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders?reference=%s", reference);
    lab_call(l, l->eso, "GET", url, "", &answer);
    const char *text = json_str(json_object_get(answer, "result"), member);
    snprintf(kept, sizeof kept, "%s", text ? text : "");
    json_decref(answer);
    return kept;
}

int64_t lab_told_cause(struct lab *l)
{
    json_t *answer = NULL;
    REQUIRE(lab_call(l, l->eso, "GET", EUICC, "", &answer) == 200);
    const json_t *cause = json_object_get(answer, "stateChangeCause");
    int64_t value = cause ? json_integer_value(cause) : -1;
    json_decref(answer);
    return value;
}

unsigned lab_times_said(struct lab *l, const char *text)
{
    unsigned count = 0;
    const char *at = l->sink.said.len ? buf_cstr(&l->sink.said) : "";
    while ((at = strstr(at, text))) {
        count++;
        at++;
    }
    return count;
}
