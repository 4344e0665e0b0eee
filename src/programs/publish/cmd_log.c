/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "metadata.h"
#include "staged.h"

/* Publishing without a new release: entries, fresh cosignatures, a fresh
 * timestamp. Blobs and tiles first, the mutable names last: whoever reads in
 * between sees the old state, whole. */

bool cmd_log(struct instance *in)
{
    struct history h;

    if (!log_take(in, &h) || !history_publish_checkpoint(in, &h))
        return false;
    tell("the log has %llu entries", (unsigned long long)h.n);
    return true;
}

bool cmd_timestamp(struct instance *in)
{
    struct history h;

    tell("Signs again, as it is: snapshot %lld of %s, for two more days",
         (long long)metadata_version(in, "snapshot"), in->name);
    return confirm(in, "Sign the timestamp?") && log_take(in, &h) &&
           history_publish_checkpoint(in, &h) && metadata_timestamp(in);
}
