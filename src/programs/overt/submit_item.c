/* SPDX-License-Identifier: Apache-2.0 */
#include "submit_item.h"

#include <unistd.h>

#include "host/config.h"
#include "host/output.h"
#include "host/quarantine_item.h"
#include "host/quarantine_place.h"
#include "submit_place.h"
#include "sys/fd.h"
#include "sys/file.h"

static enum ov_status take(struct quarantine *q, const char *name,
                           struct quarantine_item *item, int fd,
                           struct ov_diag *diag)
{
    char id[QUARANTINE_ID_MAX];

    OV_TRY(quarantine_get(q, name, id, item, diag));
    return quarantine_item_read(item, fd);
}

bool submit_item_open(const char *item,
                      const struct setting_list *private_places,
                      bool *ret_is_private, bool *ret_is_of_others)
{
    struct quarantine_settings settings = {.folder = NULL};
    struct quarantine *q = NULL;
    struct quarantine_item it = {.fd = -1};
    struct ov_diag diag = {.text = ""};
    OV_AUTO_FD fd = -1;
    enum ov_status status;

    if (!config_apply(&quarantine_options, "quarantine", &settings))
        return false;
    status = quarantine_place_open(&settings, 0, &q);
    if (status == OV_NOT_FOUND)
        out_error("submit: there is no quarantine yet");
    if (status != OV_OK)
        return false;
    status = ov_memory_file("overt-item", &fd);
    if (status == OV_OK)
        status = take(q, item, &it, fd, &diag);
    if (status == OV_OK) {
        *ret_is_private = submit_place_is_private(private_places, it.meta.path);
        *ret_is_of_others = it.meta.uid != getuid();
    }
    quarantine_item_done(&it);
    quarantine_close(q);
    if (status == OV_OK && (lseek(fd, 0, SEEK_SET) != 0 || dup2(fd, 0) != 0))
        status = OV_IO;
    if (status != OV_OK)
        out_error("submit: %s: %s", item,
                  diag.text[0] != '\0' ? diag.text : ov_status_name(status));
    return status == OV_OK;
}
