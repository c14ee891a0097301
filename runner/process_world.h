/* The third wiring: every actor its own program on the real clock, told who it is by a settings file. Inside runner only. */
#ifndef LAB_RUNNER_PROCESS_WORLD_H
#define LAB_RUNNER_PROCESS_WORLD_H

#include "euicc.h"
#include "run.h"
#include "world_internal.h"

/* One second of the real clock stands for so many of the scenario's: settings and limits are divided by it. */
#define PROCESS_PACE 20
/* An expectation is given at least so long, since work takes its time at any pace. */
#define PROCESS_PATIENCE (30 * CLOCK_SECOND)

/* --- process_files.c: the world's folder ---------------------------------------------------------------------- */

MUST_CHECK enum err process_folder_make(struct world *w);
void process_folder_remove(struct world *w);
void process_path(const struct world *w, const char *relative, char out[PROCESS_PATH_MAX]);
/* Readable by its owner only; folders on the way are made. */
MUST_CHECK enum err process_put_file(struct world *w, const char *relative, struct span bytes);
/* Appends a file. ERR_NOT_FOUND. */
MUST_CHECK enum err process_read_file(const struct world *w, const char *relative, struct buf *out);

/* --- process_settings.c: what each program is told ------------------------------------------------------------- */

/* What all of them share: CIs, the operator CA. */
MUST_CHECK enum err process_write_certificates(struct world *w);
/* NAME/settings.yaml and everything that it names. */
MUST_CHECK enum err process_write_settings(struct part *p);
/* Name of the program that plays this part. */
const char *process_program(const struct part *p);

/* --- process_card.c --------------------------------------------------------------------------------------------- */

/* A card from the factory: its settings, certificates and preloaded profiles as files. */
MUST_CHECK enum err process_write_card(struct world *w, struct world_device *d, const struct euicc_profile *profiles);
MUST_CHECK enum err process_read_card(struct run *r, struct world_device *d, struct run_card *out);

/* --- process_world.c -------------------------------------------------------------------------------------------- */

/* Folder, ports, names, certificates: before any part starts. */
MUST_CHECK enum err process_open(struct world *w);
/* Asks all programs to end, insists after a while, removes the folder unless it is to be kept. False, told on standard
 * error: one of them did not end well. */
bool process_close(struct world *w);
MUST_CHECK enum err process_start_part(struct part *p);
void process_kill_part(struct part *p);
/* Everybody but this one and the eSO, whose journal is looked at, stands still or goes on. */
void process_hold_others(struct world *w, const struct part *but, bool still);
/* world_run on the real clock: looks at `done` again and again, with small rests. ERR_STATE: a program ended by itself. */
MUST_CHECK enum err process_run(struct world *w, int64_t until, world_done_fn done, void *context);
/* A failure e may come from a program that ended: then that is the failure, and told. */
/* Somebody who was to die at a commit has died just now and is running again. */
bool process_revive(struct world *w);
enum err process_blame(struct world *w, enum err e);
/* Rests for `ms`, less when a program ends. */
void process_rest_all(struct world *w, int ms);
/* The programs' own logs become the world's, in order of time. */
void process_collect_events(struct world *w);
/* A device seen and touched from outside. */
MUST_CHECK enum err process_touch_device(struct world *w, struct world_device *d, json_t *change);
void process_online(struct world *w, const struct world_device *d, char plmn[8]);

#endif
