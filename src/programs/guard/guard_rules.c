/* SPDX-License-Identifier: Apache-2.0 */

/* What is not asked about.
 *
 * The daemon and what it starts must never wait for themselves. They are known
 * by their session: the daemon leads one, whoever it starts is in it, nobody
 * can enter another's, and a name or a path plays no part. While a process
 * waits in open() its number cannot be given to another, so the number that
 * came with the question is enough; for what was only told afterwards the
 * process is looked at by its pidfd as well (guard_events.c).
 *
 * Exclusions of the administrator: by path (only if the path leads to this very
 * file in our own mount namespace, as whoever makes a namespace can give a file
 * any path), by effective user, and by executable (the file itself is compared,
 * not its name). */
#include "guard_rules.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fd.h"

enum ov_status guard_rules_add(struct guard_rules *r,
                               const struct ov_wire_guard_place *p)
{
    struct place made = {.kind = (enum ov_guard_place)p->kind};
    uint64_t uid;

    if (p->kind >= OV_N_GUARD_PLACE ||
        ov_span_find_byte(p->text, 0, 0) != SIZE_MAX)
        return OV_MALFORMED;
    if (r->n_places == MAX_PLACES)
        return OV_LIMIT_COUNT;
    if (made.kind == OV_GUARD_SKIP_USER) {
        if (!ov_parse_uint(p->text, UINT32_MAX - 1, &uid))
            return OV_MALFORMED;
        made.uid = (uint32_t)uid;
    } else if (ov_span_byte(p->text, 0) != '/') {
        return OV_MALFORMED;
    }
    made.text = ov_alloc(p->text.len + 1);
    if (made.text == NULL)
        return OV_NO_MEMORY;
    memcpy(made.text, p->text.ptr, p->text.len);
    for (size_t i = p->text.len; i > 1 && made.text[i - 1] == '/'; i--)
        made.text[i - 1] = '\0';
    r->places[r->n_places++] = made;
    return OV_OK;
}

bool path_is_below(struct ov_span path, const char *place)
{
    struct ov_span root = ov_span_str(place);

    if (root.len == 1)
        root.len = 0; /* "/" */
    return ov_span_starts(path, root) &&
           (path.len == root.len || ov_span_byte(path, root.len) == '/');
}

bool is_own_process(const struct guard_rules *r, pid_t pid)
{
    return pid > 0 &&
           (pid == r->self || pid == r->daemon || getsid(pid) == r->session);
}

/* The second number of "Uid:\t0\t0\t0\t0" in /proc/PID/status. */
static uint32_t effective_user(pid_t pid)
{
    char path[32];
    uint8_t text[1024];
    struct ov_span status;
    struct ov_span word;
    uint64_t uid;
    ssize_t got;
    size_t at;

    (void)!snprintf(path, sizeof(path), "/proc/%d/status", (int)pid); /* fits */
    OV_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return UINT32_MAX;
    got = read(fd, text, sizeof(text));
    if (got <= 0)
        return UINT32_MAX;
    status = ov_span_of(text, (size_t)got);
    at = ov_span_find(status, OV_SPAN_LIT("\nUid:\t"), 0);
    if (at == SIZE_MAX)
        return UINT32_MAX;
    status = ov_span_clip(status, at + 6, SIZE_MAX);
    (void)ov_span_cut(&status, '\t', &word); /* the real one */
    (void)ov_span_cut(&status, '\t', &word);
    return ov_parse_uint(word, UINT32_MAX - 1, &uid) ? (uint32_t)uid
                                                     : UINT32_MAX;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat one;
    struct stat other;

    return stat(a, &one) == 0 && stat(b, &other) == 0 &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool is_skipped_process(const struct guard_rules *r, pid_t pid,
                        uint32_t *ret_uid)
{
    char path[32];

    *ret_uid = UINT32_MAX;
    if (pid <= 0)
        return false;
    *ret_uid = effective_user(pid);
    (void)!snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid); /* fits */
    for (size_t i = 0; i < r->n_places; i++) {
        const struct place *p = &r->places[i];

        if ((p->kind == OV_GUARD_SKIP_USER && p->uid == *ret_uid) ||
            (p->kind == OV_GUARD_SKIP_PROCESS && is_same_file(path, p->text)))
            return true;
    }
    return false;
}

bool is_skipped_path(const struct guard_rules *r, struct ov_span path,
                     bool is_here)
{
    for (size_t i = 0; i < r->n_places && is_here; i++) {
        const struct place *p = &r->places[i];

        if (p->kind == OV_GUARD_SKIP_PATH && path_is_below(path, p->text))
            return true;
    }
    return false;
}
