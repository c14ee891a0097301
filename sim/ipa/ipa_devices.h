/* Several devices as one actor with a REST interface (client certificate of an administrator):
 *   GET  /v1/devices -> {devices: [{name, country, powered, plmn}]}   plmn "" while offline
 *   POST /v1/devices/{name} {country?, powered?, emergency?} -> 202   emergency: true, it begins; false, it is over
 *   POST /v1/devices/{name}/gsma/rsp2/… ESipa.TransferEimPackage (SGP.32 5.14.4), of an eIM that may push to this device
 *   GET  /v1/devices/{name}/profiles -> {profiles: [{iccid, enabled, fallback}]}   503 when the card does not
 * answer A device belongs to the thread that ticks: requests are noted, and done at the beginning of the next
 * tick; a card is read between two ticks. */
#ifndef LAB_IPA_DEVICES_H
#define LAB_IPA_DEVICES_H

#include "ipa.h"

struct ipa_administrator {
    uint8_t fingerprint[32]; /* SHA-256 of the client certificate */
};

struct ipa_devices;
/* Borrows env; copies the administrators. Gives *out. */
MUST_CHECK enum err ipa_devices_new(const struct env *env, const struct ipa_administrator *administrators,
                                    size_t count, struct ipa_devices **out);
/* Takes the device, also when it fails. Before the first tick only. */
MUST_CHECK enum err ipa_devices_add(struct ipa_devices *d, const char *name, const char *country,
                                    struct ipa *ipa);
/* Devices whose last tick left something undone, or reached no eIM. */
size_t ipa_devices_in_trouble(const struct ipa_devices *d);
struct actor *ipa_devices_actor(struct ipa_devices *d); /* ops->free frees the devices, not their cards */

#endif
