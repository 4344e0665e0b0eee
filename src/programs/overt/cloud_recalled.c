/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_recalled.h"

#include "host/cloud_local.h"
#include "host/config.h"
#include "host/output.h"
#include "host/quarantine_place.h"

/* Only the owner restores: a recall says that the cloud was wrong, not that
 * nothing else was found. */

static void tell(struct out *o, const char *id,
                 const struct quarantine_item *item)
{
    out_format(o, "RECALLED: ");
    out_escaped(o, item->meta.path);
    out_format(o, " was called bad by mistake (");
    out_escaped(o, item->meta.rule);
    out_format(o, "); it comes back with: overt quarantine restore %s\n", id);
}

static void look_through(struct quarantine *q, const struct cloud_local *local)
{
    OV_AUTO_PTR struct quarantine_name *names = NULL;
    struct out *o = out_standard();
    size_t n;

    if (quarantine_list(q, &names, &n) != OV_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        __attribute__((cleanup(
            quarantine_item_done))) struct quarantine_item item = {.fd = -1};
        struct ov_diag diag = {0};
        char id[QUARANTINE_ID_MAX];

        if (quarantine_get(q, names[i].id, id, &item, &diag) == OV_OK &&
            cloud_local_is_recalled(local, item.meta.digest))
            tell(o, id, &item);
    }
}

void cloud_tell_recalled(const char *state)
{
    struct quarantine_settings settings = {.folder = NULL};
    struct cloud_local *local = NULL;
    struct quarantine *q = NULL;

    if (cloud_local_open(state, &local) != OV_OK)
        return;
    if (config_apply(&quarantine_options, "quarantine", &settings) &&
        quarantine_place_open(&settings, 0, &q) == OV_OK)
        look_through(q, local);
    quarantine_close(q);
    cloud_local_close(local);
}
