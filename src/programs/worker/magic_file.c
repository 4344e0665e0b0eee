/* SPDX-License-Identifier: Apache-2.0 */
#include "magic_file.h"

/* libmagic reads the hostile bytes here, in the jail, and opens nothing: it is
 * given its database and the bytes in memory. What it allocates is its own. */

#ifdef OV_HAS_MAGIC
#include <magic.h>

static bool open_database(struct magic_file *m)
{
    void *buffers[] = {(void *)(uintptr_t)m->database.ptr};
    size_t sizes[] = {m->database.len};

    if (m->cookie != NULL)
        return true;
    if (m->is_useless || m->database.len == 0)
        return false;
    m->is_useless = true;
    m->cookie = magic_open(MAGIC_NONE);
    if (m->cookie == NULL)
        return false;
    if (magic_load_buffers(m->cookie, buffers, sizes, 1) != 0) {
        magic_close(m->cookie);
        m->cookie = NULL;
        return false;
    }
    m->is_useless = false;
    return true;
}

bool magic_file_identify(void *data, struct ov_span bytes, bool is_mime,
                         struct ov_span *ret)
{
    struct magic_file *m = data;
    const char *text;

    if (!open_database(m) ||
        magic_setflags(m->cookie, is_mime ? MAGIC_MIME_TYPE : MAGIC_NONE) != 0)
        return false;
    text = magic_buffer(m->cookie, bytes.len > 0 ? (const void *)bytes.ptr : "",
                        bytes.len);
    if (text == NULL)
        return false;
    *ret = ov_span_str(text);
    return true;
}
#else
bool magic_file_identify(void *data, struct ov_span bytes, bool is_mime,
                         struct ov_span *ret)
{
    (void)data;
    (void)bytes;
    (void)is_mime;
    (void)ret;
    return false;
}
#endif
