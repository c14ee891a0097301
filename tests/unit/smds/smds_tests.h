#ifndef LAB_TESTS_SMDS_H
#define LAB_TESTS_SMDS_H

#include "lab_events.h"

void smds_es12_rows(void);
void smds_es12_callers(void);
void smds_es12_killed(void);
void smds_administration(void);
void smds_discoveries(void);
void smds_card_refusals(void);
void smds_initiate_refusals(void);
void smds_discovery_killed(void);
void smds_sessions_age(void);
void smds_lists_what_fits(void);

#endif
