/* SPDX-License-Identifier: Apache-2.0
 *
 * Microsoft's help files (CHM) and single compressed files (SZDD), read by
 * libmspack.
 *
 * The library asks for files through a table of functions; ours are a cursor
 * over the container's bytes and a sink that counts against the budget. Since
 * a CHM's members share one compressed stream, what is read of it is counted as
 * work, so that members that lie far apart can't cost more than the budget.
 *
 * Limits: several volumes are not joined. */
#include <mspack.h>

#include "formats/codec.h"
#include "formats/unpacker.h"

/* LZX: a byte that goes in may become this many that come out. */
#define STEPS_PER_BYTE 64
#define INPUT_NAME "in"
#define OUTPUT_NAME "out"

struct mspack;

/* What the library takes for its struct mspack_file. */
struct cursor {
    struct mspack *owner;
    size_t at;
    bool is_output;
};

struct mspack {
    struct mspack_system system; /* first: the library hands it back */
    struct ov_span all;
    struct ov_budget *budget;
    struct ov_buf *into; /* while a member is read */
    enum ov_status status;
    struct mschm_decompressor *chm;
    struct mschmd_header *chm_header;
    struct mschmd_file *file; /* the current member */
    struct msszdd_decompressor *szdd;
    struct msszddd_header *szdd_header;
    bool is_given;
};

static struct mspack_file *open_file(struct mspack_system *self,
                                     const char *name, int mode)
{
    struct cursor *c = ov_alloc(sizeof(*c));

    if (c == NULL)
        return NULL;
    c->owner = (void *)self;
    c->is_output = mode == MSPACK_SYS_OPEN_WRITE;
    (void)name;
    return (void *)c;
}

static void close_file(struct mspack_file *f)
{
    ov_free(f);
}

static int read_file(struct mspack_file *f, void *into, int len)
{
    struct cursor *c = (void *)f;
    struct ov_span s;

    if (c->is_output || len < 0)
        return -1;
    s = ov_span_clip(c->owner->all, c->at, (uint64_t)len);
    if (ov_budget_spend(c->owner->budget, OV_COST_STEPS,
                        STEPS_PER_BYTE * (uint64_t)s.len) != OV_OK) {
        c->owner->status = OV_LIMIT_WORK;
        return -1;
    }
    if (s.len > 0)
        memcpy(into, s.ptr, s.len);
    c->at += s.len;
    return (int)s.len;
}

static int write_file(struct mspack_file *f, void *bytes, int len)
{
    struct cursor *c = (void *)f;
    struct mspack *m = c->owner;

    if (!c->is_output || len < 0 || m->into == NULL)
        return -1;
    c->at += (size_t)len;
    m->status = ov_produce(m->into, m->budget, ov_span_of(bytes, (size_t)len));
    return m->status == OV_OK ? len : -1;
}

static int seek_file(struct mspack_file *f, off_t offset, int mode)
{
    struct cursor *c = (void *)f;
    off_t from = mode == MSPACK_SYS_SEEK_CUR   ? (off_t)c->at
                 : mode == MSPACK_SYS_SEEK_END ? (off_t)c->owner->all.len
                                               : 0;
    off_t to;

    if (__builtin_add_overflow(from, offset, &to) || to < 0 ||
        (uint64_t)to > c->owner->all.len)
        return -1;
    c->at = (size_t)to;
    return 0;
}

static off_t tell_file(struct mspack_file *f)
{
    const struct cursor *c = (void *)f;

    return (off_t)c->at;
}

static void drop_message(struct mspack_file *f, const char *format, ...)
{
    (void)f;
    (void)format;
}

static void *allocate(struct mspack_system *self, size_t size)
{
    (void)self;
    return ov_alloc(size);
}

static void copy_bytes(void *from, void *to, size_t len)
{
    memcpy(to, from, len);
}

