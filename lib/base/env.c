#include "env.h"

void tamper_at(const struct env *env, enum tamper_moment moment, const char *message, struct buf *bytes)
{
    if (env->tamper)
        env->tamper->at(env->tamper, moment, env->log ? env->log->actor : "", message, bytes);
}
