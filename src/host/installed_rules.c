/* SPDX-License-Identifier: Apache-2.0 */
#include "host/installed_rules.h"

#include "host/output.h"
#include "host/state_place.h"
#include "sys/fd.h"

/* A release's images were compared with the publisher's digests when they were
 * made, and each page of them is again before its first use (rules/image.h). */

void installed_rules_close(struct ov_pool_images *images)
{
    while (images->n > 0)
        ov_fd_cleanup(&images->fds[--images->n]);
}

enum ov_status installed_rules_open(const struct ov_state *s, uint64_t release,
                                    struct ov_pool_images *ret)
{
    static const char *const names[] = {"image.0", "image.1"};
    struct ov_pool_images images = {.n = 0};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        enum ov_status status = ov_state_open_file(
            s, release, names[i], &images.fds[i], &images.lens[i]);

        if (status != OV_OK) {
            installed_rules_close(&images);
            return status == OV_NOT_FOUND ? OV_IO : status;
        }
        images.n++;
    }
    *ret = images;
    return OV_OK;
}

enum ov_status installed_rules_find(const struct ov_state *s,
                                    uint64_t older_than, uint64_t *ret_release)
{
    uint64_t seqs[16];
    size_t n;

    if (older_than == 0)
        return ov_state_current(s, ret_release);
    OV_TRY(ov_state_list(s, seqs, sizeof(seqs) / sizeof(seqs[0]), &n));
    for (size_t i = 0; i < n; i++) {
        if (seqs[i] < older_than) {
            *ret_release = seqs[i];
            return OV_OK;
        }
    }
    return OV_NOT_FOUND;
}

/* What takes away rules that were recalled, as the last tier. */
static enum ov_status add_recalled(const struct ov_state *s,
                                   struct ov_pool_images *images)
{
    enum ov_status status =
        ov_state_open_file(s, OV_STATE_SMALL, "recalled.image",
                           &images->fds[images->n], &images->lens[images->n]);

    if (status == OV_OK)
        images->n++;
    return status == OV_NOT_FOUND ? OV_OK : status;
}

bool installed_rules_load(uint64_t older_than, struct ov_pool_images *ret,
                          uint64_t *ret_release)
{
    OV_AUTO(state) s = NULL;
    struct ov_diag diag = {0};
    uint64_t release = 0;
    enum ov_status status = state_place_open(&s, &diag);

    if (status == OV_OK)
        status = installed_rules_find(s, older_than, &release);
    /* An update may have pruned it between the two: there is a newer one. */
    for (int tries = 0; status == OV_OK && tries < 3; tries++) {
        status = installed_rules_open(s, release, ret);
        if (status == OV_OK) {
            status = add_recalled(s, ret);
            if (status != OV_OK) {
                installed_rules_close(ret);
                break;
            }
            *ret_release = release;
            return true;
        }
        status = installed_rules_find(s, older_than, &release);
    }
    if (status != OV_NOT_FOUND)
        out_error("installed rules: %s",
                  diag.text[0] != '\0' ? diag.text : "cannot be opened");
    return false;
}
