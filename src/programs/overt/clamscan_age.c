/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "clamscan.h"
#include "sys/fd.h"
#include "sys/judge_client.h"

/* --fail-if-cvd-older-than, for those who want to hear of an updater that has
 * stopped. As in clamscan 1.4 a folder is as old as the youngest container
 * (.cvd, .cld) that lies in it, and one without any is too old for anything; a
 * file of another kind has no age. What a container says of itself is read by
 * the judge, in its jail. The words are clamscan's: scripts look for them. */
#define SECONDS_A_DAY 86400

static bool has_age(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL &&
           (strcasecmp(dot, ".cvd") == 0 || strcasecmp(dot, ".cld") == 0);
}

static bool take_number(void *data, struct ov_span text)
{
    return ov_parse_uint(text, UINT32_MAX, data);
}

/* When the container was made, if that is later than *latest. */
static bool look_at(int folder, const char *name, uint64_t *latest)
{
    OV_AUTO_FD fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    uint64_t made = 0;
    const struct ov_judge_view view = {.what = OV_JUDGE_MADE,
                                       .image_fd = fd,
                                       .write = take_number,
                                       .data = &made};
    struct ov_judge_refusal refusal;

    if (fd < 0) {
        out_error("clamscan: %s: %s", name, strerror(errno));
        return false;
    }
    if (ov_judge_show(&view, &refusal) != OV_OK) {
        out_error("clamscan: %s: %s", name, refusal.text);
        return false;
    }
    if (made > *latest)
        *latest = made;
    return true;
}

static bool look_into(const char *path, uint64_t *latest)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool is_fine = folder != NULL;

    if (folder == NULL)
        out_error("clamscan: %s: %s", path, strerror(errno));
    while (is_fine && (entry = readdir(folder)) != NULL)
        if (has_age(entry->d_name))
            is_fine = look_at(dirfd(folder), entry->d_name, latest);
    if (folder != NULL)
        (void)closedir(folder);
    return is_fine;
}

static bool is_young(const char *path, uint64_t max_days)
{
    uint64_t now = (uint64_t)time(NULL);
    uint64_t latest = 0;
    struct stat st;

    if (stat(path, &st) != 0) {
        out_error("clamscan: %s: %s", path, strerror(errno));
        return false;
    }
    if (!S_ISDIR(st.st_mode) && !has_age(path))
        return true;
    if (S_ISDIR(st.st_mode) ? !look_into(path, &latest)
                            : !look_at(AT_FDCWD, path, &latest))
        return false;
    if (latest > now ||
        (latest > 0 && now - latest <= max_days * SECONDS_A_DAY))
        return true;
    out_bare_error("ERROR: Virus database is older than %llu days!",
                   (unsigned long long)max_days);
    return false;
}

bool clamscan_young(const struct clamscan *c)
{
    for (size_t i = 0; c->max_age_days > 0 && i < c->databases.n; i++)
        if (!is_young(c->databases.items[i], c->max_age_days))
            return false;
    return true;
}
