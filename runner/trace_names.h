/* Names of messages from their tags and paths, in the specification's words. */
#ifndef LAB_RUNNER_TRACE_NAMES_H
#define LAB_RUNNER_TRACE_NAMES_H

#include "trace.h"

/* via and name of an HTTP message. */
void trace_name_http(const char *method, const char *path, struct span body, bool response, char via[16],
                     char name[TRACE_NAME_MAX]);
/* ES10 command or response by its first tag. */
void trace_name_es10(struct span body, bool response, char name[TRACE_NAME_MAX]);
/* Command of the UICC by its instruction. */
void trace_name_uicc(struct span command, bool response, char name[TRACE_NAME_MAX]);

#endif
