/* SPDX-License-Identifier: Apache-2.0 */
#include "family_names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "reputation/shard_list.h"
#include "sys/fd.h"
#include "sys/file.h"

/*
 * A list in memory with a hash table of indices (FNV-1a, open addressing, at
 * most half full). Names are kept as offsets into the text, which moves as it
 * grows.
 */

#define MAX_TEXT ((size_t)256 << 20)
#define FIRST_SLOTS ((size_t)1 << 10)

static uint64_t hash_of(struct ov_span name)
{
    uint64_t h = 0xcbf29ce484222325;

    for (size_t i = 0; i < name.len; i++)
        h = (h ^ (uint64_t)ov_span_byte(name, i)) * 0x100000001b3;
    return h;
}

struct ov_span family_names_of(const struct family_names *f, uint32_t number)
{
    if (number == 0 || number > f->n)
        return (struct ov_span){NULL, 0};
    /* names hold offsets, in place of addresses */
    return ov_span_clip(ov_buf_span(&f->text),
                        (uint64_t)(uintptr_t)f->names[number - 1].ptr,
                        f->names[number - 1].len);
}

static void enter(struct family_names *f, uint32_t number)
{
    size_t at = (size_t)hash_of(family_names_of(f, number)) & (f->n_slots - 1);

    while (f->slots[at] != 0)
        at = (at + 1) & (f->n_slots - 1);
    f->slots[at] = number;
}

static bool grow(struct family_names *f)
{
    size_t n = f->n_slots == 0 ? FIRST_SLOTS : 2 * f->n_slots;
    uint32_t *slots = ov_alloc_array(n, sizeof(*slots));
    struct ov_span *names = ov_realloc_array(f->names, n / 2, sizeof(*names));

    if (names != NULL)
        f->names = names;
    if (slots == NULL || names == NULL) {
        ov_free(slots);
        (void)cloud_say("out of memory");
        return false;
    }
    ov_free(f->slots);
    f->slots = slots;
    f->n_slots = n;
    for (uint32_t i = 1; i <= f->n; i++)
        enter(f, i);
    return true;
}

/* The name at that place of the text gets the next number. */
static bool add(struct family_names *f, size_t at, size_t len)
{
    if (f->n >= OV_FAMILY_MAX) {
        (void)cloud_say("there are too many families");
        return false;
    }
    if (2 * ((size_t)f->n + 1) > f->n_slots && !grow(f))
        return false;
    f->names[f->n++] = ov_span_of((const void *)(uintptr_t)at, len);
    enter(f, f->n);
    return true;
}

bool family_names_number(struct family_names *f, struct ov_span name,
                         uint32_t *ret)
{
    size_t at = (size_t)hash_of(name) & (f->n_slots - 1);

    while (f->n_slots > 0 && f->slots[at] != 0) {
        if (ov_span_equal(family_names_of(f, f->slots[at]), name)) {
            *ret = f->slots[at];
            return true;
        }
        at = (at + 1) & (f->n_slots - 1);
    }
    if (!ov_family_name_is_valid(name)) {
        (void)cloud_say("%.*s: not a name of a family: ASCII without spaces, "
                        "at most %d bytes",
                        (int)(name.len < 200 ? name.len : 200),
                        (const char *)name.ptr, OV_FAMILY_NAME_MAX);
        return false;
    }
    ov_put_format(&f->text, "%u ", f->n + 1);
    at = f->text.len;
    ov_put_span(&f->text, name);
    ov_put_u8(&f->text, '\n');
    if (ov_buf_status(&f->text) != OV_OK) {
        (void)cloud_say("out of memory");
        return false;
    }
    *ret = f->n + 1;
    return add(f, at, name.len);
}

static bool read_lines(struct family_names *f, const char *path)
{
    struct ov_span text = ov_buf_span(&f->text);
    size_t at = 0;

    /* what a crash has left of a last line */
    while (text.len > 0 && ov_span_byte(text, text.len - 1) != '\n')
        text.len--;
    f->text.len = text.len;
    f->n_saved = text.len;
    if (ov_family_list_check(text) != OV_OK) {
        (void)cloud_say("%s: damaged; restore it", path);
        return false;
    }
    while (at < text.len) {
        size_t name = ov_span_find_byte(text, ' ', at) + 1;
        size_t end = ov_span_find_byte(text, '\n', name);

        if (!add(f, name, end - name))
            return false;
        at = end + 1;
    }
    return true;
}

void family_names_new(struct family_names *f)
{
    *f = (struct family_names){.text = ov_buf_with_max(MAX_TEXT)};
}

bool family_names_open(const struct cloud *c, struct family_names *ret)
{
    char path[CLOUD_PATH_MAX];
    enum ov_status status;

    family_names_new(ret);
    if (!cloud_path(c, path, "families"))
        return false;
    status = ov_file_read(path, &ret->text);
    if (status != OV_OK && status != OV_NOT_FOUND) {
        (void)cloud_say("%s: %s", path, ov_status_name(status));
        return false;
    }
    return read_lines(ret, path);
}

void family_names_done(struct family_names *f)
{
    ov_buf_done(&f->text);
    ov_free(f->names);
    ov_free(f->slots);
}

bool family_names_save(const struct cloud *c, struct family_names *f)
{
    struct ov_span fresh =
        ov_span_clip(ov_buf_span(&f->text), f->n_saved, f->text.len);
    char path[CLOUD_PATH_MAX];

    if (fresh.len == 0)
        return true;
    if (!cloud_path(c, path, "families"))
        return false;
    OV_AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || ftruncate(fd, (off_t)f->n_saved) != 0 ||
        lseek(fd, 0, SEEK_END) < 0 || ov_write_all(fd, fresh) != OV_OK ||
        fsync(fd) != 0) {
        (void)cloud_say("%s: %s", path, strerror(errno));
        return false;
    }
    f->n_saved = f->text.len;
    return ov_folder_sync(path) == OV_OK;
}
