/* SPDX-License-Identifier: Apache-2.0 */
#include "host/scan_name.h"

#include <limits.h>
#include <pwd.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "host/rule_set.h"

/* A verdict of rules that ask for names holds under this name only. The digest
 * is a cryptographic one, since whoever names files must not choose it. */

void scan_names_start(struct scan_names *n, const struct ov_pool_images *images)
{
    char *room;

    if (n->are_asked_for || !rule_set_asks_for_names(images))
        return;
    n->are_asked_for = true;
    n->full = ov_buf_with_max(SIZE_MAX);
    n->cwd = ov_buf_with_max(PATH_MAX);
    room = (char *)ov_buf_room(&n->cwd, PATH_MAX);
    /* else paths stay as they were given */
    if (room != NULL && getcwd(room, PATH_MAX) != NULL)
        ov_buf_added(&n->cwd, strlen(room));
}

void scan_names_done(struct scan_names *n)
{
    ov_buf_done(&n->cwd);
    ov_buf_done(&n->full);
}

static struct ov_span full(struct scan_names *n, const char *path)
{
    ov_buf_clear(&n->full);
    if (path[0] != '/' && n->cwd.len > 0) {
        ov_put_span(&n->full, ov_buf_span(&n->cwd));
        if (n->cwd.len > 1) /* not the root */
            ov_put_u8(&n->full, '/');
        while (path[0] == '.' && path[1] == '/')
            path += 2;
    }
    ov_put_str(&n->full, path);
    return ov_buf_status(&n->full) == OV_OK ? ov_buf_span(&n->full)
                                            : ov_span_str(path);
}

uint64_t scan_names_digest(struct scan_names *n, const char *path)
{
    uint8_t digest[OV_DIGEST_MAX];

    if (!n->are_asked_for)
        return 0;
    if (ov_digest(OV_SHA256, full(n, path), digest) != OV_OK)
        return 0;
    return ov_load64le(digest) | 1;
}

void scan_names_tell(struct scan_names *n, const char *path, uid_t owner,
                     struct ov_span *ret_path, struct ov_span *ret_owner)
{
    const struct passwd *user;

    if (!n->are_asked_for)
        return;
    *ret_path = full(n, path);
    if (ret_path->len > OV_WIRE_MAX_FILE_PATH) /* its end says more */
        *ret_path = ov_span_clip(
            *ret_path, ret_path->len - OV_WIRE_MAX_FILE_PATH, ret_path->len);
    user = getpwuid(owner);
    *ret_owner = ov_span_str(user != NULL ? user->pw_name : "");
}
