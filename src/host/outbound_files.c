/* SPDX-License-Identifier: Apache-2.0 */
#include "host/outbound_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

#define SUFFIX ".jsonl"
#define DIGITS 12

void outbound_file_name(uint64_t first_seq, char ret[static OUTBOUND_NAME_SIZE])
{
    (void)snprintf(ret, OUTBOUND_NAME_SIZE, "%0*llu" SUFFIX, DIGITS,
                   (unsigned long long)first_seq); /* has room for any number */
}

static bool read_name(const char *name, uint64_t *ret)
{
    struct ov_span s = ov_span_str(name);

    return s.len >= DIGITS && ov_span_ends(s, OV_SPAN_LIT(SUFFIX)) &&
           ov_parse_uint(ov_span_clip(s, 0, s.len - sizeof(SUFFIX) + 1),
                         UINT64_MAX - 1, ret);
}

/* Calls for each file's first line. */
static enum ov_status each(int folder, void (*one)(void *data, uint64_t seq),
                           void *data)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *e;
    uint64_t seq;

    if (dir == NULL) {
        if (fd >= 0)
            (void)!close(fd); /* was only read */
        return OV_IO;
    }
    while ((e = readdir(dir)) != NULL)
        if (read_name(e->d_name, &seq))
            one(data, seq);
    (void)!closedir(dir); /* was only read */
    return OV_OK;
}

struct search {
    uint64_t low;  /* wanted: low <= seq */
    uint64_t high; /* and seq <= high */
    bool is_least; /* of these the least, else the greatest */
    uint64_t found;
    bool has_found;
};

static void compare(void *data, uint64_t seq)
{
    struct search *s = data;

    if (seq < s->low || seq > s->high)
        return;
    if (s->has_found && (s->is_least ? seq >= s->found : seq <= s->found))
        return;
    s->found = seq;
    s->has_found = true;
}

static enum ov_status search(int folder, struct search s, uint64_t *ret)
{
    OV_TRY(each(folder, compare, &s));
    if (!s.has_found)
        return OV_NOT_FOUND;
    *ret = s.found;
    return OV_OK;
}

enum ov_status outbound_file_find(int folder, uint64_t last,
                                  uint64_t *ret_first_seq)
{
    const struct search before = {.high = last};
    const struct search oldest = {.high = UINT64_MAX, .is_least = true};
    enum ov_status status = search(folder, before, ret_first_seq);

    return status == OV_NOT_FOUND ? search(folder, oldest, ret_first_seq)
                                  : status;
}

enum ov_status outbound_file_next(int folder, uint64_t first_seq,
                                  uint64_t *ret_first_seq)
{
    const struct search behind = {
        .low = first_seq + 1, .high = UINT64_MAX, .is_least = true};

    return search(folder, behind, ret_first_seq);
}
