/* SPDX-License-Identifier: Apache-2.0 */
#include "tuf/tuf_memory.h"

#include <string.h>

/* A few files: looked for one by one. */

static size_t find(const struct ov_tuf_memory *m, const char *name)
{
    size_t i = 0;

    while (i < m->n && strcmp(m->files[i].name, name) != 0)
        i++;
    return i;
}

enum ov_status ov_tuf_memory_get(const struct ov_tuf_memory *m,
                                 const char *name, struct ov_buf *ret)
{
    size_t i = find(m, name);

    if (i == m->n)
        return OV_NOT_FOUND;
    ov_put_span(ret, ov_buf_span(&m->files[i].bytes));
    return ov_buf_status(ret);
}

enum ov_status ov_tuf_memory_put(struct ov_tuf_memory *m, const char *name,
                                 struct ov_span bytes)
{
    size_t i = find(m, name);
    struct ov_tuf_kept *k = &m->files[i];

    if (i == m->n) {
        if (m->n == OV_TUF_MEMORY_MAX || strlen(name) >= sizeof(k->name))
            return OV_LIMIT_COUNT;
        memcpy(k->name, name, strlen(name) + 1);
        k->bytes = ov_buf_with_max(OV_TUF_MEMORY_FILE);
        m->n++;
    }
    ov_buf_clear(&k->bytes);
    ov_put_span(&k->bytes, bytes);
    return ov_buf_status(&k->bytes);
}

void ov_tuf_memory_remove(struct ov_tuf_memory *m, const char *name)
{
    size_t i = find(m, name);

    if (i == m->n)
        return;
    ov_buf_done(&m->files[i].bytes);
    m->files[i] = m->files[--m->n];
}

void ov_tuf_memory_done(struct ov_tuf_memory *m)
{
    for (size_t i = 0; i < m->n; i++)
        ov_buf_done(&m->files[i].bytes);
    m->n = 0;
}
