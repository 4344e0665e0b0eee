/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/process_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/wire.h"

/* Copies a process's memory out of /proc/PID/mem by the regions of
 * /proc/PID/maps (proc(5)). The copy is what a jailed worker looks at: here
 * nothing is read but the kernel's list of regions.
 *
 * Of anonymous memory only what was ever touched is copied, as
 * /proc/PID/pagemap tells: programs reserve terabytes (a sanitizer's shadow, a
 * virtual machine's heap), and reading would hand out page tables for all of
 * it. Pages of zeros become holes. What cannot be read (devices, a file that
 * is shorter than its mapping) is left out. */

#define PIECE ((size_t)1 << 20)
#define PAGE 4096u
#define UNREAD_MAX 4096u /* pages of one mapping that cannot be read */
#define DEFAULT_CHUNK ((uint64_t)1 << 30)
#define MAPS_MAX ((size_t)256 << 20)
#define PAGE_IS_SOMEWHERE (3ull << 62) /* in memory, or swapped out */

struct copy {
    int folder; /* /proc/PID */
    int mem;
    int pagemap; /* -1: there is none */
    int out;
    uint8_t *piece;
    uint64_t entries[PIECE / PAGE + 1];
    struct ov_buf table;
    uint64_t max_chunk;
    uint64_t len;
    uint64_t region_at;  /* the region under way: its address, */
    uint64_t region_len; /* 0: there is none */
    uint32_t n_regions;
    bool is_cut;
};

static bool is_zero(const uint8_t *bytes, size_t len)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

static bool write_at(int fd, const uint8_t *bytes, size_t len, uint64_t at)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, bytes, len, (off_t)at);

        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
        at += (uint64_t)n;
    }
    return true;
}

static enum ov_status write_piece(struct copy *c, size_t len)
{
    for (size_t at = 0; at < len; at += PAGE) {
        size_t n = len - at < PAGE ? len - at : PAGE;

        if (!is_zero(c->piece + at, n) &&
            !write_at(c->out, c->piece + at, n, c->len + at))
            return OV_IO;
    }
    return OV_OK;
}

static void end_region(struct copy *c)
{
    if (c->region_len == 0)
        return;
    ov_put_u64(&c->table, c->region_at);
    ov_put_u64(&c->table, c->region_len);
    c->n_regions++;
    c->region_len = 0;
}

/* Goes on with the region under way, or begins one. */
static enum ov_status add(struct copy *c, uint64_t address, size_t len)
{
    if (c->n_regions == OV_WIRE_MAX_REGIONS - 1 ||
        len > OV_PROCESS_MEMORY_MAX - c->len) {
        c->is_cut = true;
        return OV_OK;
    }
    OV_TRY(write_piece(c, len));
    if (c->region_len > 0 && c->region_len + len > c->max_chunk)
        end_region(c);
    if (c->region_len == 0)
        c->region_at = address;
    c->region_len += len;
    c->len += len;
    return OV_OK;
}

/* Whether no page of it was ever touched. */
static bool is_untouched(struct copy *c, uint64_t address, size_t len)
{
    size_t n = (size_t)((address % PAGE + len + PAGE - 1) / PAGE);
    ssize_t want = (ssize_t)(n * sizeof(c->entries[0]));

    if (c->pagemap < 0 || pread(c->pagemap, c->entries, (size_t)want,
                                (off_t)(address / PAGE * 8)) != want)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((c->entries[i] & PAGE_IS_SOMEWHERE) != 0)
            return false;
    return true;
}

/* As many bytes as can be read at address; 0: none. */
static size_t read_piece(struct copy *c, uint64_t address, size_t len)
{
    size_t have = 0;

    while (have < len) {
        ssize_t n =
            pread(c->mem, c->piece + have, len - have, (off_t)(address + have));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    return have;
}

/* Bytes of a region are handed on in pieces of at most max_chunk. */
static size_t piece_len(const struct copy *c, uint64_t left)
{
    uint64_t room = c->max_chunk - c->region_len % c->max_chunk;
    uint64_t len = left < PIECE ? left : PIECE;

    return (size_t)(len < room ? len : room);
}

struct mapping {
    uint64_t from;
    uint64_t to;
    bool is_anonymous;
};

static enum ov_status copy_mapping(struct copy *c, const struct mapping *m)
{
    unsigned n_unread = 0;

    for (uint64_t at = m->from; at < m->to && !c->is_cut;) {
        size_t len = piece_len(c, m->to - at);
        size_t have;

        if (m->is_anonymous && len == PIECE && is_untouched(c, at, len)) {
            end_region(c);
            at += len;
            continue;
        }
        have = read_piece(c, at, len);
        if (have > 0)
            OV_TRY(add(c, at, have));
        at += len;
        if (have == len)
            continue;
        /* A page that cannot be read hides nothing behind it; a mapping of many
         * (of a device) is left. */
        end_region(c);
        at = (at - len + have) / PAGE * PAGE + PAGE;
        if (++n_unread > UNREAD_MAX)
            break;
    }
    end_region(c);
    return OV_OK;
}

static bool take_hex(struct ov_span *rest, char until, uint64_t *ret)
{
    struct ov_span word;

    *ret = 0;
    if (!ov_span_cut(rest, (uint8_t)until, &word) || word.len == 0 ||
        word.len > 16)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        int digit = ov_hex_digit((uint8_t)ov_span_byte(word, i));

        if (digit < 0)
            return false;
        *ret = *ret << 4 | (uint64_t)digit;
    }
    return true;
}

