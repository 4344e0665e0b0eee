/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mirrors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/bundle.h"
#include "sys/fd.h"
#include "sys/file.h"

/* The judge asks for paths; it reads hostile bytes, so what it asks for is
 * checked, and a folder is never left (openat2, RESOLVE_BENEATH). */

#define MAX_MIRRORS 64
#define MAX_PATH_LEN 255

struct mirror {
    char *place;
    int fd; /* of a folder or bundle; -1: an address */
    struct ov_bundle *bundle;
};

struct ov_mirrors {
    struct mirror items[MAX_MIRRORS];
    size_t n;
    struct ov_fetch *fetch;
    struct ov_fetch_book book;
    const char *purpose;
    unsigned spawn_flags;
    uint64_t n_bytes;
};

struct ov_mirrors *ov_mirrors_new(unsigned spawn_flags)
{
    struct ov_mirrors *m = ov_alloc(sizeof(*m));

    if (m != NULL) {
        m->spawn_flags = spawn_flags;
        m->purpose = "";
    }
    return m;
}

void ov_mirrors_set_book(struct ov_mirrors *m, const struct ov_fetch_book *book,
                         const char *purpose)
{
    m->book = *book;
    m->purpose = purpose;
}

bool ov_mirrors_need_network(const struct ov_mirrors *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->items[i].fd < 0)
            return true;
    return false;
}

void ov_mirrors_free(struct ov_mirrors *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n; i++) {
        ov_free(m->items[i].place);
        ov_fd_cleanup(&m->items[i].fd);
        ov_bundle_free(m->items[i].bundle);
    }
    ov_fetch_free(m->fetch);
    ov_free(m);
}

static bool is_address(const char *place)
{
    struct ov_span s = ov_span_str(place);

    return ov_span_starts(s, OV_SPAN_LIT("http://")) ||
           ov_span_starts(s, OV_SPAN_LIT("https://"));
}

static enum ov_status open_local(struct mirror *one, const char *place,
                                 struct ov_diag *diag)
{
    OV_AUTO_FD fd = open(place, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return ov_diag_set(diag, OV_NOT_FOUND, 0, "%s", strerror(errno));
    if (!S_ISDIR(st.st_mode)) {
        enum ov_status status = ov_bundle_open(fd, &one->bundle);

        if (status != OV_OK)
            return ov_diag_set(diag, status, 0,
                               "neither a folder nor a whole tar file");
    }
    one->fd = ov_fd_steal(&fd);
    return OV_OK;
}

enum ov_status ov_mirrors_add(struct ov_mirrors *m, const char *place,
                              struct ov_diag *diag)
{
    static const char scheme[] = "file://";
    struct mirror one = {.fd = -1};
    size_t size = strlen(place) + 1;

    if (m->n == MAX_MIRRORS)
        return ov_diag_set(diag, OV_LIMIT_COUNT, 0, "too many mirrors");
    if (strncmp(place, scheme, sizeof(scheme) - 1) == 0)
        OV_TRY(open_local(&one, place + sizeof(scheme) - 1, diag));
    else if (!is_address(place))
        OV_TRY(open_local(&one, place, diag));
    one.place = ov_alloc(size);
    if (one.place != NULL)
        memcpy(one.place, place, size);
    m->items[m->n++] = one;
    return one.place != NULL ? OV_OK : OV_NO_MEMORY;
}

enum ov_status ov_mirrors_shuffle(struct ov_mirrors *m)
{
    uint32_t random[MAX_MIRRORS];

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return OV_IO;
    for (size_t i = m->n; i > 1; i--) {
        size_t j = random[i - 1] % i;
        struct mirror other = m->items[j];

        m->items[j] = m->items[i - 1];
        m->items[i - 1] = other;
    }
    return OV_OK;
}

size_t ov_mirrors_n(const struct ov_mirrors *m)
{
    return m->n;
}

const char *ov_mirrors_place(const struct ov_mirrors *m, size_t i)
{
    return i < m->n ? m->items[i].place : "?";
}

uint64_t ov_mirrors_bytes(const struct ov_mirrors *m)
{
    return m->n_bytes;
}

static bool is_safe(const char *path)
{
    bool is_start = true;

    if (strlen(path) > MAX_PATH_LEN || path[0] == '\0')
        return false;
    for (const char *at = path; *at != '\0'; at++) {
        if (is_start && (*at == '/' || *at == '.'))
            return false;
        if (!ov_is_alnum((uint8_t)*at) && strchr("._-+/", *at) == NULL)
            return false;
        is_start = *at == '/';
    }
    return !is_start;
}

/* What is wanted, and where it goes. */
struct want {
    const char *path;
    uint64_t max_len;
    uint64_t part_at;
    uint64_t part_len; /* 0: all */
    struct ov_mirror_file *ret;
    struct ov_diag *diag;
};

static enum ov_status check_len(uint64_t len, uint64_t max_len,
                                struct ov_diag *diag)
{
    if (len <= max_len)
        return OV_OK;
    return ov_diag_set(diag, OV_LIMIT_SIZE, 0,
                       "more bytes than the file may have");
}

/* len bytes at `at` of a descriptor, in a memory file. */
static enum ov_status copy_part(int from, uint64_t at, uint64_t len,
                                const struct want *w)
{
    OV_AUTO_FD fd = -1;
    off_t next = (off_t)at;

    OV_TRY(ov_memory_file("overt-part", &fd));
    while ((uint64_t)next < at + len) {
        size_t left = (size_t)(at + len - (uint64_t)next);

        if (sendfile(fd, from, &next, left) <= 0)
            return ov_diag_set(w->diag, OV_IO, 0, "%s", strerror(errno));
    }
    OV_TRY(ov_memory_seal(fd));
    w->ret->len = len;
    w->ret->fd = ov_fd_steal(&fd);
    return OV_OK;
}

/* The part that is wanted of a file of len bytes at `at` of a descriptor. */
static enum ov_status take_part(int from, uint64_t at, uint64_t len,
                                const struct want *w)
{
    if (w->part_at > len || w->part_len > len - w->part_at)
        return ov_diag_set(w->diag, OV_TRUNCATED, 0, "the file is shorter");
    OV_TRY(check_len(w->part_len, w->max_len, w->diag));
    return copy_part(from, at + w->part_at, w->part_len, w);
}

static enum ov_status get_from_folder(const struct mirror *one,
                                      const struct want *w)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    OV_AUTO_FD fd =
        (int)syscall(SYS_openat2, one->fd, w->path, &how, sizeof(how));
    struct stat st;

