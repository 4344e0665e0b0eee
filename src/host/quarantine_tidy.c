/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "host/quarantine_store.h"
#include "sys/fd.h"

/* What somebody who was ended in the middle has left. "new-RANDOM" is worth
 * nothing. "taking-RANDOM" is whole: its file is taken out of its folder if it
 * still is the very file, and in any case the item gets its id, so that nothing
 * that was written is lost. An item that cannot be read, or whose file may not
 * be touched, waits for the next time. */

static void tidy_taking(struct quarantine *q, const char *name,
                        const char *digits)
{
    __attribute__((cleanup(ov_place_done))) struct ov_place place = {-1, NULL,
                                                                     NULL};
    __attribute__((cleanup(
        quarantine_item_done))) struct quarantine_item item = {.fd = -1};
    char path[PATH_MAX];
    char id[QUARANTINE_ID_MAX];
    struct ov_diag diag = {0};
    enum ov_status status;

    if (quarantine_open_named(q, name, &item) != OV_OK)
        return;
    (void)snprintf(path, sizeof(path), "%.*s", (int)item.meta.path.len,
                   (const char *)item.meta.path.ptr); /* shorter by design */
    /* If its folder is away (not mounted, moved) it stays as it is: what was
     * moved aside there is to be found again by its digits. */
    if (ov_place_open(path, &place) != OV_OK)
        return;
    status = quarantine_remove_file(&place, digits, &item.meta, &diag);
    if (status == OV_OK || status == OV_NOT_FOUND || status == OV_MISMATCH)
        (void)!quarantine_finish(q, digits, &item.meta, id); /* else later */
}

enum ov_status quarantine_tidy(struct quarantine *q, struct ov_diag *diag)
{
    int fd = openat(q->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const char *digits;
    struct dirent *e;

    if (dir == NULL) {
        ov_fd_cleanup(&fd);
        return ov_diag_set(diag, OV_IO, 0, "the quarantine: %s",
                           strerror(errno));
    }
    while ((e = readdir(dir)) != NULL) {
        if (quarantine_is_name(e->d_name, "new-", &digits))
            (void)unlinkat(q->folder, e->d_name, 0); /* else later */
        else if (quarantine_is_name(e->d_name, "taking-", &digits))
            tidy_taking(q, e->d_name, digits);
    }
    (void)closedir(dir); /* it was only read */
    return OV_OK;
}
