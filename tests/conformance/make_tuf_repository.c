/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "tuf/tuf_build.h"
#include "tuf/tuf_name.h"

/* usage: make_tuf_repository DIR
 *
 * Writes a small TUF repository with the functions that the publisher's tool
 * has, for other people's clients to read: root.json in two versions with new
 * root keys in the second, a delegated role with a threshold of two, and one
 * target, db/stable/head. DIR/metadata and DIR/targets must be there. */

#define MAX_BYTES (1u << 20)
#define TARGET "db/stable/head"

static struct ov_tuf_build_head head(int64_t version)
{
    return (struct ov_tuf_build_head){version, (int64_t)time(NULL) + 86400};
}

static void seed_of(unsigned key, uint8_t ret[static 32])
{
    memset(ret, 0, 32);
    ret[0] = (uint8_t)key;
}

static enum ov_status write_file(const char *dir, const char *name,
                                 struct ov_span bytes)
{
    char path[1024];
    FILE *f;
    bool is_good;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "we");
    if (f == NULL)
        return OV_IO;
    is_good = fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len;
    return fclose(f) == 0 && is_good ? OV_OK : OV_IO;
}

/* Signs part with keys first to last and writes it to DIR/metadata. */
static enum ov_status put_file(const char *dir, const char *name,
                               const struct ov_buf *part, unsigned first,
                               unsigned last, struct ov_buf *ret)
{
    char path[200];

    OV_TRY(ov_buf_status(part));
    ov_buf_clear(ret);
    ov_put_tuf_file(ret, ov_buf_span(part));
    for (unsigned key = first; key <= last; key++) {
        OV_AUTO_DONE(buf) more = ov_buf_with_max(MAX_BYTES);
        uint8_t seed[32];

        seed_of(key, seed);
        OV_TRY(ov_tuf_add_signature(&more, ov_buf_span(ret), seed));
        ov_buf_clear(ret);
        ov_put_span(ret, ov_buf_span(&more));
    }
    (void)snprintf(path, sizeof(path), "metadata/%s", name);
    return write_file(dir, path, ov_buf_span(ret));
}

/* Keys 1 to 3 are the first root's, 2 to 4 the second's; 5 timestamp, 6
 * snapshot, 7 targets, 8 to 10 rules. */
static enum ov_status put_root(const char *dir, int64_t version,
                               const struct ov_tuf_build_key *keys)
{
    OV_AUTO_DONE(buf) part = ov_buf_with_max(MAX_BYTES);
    OV_AUTO_DONE(buf) file = ov_buf_with_max(MAX_BYTES);
    struct ov_tuf_build_role roles[OV_TUF_N_TYPE] = {
        [OV_TUF_ROOT] = {.keys = keys + version, .n_keys = 3, .threshold = 2},
        [OV_TUF_TIMESTAMP] = {.keys = keys + 5, .n_keys = 1, .threshold = 1},
        [OV_TUF_SNAPSHOT] = {.keys = keys + 6, .n_keys = 1, .threshold = 1},
        [OV_TUF_TARGETS] = {.keys = keys + 7, .n_keys = 1, .threshold = 1},
    };
    char name[40];

    OV_TRY(ov_put_tuf_root(&part, head(version), roles));
    (void)snprintf(name, sizeof(name), "%d.root.json", (int)version);
    return put_file(dir, name, &part, 2, 3, &file);
}

static enum ov_status put_target(const char *dir, struct ov_tuf_build_file *ret)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(1000);
    uint8_t digest[OV_DIGEST_MAX];

    ret->name = TARGET;
    ret->bytes = OV_SPAN_LIT("what rules there are\n");
    OV_TRY(ov_digest(OV_SHA256, ret->bytes, digest));
    ov_put_str(&path, "targets/");
    ov_put_tuf_target_name(&path, ov_span_str(TARGET), digest);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    return write_file(dir, (const char *)path.ptr, ret->bytes);
}

static enum ov_status put_repository(const char *dir,
                                     const struct ov_tuf_build_key *keys)
{
    OV_AUTO_DONE(buf) part = ov_buf_with_max(MAX_BYTES);
    OV_AUTO_DONE(buf) rules_file = ov_buf_with_max(MAX_BYTES);
    OV_AUTO_DONE(buf) targets_file = ov_buf_with_max(MAX_BYTES);
    OV_AUTO_DONE(buf) file = ov_buf_with_max(MAX_BYTES);
    struct ov_tuf_build_file target = {0};
    const char *const paths[] = {"db/*/*"};
    struct ov_tuf_build_role rules = {.name = "rules",
                                      .keys = keys + 8,
                                      .n_keys = 3,
                                      .threshold = 2,
                                      .paths = paths,
                                      .n_paths = 1,
                                      .is_terminating = true};
    struct ov_tuf_build_file listed[2];

    OV_TRY(put_target(dir, &target));
    OV_TRY(ov_put_tuf_targets(&part, head(7), &target, 1, NULL, 0));
    OV_TRY(put_file(dir, "7.rules.json", &part, 8, 9, &rules_file));
    ov_buf_clear(&part);
    OV_TRY(ov_put_tuf_targets(&part, head(3), NULL, 0, &rules, 1));
    OV_TRY(put_file(dir, "3.targets.json", &part, 7, 7, &targets_file));
    listed[0] = (struct ov_tuf_build_file){
        .name = "rules.json", .version = 7, .bytes = ov_buf_span(&rules_file)};
    listed[1] = (struct ov_tuf_build_file){.name = "targets.json",
                                           .version = 3,
                                           .bytes = ov_buf_span(&targets_file)};
    ov_buf_clear(&part);
    OV_TRY(ov_put_tuf_snapshot(&part, head(9), listed, 2));
    OV_TRY(put_file(dir, "9.snapshot.json", &part, 6, 6, &file));
    listed[0] = (struct ov_tuf_build_file){
        .name = "snapshot.json", .version = 9, .bytes = ov_buf_span(&file)};
    ov_buf_clear(&part);
    OV_TRY(ov_put_tuf_timestamp(&part, head((int64_t)time(NULL)), listed));
    ov_buf_clear(&file);
    return put_file(dir, "timestamp.json", &part, 5, 5, &file);
}

static enum ov_status run(const char *dir)
{
    struct ov_tuf_build_key keys[11] = {{{0}}};

    for (unsigned i = 1; i < 11; i++) {
        uint8_t seed[32];

        seed_of(i, seed);
        OV_TRY(ov_ed25519_public(seed, keys[i].bytes));
    }
    OV_TRY(put_root(dir, 1, keys));
    OV_TRY(put_root(dir, 2, keys));
    return put_repository(dir, keys);
}

int main(int argc, char **argv)
{
    enum ov_status status = argc == 2 ? run(argv[1]) : OV_USAGE;

    if (status == OV_OK)
        return 0;
    (void)fprintf(stderr, "make_tuf_repository: %s\n", ov_status_name(status));
    return 1;
}