/* "55d3b4b23000-55d3b4b24000 r--p 00000000 fe:00 10954603   /tmp/x" */
static bool read_mapping(struct ov_span line, struct mapping *ret)
{
    struct ov_span skipped, inode;

    if (!take_hex(&line, '-', &ret->from) || !take_hex(&line, ' ', &ret->to) ||
        !ov_span_cut(&line, ' ', &skipped) ||
        !ov_span_cut(&line, ' ', &skipped) ||
        !ov_span_cut(&line, ' ', &skipped))
        return false;
    (void)ov_span_cut(&line, ' ', &inode); /* nothing may be behind it */
    ret->is_anonymous = ov_span_equal(inode, OV_SPAN_LIT("0"));
    return ret->from < ret->to && ret->to <= INT64_MAX;
}

static enum ov_status read_all(int fd, struct ov_buf *into)
{
    for (;;) {
        uint8_t *room = ov_buf_room(into, PIECE);
        ssize_t n = room != NULL ? read(fd, room, PIECE) : 0;

        OV_TRY(ov_buf_status(into));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == ESRCH ? OV_PEER_GONE : OV_IO;
        if (n == 0)
            return OV_OK;
        ov_buf_added(into, (size_t)n);
    }
}

static enum ov_status copy_all(struct copy *c)
{
    OV_AUTO_DONE(buf) maps = ov_buf_with_max(MAPS_MAX);
    OV_AUTO_FD fd = openat(c->folder, "maps", O_RDONLY | O_CLOEXEC);
    struct ov_span rest, line;
    uint64_t before = 0;

    if (fd < 0)
        return errno == ENOENT || errno == ESRCH ? OV_PEER_GONE : OV_DENIED;
    OV_TRY(read_all(fd, &maps));
    rest = ov_buf_span(&maps);
    while (rest.len > 0) {
        struct mapping m;

        (void)ov_span_cut(&rest, '\n', &line);
        /* the list is not read in one step, and so may repeat itself */
        if (!read_mapping(line, &m) || m.to <= before)
            continue;
        m.from = m.from < before ? before : m.from;
        before = m.to;
        OV_TRY(copy_mapping(c, &m));
    }
    return OV_OK;
}

/* Whether it is still there: of one that has ended no memory can be read. */
static bool is_alive(const struct copy *c)
{
    OV_AUTO_FD fd = openat(c->folder, "maps", O_RDONLY | O_CLOEXEC);
    char byte;

    return fd >= 0 && read(fd, &byte, 1) == 1;
}

static enum ov_status finish(struct copy *c)
{
    struct ov_span table;

    if (!is_alive(c))
        return c->n_regions > 0 ? OV_PEER_GONE : OV_USAGE;
    OV_TRY(ov_buf_status(&c->table));
    table = ov_buf_span(&c->table);
    if (c->n_regions == 0)
        return OV_USAGE;
    if (!write_at(c->out, table.ptr, table.len, c->len))
        return OV_IO;
    return ov_memory_seal(c->out);
}

static enum ov_status open_process(int pid, struct copy *c)
{
    char path[32];

    (void)snprintf(path, sizeof(path), "/proc/%d", pid);
    c->folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (c->folder < 0)
        return OV_NOT_FOUND;
    c->mem = openat(c->folder, "mem", O_RDONLY | O_CLOEXEC);
    if (c->mem < 0)
        return errno == EACCES || errno == EPERM ? OV_DENIED : OV_USAGE;
    c->pagemap = openat(c->folder, "pagemap", O_RDONLY | O_CLOEXEC);
    return ov_memory_file("overt-process", &c->out);
}

static enum ov_status tell(struct ov_diag *diag, int pid, enum ov_status status)
{
    switch ((int)status) {
    case OV_OK:
        return OV_OK;
    case OV_NOT_FOUND:
        return ov_diag_set(diag, status, 0, "there is no process %d", pid);
    case OV_DENIED:
        return ov_diag_set(
            diag, status, 0,
            "its memory may not be read: run as root, or as its user if "
            "kernel.yama.ptrace_scope is 0");
    case OV_PEER_GONE:
        return ov_diag_set(diag, status, 0, "it ended while it was read");
    case OV_USAGE:
        return ov_diag_set(
            diag, status, 0,
            "it has no memory: a kernel thread, or it has ended");
    default:
        return ov_diag_set(diag, status, 0, "its memory cannot be copied: %s",
                           ov_status_name(status));
    }
}

enum ov_status ov_process_memory_read(int pid, uint64_t max_chunk,
                                      struct ov_process_memory *ret,
                                      struct ov_diag *diag)
{
    struct copy *c = ov_alloc(sizeof(*c));
    enum ov_status status = OV_NO_MEMORY;

    if (c == NULL)
        return tell(diag, pid, status);
    c->folder = c->mem = c->pagemap = c->out = -1;
    c->max_chunk = max_chunk != 0 ? max_chunk : DEFAULT_CHUNK;
    c->table = ov_buf_with_max((size_t)OV_WIRE_REGION * OV_WIRE_MAX_REGIONS);
    c->piece = ov_alloc(PIECE);
    if (c->piece != NULL)
        status = open_process(pid, c);
    if (status == OV_OK)
        status = copy_all(c);
    if (status == OV_OK)
        status = finish(c);
    if (status == OV_OK)
        *ret = (struct ov_process_memory){ov_fd_steal(&c->out), c->len,
                                          c->n_regions, c->is_cut};
    ov_fd_cleanup(&c->folder);
    ov_fd_cleanup(&c->mem);
    ov_fd_cleanup(&c->pagemap);
    ov_fd_cleanup(&c->out);
    ov_buf_done(&c->table);
    ov_free(c->piece);
    ov_free(c);
    return tell(diag, pid, status);
}