static void free_mspack(void *state)
{
    struct mspack *m = state;

    if (m->chm_header != NULL)
        m->chm->close(m->chm, m->chm_header);
    mspack_destroy_chm_decompressor(m->chm);
    if (m->szdd_header != NULL)
        m->szdd->close(m->szdd, m->szdd_header);
    mspack_destroy_szdd_decompressor(m->szdd);
    ov_free(m);
}

static enum ov_status status_of(const struct mspack *m, int error)
{
    if (error == MSPACK_ERR_OK)
        return OV_OK;
    if (m->status != OV_OK)
        return m->status;
    if (error == MSPACK_ERR_NOMEMORY)
        return OV_NO_MEMORY;
    return error == MSPACK_ERR_READ || error == MSPACK_ERR_SEEK ? OV_TRUNCATED
                                                                : OV_MALFORMED;
}

static enum ov_status open_header(struct mspack *m, enum ov_type type)
{
    if (type == OV_TYPE_CHM) {
        m->chm = mspack_create_chm_decompressor(&m->system);
        if (m->chm == NULL)
            return OV_NO_MEMORY;
        m->chm_header = m->chm->open(m->chm, INPUT_NAME);
        if (m->chm_header == NULL)
            return status_of(m, m->chm->last_error(m->chm));
        m->file = m->chm_header->files;
        return OV_OK;
    }
    m->szdd = mspack_create_szdd_decompressor(&m->system);
    if (m->szdd == NULL)
        return OV_NO_MEMORY;
    m->szdd_header = m->szdd->open(m->szdd, INPUT_NAME);
    if (m->szdd_header == NULL)
        return status_of(m, m->szdd->last_error(m->szdd));
    return OV_OK;
}

static enum ov_status open_mspack(const struct ov_unpack_job *job,
                                  void **ret_state)
{
    struct mspack *m = ov_alloc(sizeof(*m));
    enum ov_status status;

    if (m == NULL)
        return OV_NO_MEMORY;
    m->system = (struct mspack_system){.open = open_file,
                                       .close = close_file,
                                       .read = read_file,
                                       .write = write_file,
                                       .seek = seek_file,
                                       .tell = tell_file,
                                       .message = drop_message,
                                       .alloc = allocate,
                                       .free = ov_free,
                                       .copy = copy_bytes};
    m->all = job->bytes;
    m->budget = job->budget;
    status = open_header(m, job->type);
    if (status != OV_OK) {
        free_mspack(m);
        return status;
    }
    *ret_state = m;
    return OV_OK;
}

static enum ov_status next_mspack(void *state, struct ov_member *ret)
{
    struct mspack *m = state;

    if (m->szdd_header != NULL) {
        ret->is_end = m->is_given;
        ret->packed_size = m->all.len;
        if (m->szdd_header->length >= 0)
            ret->real_size = (uint64_t)m->szdd_header->length;
        m->is_given = true;
        return OV_OK;
    }
    if (m->is_given && m->file != NULL)
        m->file = m->file->next;
    m->is_given = true;
    /* Folders have a name and no bytes. */
    while (m->file != NULL && m->file->length == 0)
        m->file = m->file->next;
    ret->is_end = m->file == NULL;
    if (m->file != NULL) {
        ret->name = ov_span_str(m->file->filename);
        ret->real_size = (uint64_t)m->file->length;
    }
    return OV_OK;
}

static enum ov_status read_mspack(void *state, struct ov_buf *into)
{
    struct mspack *m = state;
    int error;

    m->into = into;
    m->status = OV_OK;
    error = m->szdd_header != NULL
                ? m->szdd->extract(m->szdd, m->szdd_header, OUTPUT_NAME)
                : m->chm->extract(m->chm, m->file, OUTPUT_NAME);
    m->into = NULL;
    return status_of(m, error);
}

const struct ov_unpack_ops ov_unpack_mspack = {
    .open = open_mspack,
    .next = next_mspack,
    .read = read_mspack,
    .free = free_mspack,
};
