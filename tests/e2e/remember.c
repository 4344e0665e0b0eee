/* SPDX-License-Identifier: Apache-2.0 */

/* remember FOLDER N: writes two small files and installs a release, all of them
 * saying N, as an update does. 1 if that could not be done.
 * remember FOLDER: prints what is there, a line each: a file's number, the
 * current release, and the number in its file. */

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/state_store.h"

/* As long as it takes to see a part of it. */
#define REPEAT 3000

static void put_text(struct ov_buf *b, const char *n)
{
    for (unsigned i = 0; i < REPEAT; i++)
        ov_put_format(b, "%s\n", n);
}

static enum ov_status install(struct ov_state *s, uint64_t seq,
                              struct ov_span text)
{
    OV_AUTO_FD fd = -1;

    OV_TRY(ov_memory_file("release", &fd));
    if (write(fd, text.ptr, text.len) != (ssize_t)text.len)
        return OV_IO;
    OV_TRY(ov_state_stage(s));
    OV_TRY(ov_state_stage_file(s, "image.0", fd, text.len));
    OV_TRY(ov_state_keep(s, seq));
    return ov_state_switch(s, seq);
}

static enum ov_status write_all(const char *folder, const char *n)
{
    OV_AUTO(state) s = NULL;
    OV_AUTO_DONE(buf) text = ov_buf_with_max(1 << 20);
    uint64_t seq;

    if (!ov_parse_uint(ov_span_str(n), UINT64_MAX, &seq))
        return OV_USAGE;
    put_text(&text, n);
    OV_TRY(ov_buf_status(&text));
    OV_TRY(ov_state_open(folder, OV_STATE_WRITE, &s, NULL));
    OV_TRY(ov_state_put(s, "trust/first", ov_buf_span(&text)));
    OV_TRY(install(s, seq, ov_buf_span(&text)));
    return ov_state_put(s, "second", ov_buf_span(&text));
}

/* The number that all lines say. */
static void print(const char *what, enum ov_status status, struct ov_span text)
{
    OV_AUTO_DONE(buf) whole = ov_buf_with_max(1 << 20);
    struct ov_span line;
    struct ov_span rest = text;
    char n[24] = "";

    (void)ov_span_cut(&rest, '\n', &line);
    if (status == OV_OK && line.len < sizeof(n) && line.len > 0)
        memcpy(n, line.ptr, line.len);
    put_text(&whole, n);
    if (status == OV_NOT_FOUND)
        printf("%s none\n", what);
    else if (status != OV_OK || !ov_span_equal(text, ov_buf_span(&whole)))
        printf("%s DAMAGED: %s\n", what, ov_status_name(status));
    else
        printf("%s %s\n", what, n);
}

static void print_file(const struct ov_state *s, const char *name)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
    enum ov_status status = ov_state_get(s, name, &b);

    print(name, status, ov_buf_span(&b));
}

static void print_release(const struct ov_state *s)
{
    OV_AUTO_PTR uint8_t *bytes = ov_alloc(1 << 20);
    OV_AUTO_FD fd = -1;
    uint64_t seq = 0;
    uint64_t len = 0;
    ssize_t got = 0;
    enum ov_status status = ov_state_current(s, &seq);

    if (status == OV_OK) {
        status = ov_state_open_file(s, seq, "image.0", &fd, &len);
        if (status == OV_NOT_FOUND)
            status = OV_IO; /* a current release must be there */
    }
    if (status == OV_OK && bytes != NULL)
        got = read(fd, bytes, 1 << 20);
    printf("current %llu\n", (unsigned long long)seq);
    print("release", status, ov_span_of(bytes, got > 0 ? (size_t)got : 0));
}

static enum ov_status print_all(const char *folder)
{
    OV_AUTO(state) s = NULL;
    enum ov_status status = ov_state_open(folder, 0, &s, NULL);

    if (status == OV_NOT_FOUND) {
        printf("nothing\n");
        return OV_OK;
    }
    OV_TRY(status);
    print_file(s, "trust/first");
    print_file(s, "second");
    print_release(s);
    return OV_OK;
}

int main(int argc, char **argv)
{
    enum ov_status status = argc == 3   ? write_all(argv[1], argv[2])
                            : argc == 2 ? print_all(argv[1])
                                        : OV_USAGE;

    return status == OV_OK ? 0 : 1;
}
