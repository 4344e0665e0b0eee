/* SPDX-License-Identifier: Apache-2.0 */
#include "compile_tier.h"

#include <sys/mman.h>

#include "sys/fd.h"
#include "sys/file.h"
#include "sys/judge_client.h"

/* The rules of other publishers are as hostile as any file: they are compiled
 * where nothing can be had. Records and the list of withdrawn ones go there as
 * two texts (docs/protocol-ipc.md). */

static bool memory_file_of(const struct ov_buf *bytes, int *ret_fd)
{
    OV_AUTO_FD fd = -1;
    size_t at = 0;

    if (ov_buf_status(bytes) != OV_OK || ov_memory_file("tier", &fd) != OV_OK)
        return tell_error("out of memory");
    while (at < bytes->len) {
        ssize_t put = write(fd, bytes->ptr + at, bytes->len - at);

        if (put <= 0)
            return tell_error("out of memory");
        at += (size_t)put;
    }
    *ret_fd = ov_fd_steal(&fd);
    return true;
}

static bool digest_image(int fd, uint64_t len, struct ov_blob *ret)
{
    void *at = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
    bool ok;

    if (at == MAP_FAILED)
        return tell_error("out of memory");
    ok = ov_blob_of(ov_span_of(at, (size_t)len), ret) == OV_OK;
    (void)munmap(at, (size_t)len); /* was only read */
    return ok || tell_error("out of memory");
}

static bool compile(struct instance *in, const struct ov_buf *records,
                    const struct ov_buf *withdrawn, struct ov_blob *ret)
{
    OV_AUTO_FD records_fd = -1;
    OV_AUTO_FD withdrawn_fd = -1;
    OV_AUTO_FD image = -1;
    struct ov_judge_refusal refusal = {0};
    struct ov_wire_compiled compiled;

    if (!memory_file_of(records, &records_fd) ||
        !memory_file_of(withdrawn, &withdrawn_fd))
        return false;
    const struct ov_judge_source sources[] = {
        {text(in, "/proc/self/fd/%d", records_fd), "records", NULL},
        {text(in, "/proc/self/fd/%d", withdrawn_fd), "withdrawn", NULL},
    };
    const struct ov_judge_job job = {
        .sources = sources, .n_sources = 2, .is_tier = true};
    if (ov_judge_compile(&job, &image, &compiled, &refusal) != OV_OK)
        return tell_error("%s, line %u: %s", refusal.source, refusal.line,
                          refusal.text);
    return digest_image(image, compiled.image_len, ret);
}

bool compile_base(struct instance *in, const struct ov_record_set *base,
                  struct ov_blob *ret)
{
    OV_AUTO_DONE(buf) records = ov_buf_with_max(MAX_FILE);
    OV_AUTO_DONE(buf) withdrawn = ov_buf_with_max(1);
    size_t n;
    const struct ov_record_entry *all = ov_record_set_list(base, &n);

    for (size_t i = 0; i < n; i++)
        ov_put_record(&records, &all[i].record);
    return compile(in, &records, &withdrawn, ret);
}

bool compile_changes(struct instance *in, const struct ov_record_set *base,
                     const struct ov_delta *d, struct ov_blob *ret)
{
    OV_AUTO_DONE(buf) records = ov_buf_with_max(MAX_FILE);
    OV_AUTO_DONE(buf) withdrawn = ov_buf_with_max(MAX_FILE);
    size_t i = 0;
    size_t j = 0;

    for (size_t k = 0; k < d->n_puts; k++)
        ov_put_record(&records, &d->puts[k]);
    while (i < d->n_deletes || j < d->n_puts) {
        bool is_delete = j == d->n_puts ||
                         (i < d->n_deletes &&
                          ov_span_compare(d->deletes[i], d->puts[j].id) < 0);
        struct ov_span id = is_delete ? d->deletes[i++] : d->puts[j++].id;

        if (ov_record_set_find(base, id) == NULL)
            continue;
        ov_put_span(&withdrawn, id);
        ov_put_u8(&withdrawn, '\n');
    }
    return compile(in, &records, &withdrawn, ret);
}