    if (fd < 0)
        return ov_diag_set(
            w->diag, errno == ENOENT || errno == ENOTDIR ? OV_NOT_FOUND : OV_IO,
            0, "%s", strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return ov_diag_set(w->diag, OV_IO, 0, "not a file");
    if (w->part_len > 0)
        return take_part(fd, 0, (uint64_t)st.st_size, w);
    OV_TRY(check_len((uint64_t)st.st_size, w->max_len, w->diag));
    w->ret->len = (uint64_t)st.st_size;
    w->ret->fd = ov_fd_steal(&fd);
    return OV_OK;
}

static enum ov_status get_from_bundle(const struct mirror *one,
                                      const struct want *w)
{
    uint64_t at;
    uint64_t len;

    if (ov_bundle_find(one->bundle, w->path, &at, &len) != OV_OK)
        return ov_diag_set(w->diag, OV_NOT_FOUND, 0, "not in this bundle");
    if (w->part_len > 0)
        return take_part(one->fd, at, len, w);
    OV_TRY(check_len(len, w->max_len, w->diag));
    return copy_part(one->fd, at, len, w);
}

static enum ov_status put_url(const struct mirror *one, const char *path,
                              char ret[static PATH_MAX])
{
    size_t len = strlen(one->place);
    bool has_slash = len > 0 && one->place[len - 1] == '/';

    return snprintf(ret, PATH_MAX, "%s%s%s", one->place, has_slash ? "" : "/",
                    path) < PATH_MAX
               ? OV_OK
               : OV_USAGE;
}

static bool has_fetch(struct ov_mirrors *m)
{
    if (m->fetch == NULL)
        m->fetch = ov_fetch_new(m->spawn_flags, &m->book);
    return m->fetch != NULL;
}

static enum ov_status get_from_web(struct ov_mirrors *m,
                                   const struct mirror *one,
                                   const struct want *w)
{
    char url[PATH_MAX];
    const struct ov_fetch_request r = {.purpose = m->purpose,
                                       .url = url,
                                       .max_len = w->max_len,
                                       .range_at = w->part_at,
                                       .range_len = w->part_len};
    uint32_t code;

    if (!has_fetch(m))
        return OV_NO_MEMORY;
    if (put_url(one, w->path, url) != OV_OK)
        return ov_diag_set(w->diag, OV_USAGE, 0, "the address is too long");
    return ov_fetch_run(m->fetch, &r, &w->ret->fd, &w->ret->len, &code,
                        w->diag);
}

void ov_mirrors_expect(struct ov_mirrors *m, size_t i, const char *path,
                       uint64_t max_len)
{
    char url[PATH_MAX];
    const struct ov_fetch_request r = {
        .purpose = m->purpose, .url = url, .max_len = max_len};

    if (i < m->n && is_safe(path) && m->items[i].fd < 0 && has_fetch(m) &&
        put_url(&m->items[i], path, url) == OV_OK)
        ov_fetch_expect(m->fetch, &r);
}

static enum ov_status get(struct ov_mirrors *m, size_t i, const struct want *w)
{
    const struct mirror *one;

    if (i >= m->n || !is_safe(w->path))
        return ov_diag_set(w->diag, OV_USAGE, 0, "no such mirror or path");
    one = &m->items[i];
    if (one->bundle != NULL)
        OV_TRY(get_from_bundle(one, w));
    else if (one->fd >= 0)
        OV_TRY(get_from_folder(one, w));
    else
        OV_TRY(get_from_web(m, one, w));
    m->n_bytes += w->ret->len;
    return OV_OK;
}

enum ov_status ov_mirrors_get(struct ov_mirrors *m, size_t i, const char *path,
                              uint64_t max_len, struct ov_mirror_file *ret,
                              struct ov_diag *diag)
{
    const struct want w = {
        .path = path, .max_len = max_len, .ret = ret, .diag = diag};

    return get(m, i, &w);
}

enum ov_status ov_mirrors_get_part(struct ov_mirrors *m, size_t i,
                                   const struct ov_mirror_part *part,
                                   struct ov_mirror_file *ret,
                                   struct ov_diag *diag)
{
    struct ov_mirror_file got = {-1, 0};
    const struct want w = {part->path, part->len, part->at,
                           part->len,  &got,      diag};

    OV_TRY(get(m, i, &w));
    if (got.len != part->len) {
        ov_fd_cleanup(&got.fd);
        return ov_diag_set(diag, OV_TRUNCATED, 0, "a part of what was asked");
    }
    *ret = got;
    return OV_OK;
}
