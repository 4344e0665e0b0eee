/* SPDX-License-Identifier: Apache-2.0
 *
 * usage: unpack_probe FILE...
 *
 * Prints every object in each file, to a depth of 17: its path, type, length
 * and MD5, or what kept it from being read. */
#include <openssl/evp.h>
#include <stdio.h>

#include "base/text.h"
#include "formats/unpack.h"
#include "read_file.h"

#define DEPTH_MAX 17
#define OBJECT_MAX ((size_t)256 << 20)

static void print_object(const char *path, enum ov_type type,
                         struct ov_span bytes)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    (void)EVP_Digest(bytes.ptr ? (const void *)bytes.ptr : "", bytes.len,
                     digest, &n, EVP_md5(), NULL);
    printf("%s\t%s\t%zu\t", path, ov_type_name(type), bytes.len);
    for (unsigned i = 0; i < n; i++)
        printf("%02x", digest[i]);
    printf("\n");
}

/* A path is printable, and each member has its number. */
static void name_member(struct ov_buf *into, const char *path,
                        const struct ov_member *m)
{
    ov_put_str(into, path);
    ov_put_format(into, "/%u:", (unsigned)m->position);
    ov_put_escaped(into, ov_span_clip(m->name, 0, 200));
    ov_put_u8(into, 0);
}

static void walk(const char *path, enum ov_type type, struct ov_span bytes,
                 struct ov_budget *budget, unsigned depth)
{
    static const struct ov_span passwords[] = {
        {(const uint8_t *)"infected", 8},
    };
    struct ov_unpack_job job = {.type = type,
                                .bytes = bytes,
                                .budget = budget,
                                .passwords = passwords,
                                .n_passwords = 1};
    OV_AUTO(unpacker) u = NULL;
    struct ov_member m;
    enum ov_status status;

    print_object(path, type, bytes);
    if (depth == DEPTH_MAX ||
        (ov_type_kind(type) != OV_KIND_CONTAINER && type != OV_TYPE_HTML))
        return;
    status = ov_unpacker_open(&job, &u);
    while (status == OV_OK) {
        OV_AUTO_DONE(buf) name = ov_buf_with_max(1 << 16);
        OV_AUTO_DONE(buf) into = ov_buf_with_max(OBJECT_MAX);

        status = ov_unpacker_next(u, &m);
        if (status != OV_OK || m.is_end)
            break;
        name_member(&name, path, &m);
        status = ov_unpacker_read(u, &into);
        if (status != OV_OK)
            printf("%s\t! %s\n", (const char *)name.ptr,
                   ov_status_name(status));
        if (m.type == OV_TYPE_DATA)
            m.type = ov_type_identify(ov_buf_span(&into));
        walk((const char *)name.ptr, m.type, ov_buf_span(&into), budget,
             depth + 1);
        status = OV_OK;
    }
    if (status != OV_OK)
        printf("%s\t! %s\n", path, ov_status_name(status));
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OBJECT_MAX);
        struct ov_budget budget = ov_budget_default();

        if (!read_file(argv[i], &bytes))
            return 2;
        walk(argv[i], ov_type_identify(ov_buf_span(&bytes)),
             ov_buf_span(&bytes), &budget, 0);
    }
    return 0;
}
