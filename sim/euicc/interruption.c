/* What a power cut interrupted is told at the next start, where the settings say so: a download with
 * ErrorReason interruption(11), an eUICC package with processingTerminated interruption(3). The note of
 * what is under way is saved before it begins and goes with the change that ends it. */
#include "euicc_internal.h"

enum err interruption_report(struct euicc *e)
{
    struct span note = shared_span(e->now->under_way);
    struct der_tlv package;
    if (!note.len)
        return ERR_OK;
    return der_only(note, INTERRUPTED_PACKAGE, &package) == ERR_OK ? package_report_interruption(e, package.value)
                                                                    : load_report_interruption(e, note);
}
