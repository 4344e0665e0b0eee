/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "code_release.h"
#include "commands.h"
#include "provenance.h"
#include "staged.h"

/* Programs: what tools/release made goes into the log, signed by two people who
 * release and by builders who each built it themselves. A builder's signature
 * says "the same bytes came out here", so that he brings a folder of his own,
 * and nothing is signed that differs from it. */

#define PRODUCT "overt"

/* The files of a release, in the order of the entry's lines. The first is the
 * source, which has a line of its own. */
static const char *const endings[] = {"source.tar", "tar", "manifest",
                                      "cdx.json", "buildinfo"};
#define N_FILES (sizeof(endings) / sizeof(endings[0]))

struct programs {
    const char *folder;
    const char *version;
    const char *blobs[N_FILES]; /* "sha256:HEX SIZE" */
};

static const char *name_of(struct instance *in, const struct programs *p,
                           size_t i)
{
    return text(in, PRODUCT "-%s.%s", p->version, endings[i]);
}

/* The folder has the files of one version. */
static bool find_version(struct instance *in, struct programs *p)
{
    static const char ending[] = ".manifest";
    size_t head = strlen(PRODUCT "-");
    struct disk_names names;
    bool ok = disk_list(p->folder, ending, &names);

    if (ok &&
        (names.n != 1 || strncmp(names.names[0], PRODUCT "-", head) != 0 ||
         strlen(names.names[0]) <= head + strlen(ending)))
        ok = tell_error("%s: not what one run of tools/release makes: it has "
                        "%zu files " PRODUCT "-VERSION.manifest",
                        p->folder, names.n);
    if (ok)
        p->version = text(in, "%.*s",
                          (int)(strlen(names.names[0]) - head - strlen(ending)),
                          names.names[0] + head);
    disk_names_done(&names);
    return ok;
}

static bool read_programs(struct instance *in, struct programs *p)
{
    p->folder = option_get(&in->args, OPT_programs);
    if (p->folder == NULL)
        return tell_error("say --programs FOLDER: your own build of the same "
                          "source, by tools/release FOLDER");
    if (!find_version(in, p))
        return false;
    for (size_t i = 0; i < N_FILES; i++) {
        struct ov_span bytes;

        if (!read_in(in, text(in, "%s/%s", p->folder, name_of(in, p, i)),
                     &bytes) ||
            !blob_put(in, bytes, &p->blobs[i]))
            return false;
    }
    return true;
}

/* The lines of an entry that a build decides. */
static void put_build(struct instance *in, const struct programs *p,
                      struct ov_buf *b)
{
    ov_put_entry_line(b, "product", PRODUCT);
    ov_put_entry_line(b, "version", "%s", p->version);
    ov_put_entry_line(b, "source", "%s", p->blobs[0]);
    for (size_t i = 1; i < N_FILES; i++)
        ov_put_entry_line(b, "file", "%s %s", name_of(in, p, i), p->blobs[i]);
}

static bool make_provenance(struct instance *in, const struct programs *p,
                            const char **ret_name)
{
    struct provenance_file files[N_FILES];

    for (size_t i = 0; i < N_FILES; i++)
        files[i] = (struct provenance_file){name_of(in, p, i), p->blobs[i]};
    return provenance_of_code(in, files, N_FILES, ret_name);
}

static bool make_entry(struct instance *in, const struct programs *p,
                       struct ov_buf *b)
{
    const char *provenance;

    if (!make_provenance(in, p, &provenance))
        return false;
    ov_put_entry_head(b, in->name, OV_ENTRY_CODE_RELEASE);
    put_build(in, p, b);
    ov_put_entry_line(b, "provenance", "%.71s", provenance);
    ov_put_entry_line(b, "sbom", "%.71s", p->blobs[3]);
    ov_put_entry_line(b, "author", "%s", option_get(&in->args, OPT_as));
    ov_put_str(b, "time ");
    ov_put_time(b, in->now);
    ov_put_u8(b, '\n');
    return true;
}

bool cmd_code(struct instance *in)
{
    OV_AUTO_DONE(buf) entry = ov_buf_with_max(OV_ENTRY_MAX);
    struct programs p = {0};

    if (option_get(&in->args, OPT_as) == NULL)
        return tell_error("say --as PERSON");
    return read_programs(in, &p) && make_entry(in, &p, &entry) &&
           staged_new(in, text(in, "code-%s", p.version), &entry,
                      option_get(&in->args, OPT_as));
}

/* -- review -- */

/* What the entry says of a file: value of a "file" line by its name. */
static bool said_of(const struct ov_entry *e, const char *name,
                    struct ov_span *ret)
{
    struct ov_span word;

    for (size_t i = 0; ov_entry_value(e, "file", i, ret); i++) {
        if (ov_span_cut(ret, ' ', &word) &&
            ov_span_equal(word, ov_span_str(name)))
            return true;
    }
    return false;
}

bool code_release_review(struct instance *in, const struct ov_entry *e)
{
    struct programs p = {0};
    bool same = true;

    if (!read_programs(in, &p))
        return false;
    for (size_t i = 0; i < N_FILES; i++) {
        const char *name = name_of(in, &p, i);
        struct ov_span said;
        bool is_there = i == 0 ? ov_entry_value(e, "source", 0, &said)
                               : said_of(e, name, &said);

        if (is_there && ov_span_equal(said, ov_span_str(p.blobs[i]))) {
            tell("  the same here: %s", name);
            continue;
        }
        same = tell_error("%s/%s is not what the entry says: do not sign; "
                          "compare the two builds",
                          p.folder, name);
    }
    return same;
}

/* -- publish -- */

static bool publish_blobs(struct instance *in, const struct ov_entry *e)
{
    struct ov_span value;
    struct ov_span name;

    for (size_t i = 0; ov_entry_value(e, "file", i, &value); i++) {
        if (!ov_span_cut(&value, ' ', &name) || !blob_publish(in, value))
            return false;
    }
    return (!ov_entry_value(e, "source", 0, &value) ||
            blob_publish(in, value)) &&
           (!ov_entry_value(e, "provenance", 0, &value) ||
            blob_publish(in, value));
}

bool code_release_target(struct instance *in, const struct history *h,
                         struct target_change *ret)
{
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    uint64_t index;

    *ret = (struct target_change){.path = "code/" PRODUCT};
    if (o == NULL)
        return tell_error("out of memory");
    if (!history_newest(in, h, OV_ENTRY_CODE_RELEASE, NULL, o, &index))
        return true;
    ret->bytes = h->entries[index];
    return publish_blobs(in, &o->entry);
}
