/* SPDX-License-Identifier: Apache-2.0 */
#include "magic_file.h"

/* libmagic reads the hostile bytes here, in the jail, and opens nothing: it is
 * given its database and the bytes in memory. What it allocates is its own. */

#ifdef OV_HAS_MAGIC
#include <magic.h>
#include <pthread.h>

#define WORDS_MAX 4096

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

static bool identify(struct magic_file *m, struct ov_span bytes, bool is_mime,
                     struct ov_span *ret)
{
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

/* Helping threads ask, too; the library's words are gone with the next call. */
bool magic_file_identify(void *data, struct ov_span bytes, bool is_mime,
                         struct ov_span *ret)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static _Thread_local uint8_t words[WORDS_MAX];
    struct ov_span text;
    bool is_known;

    pthread_mutex_lock(&lock);
    is_known = identify(data, bytes, is_mime, &text);
    if (is_known) {
        text = ov_span_clip(text, 0, sizeof(words));
        memcpy(words, text.ptr, text.len);
        *ret = ov_span_of(words, text.len);
    }
    pthread_mutex_unlock(&lock);
    return is_known;
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
