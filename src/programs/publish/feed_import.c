/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_import.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "feed_intel.h"
#include "rules/clamav.h"
#include "sys/jailed.h"
#include "trust/feed.h"
#include "trust/pack.h"

/* Files are read here; a child that has nothing but them and one socket enters
 * the judge's jail, unpacks, cuts the databases into runs (feed.h), and sends
 * canonical records. This side takes only records that are canonical. A folder
 * is taken sorted by name, so that the same files give the same records; what
 * is vouched for as upstream is the digest of a container, or of the list of a
 * folder's names and digests. */

#define MAX_FEED ((size_t)2 << 30)
#define MAX_FILES 4096
#define MICROSECONDS 1000000

struct input {
    struct ov_span name; /* "daily.cvd" */
    struct ov_span bytes;
};

struct inputs {
    struct input *items;
    size_t n;
    struct ov_span feed;
    struct ov_intel_options intel;
};

void feed_import_done(struct feed_import *f)
{
    ov_record_set_free(f->set);
    ov_buf_done(&f->manifest);
    *f = (struct feed_import){0};
}

/* -- in the jail -- */

static struct ov_span kind_of(struct ov_span name)
{
    struct ov_span rest = name;
    struct ov_span kind = name;

    while (ov_span_cut(&rest, '.', &kind))
        ;
    return kind;
}

static enum ov_status add_database(struct ov_record_set *set,
                                   struct ov_arena *arena, struct ov_span feed,
                                   struct ov_span name, struct ov_span bytes)
{
    const struct ov_record database = {
        .id = name, .rev = 1, .kind = kind_of(name), .source = bytes};

    return ov_feed_add(set, arena, feed, &database);
}

static enum ov_status add_input(struct ov_record_set *set,
                                struct ov_arena *arena, struct ov_span feed,
                                const struct input *in, struct ov_diag *diag)
{
    const struct ov_clamav_trust trust = {0};
    struct ov_clamav_container c;
    enum ov_clamav_format format;

    if (!ov_clamav_format_of(in->name, &format) ||
        !ov_clamav_is_container(format))
        return add_database(set, arena, feed, in->name, in->bytes);
    OV_TRY(ov_clamav_unpack(in->bytes, format, &trust, arena, &c, diag));
    for (size_t i = 0; i < c.n_members; i++) {
        struct ov_span name = c.members[i].name;

        /* What comes with a container is about it, no rule. */
        if (!ov_clamav_format_of(name, &format))
            continue;
        OV_TRY(add_database(set, arena, feed, name, c.members[i].text));
    }
    return OV_OK;
}

/* All documents at once, as the newest version of what is in them counts. */
static enum ov_status add_documents(struct ov_record_set *set,
                                    struct ov_arena *arena, struct ov_span feed,
                                    const struct inputs *inputs)
{
    struct ov_span *all = ov_arena_array(arena, inputs->n + 1, sizeof(*all));
    size_t n = 0;

    if (all == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < inputs->n; i++) {
        if (feed_intel_is(inputs->items[i].name))
            all[n++] = inputs->items[i].bytes;
    }
    return n > 0 ? feed_intel_add(set, arena, feed, &inputs->intel, all, n)
                 : OV_OK;
}

static bool refuse_input(struct ov_span name, enum ov_status status,
                         const struct ov_diag *diag)
{
    return tell_error("%.*s: %s", (int)name.len, (const char *)name.ptr,
                      diag->text[0] != '\0' ? diag->text
                                            : ov_status_name(status));
}

/* 0, or 1 after a line on stderr. */
static int unpack(void *data, struct ov_buf *out)
{
    OV_AUTO(arena) arena = ov_arena_new(MAX_FEED * 2);
    OV_AUTO(record_set) set = ov_record_set_new();
    const struct inputs *inputs = data;
    struct ov_span feed = inputs->feed;
    struct ov_diag diag = {0};
    enum ov_status status;
    size_t n;

    if (arena == NULL || set == NULL)
        return 1;
    for (size_t i = 0; i < inputs->n; i++) {
        const struct input *in = &inputs->items[i];

        status = feed_intel_is(in->name)
                     ? OV_OK
                     : add_input(set, arena, feed, in, &diag);
        if (status != OV_OK)
            return !refuse_input(in->name, status, &diag);
    }
    status = add_documents(set, arena, feed, inputs);
    if (status != OV_OK)
        return !refuse_input(OV_SPAN_LIT("intelligence"), status, &diag);
    if (ov_record_set_seal(set) != OV_OK)
        return 1;
    const struct ov_record_entry *all = ov_record_set_list(set, &n);
    for (size_t i = 0; i < n; i++)
        ov_put_record(out, &all[i].record);
    return 0;
}

/* -- outside -- */

static bool run_child(struct instance *in, struct inputs *inputs,
                      struct ov_span *ret)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_FEED * 2);
    struct ov_diag diag = {0};

    if (ov_jailed_run(OV_PROFILE_JUDGE, unpack, inputs, &bytes, &diag) != OV_OK)
        return tell_error("the feed cannot be taken: %s", diag.text);
    return ov_arena_copy(in->arena, ov_buf_span(&bytes), ret) ||
           tell_error("out of memory");
}

static bool read_records(struct instance *in, struct ov_span bytes,
                         struct feed_import *f)
{
    struct ov_reader r = ov_reader_over(bytes);

    while (ov_reader_more(&r)) {
        struct ov_record record;
        const char *blob;

        if (ov_record_read(&r, &record) != OV_OK ||
            ov_record_set_add(f->set, &record) != OV_OK)
            return tell_error("the feed's records are not canonical");
        if (!blob_put_soon(in, record.source, &blob))
            return false;
        ov_put_span(&f->manifest, record.id);
        ov_put_u8(&f->manifest, ' ');
        ov_put_span(&f->manifest, record.kind);
        ov_put_format(&f->manifest, " %s\n", blob);
    }
    return (ov_reader_end(&r) == OV_OK && ov_record_set_seal(f->set) == OV_OK &&
            ov_buf_status(&f->manifest) == OV_OK) ||
           tell_error("the feed's records are not canonical");
}

/* -- files -- */

static bool add_file(struct instance *in, struct inputs *inputs,
                     const char *path, const char *name)
{
    struct input *i = &inputs->items[inputs->n];

    if (inputs->n == MAX_FILES)
        return tell_error("%s: more than %d files", path, MAX_FILES);
    i->name = ov_span_str(text(in, "%s", name));
    if (!read_in(in, path, &i->bytes))
        return false;
    inputs->n++;
    return true;
}

static bool put_upstream_line(struct ov_buf *b, const struct input *i)
{
    struct ov_blob blob;

    if (ov_blob_of(i->bytes, &blob) != OV_OK)
        return tell_error("out of memory");
    ov_put_span(b, i->name);
    ov_put_u8(b, ' ');
    ov_put_blob(b, &blob);
    ov_put_u8(b, '\n');
    return true;
}

static bool read_folder(struct instance *in, const char *folder,
                        struct inputs *inputs, struct ov_buf *list)
{
    struct disk_names names;
    bool ok = disk_list(folder, "", &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        ok = add_file(in, inputs, text(in, "%s/%s", folder, names.names[i]),
                      names.names[i]) &&
             put_upstream_line(list, &inputs->items[inputs->n - 1]);
    }
    disk_names_done(&names);
    return ok;
}

/* What upstream is: the file itself, or the list of a folder's files. */
static bool read_source(struct instance *in, const char *source,
                        struct inputs *inputs, struct ov_buf *upstream)
{
    const char *slash = strrchr(source, '/');
    struct stat st;

    if (stat(source, &st) != 0)
        return tell_error("%s: %s", source, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return read_folder(in, source, inputs, upstream);
    if (!add_file(in, inputs, source, slash != NULL ? slash + 1 : source))
        return false;
    ov_put_span(upstream, inputs->items[0].bytes);
    return true;
}

/* What may be taken of what others have marked. */
static bool read_tlp(const struct instance *in, enum ov_tlp *ret)
{
    const char *level = option_get(&in->args, OPT_tlp);

    *ret = OV_TLP_CLEAR;
    return level == NULL || ov_tlp_parse(ov_span_str(level), ret) ||
           tell_error("--tlp %s: clear, green, amber, amber+strict or red",
                      level);
}

bool feed_import_run(struct instance *in, const char *id, const char *source,
                     uint64_t now, struct feed_import *ret)
{
    OV_AUTO_DONE(buf) upstream = ov_buf_with_max(MAX_FEED);
    struct feed_import f = {.set = ov_record_set_new(),
                            .manifest = ov_buf_with_max(MAX_FEED)};
    struct inputs inputs = {
        .items = ov_arena_array(in->arena, MAX_FILES, sizeof(struct input)),
        .feed = ov_span_str(id),
        .intel.now = now * MICROSECONDS};
    struct ov_span records;
    struct ov_blob blob;
    OV_AUTO_DONE(buf) name = ov_buf_with_max(256);

    *ret = (struct feed_import){0};
    if (f.set == NULL || inputs.items == NULL ||
        !read_tlp(in, &inputs.intel.most) ||
        !read_source(in, source, &inputs, &upstream) ||
        !run_child(in, &inputs, &records) || !read_records(in, records, &f) ||
        !disk_sync(in->dir) ||
        ov_blob_of(ov_buf_span(&upstream), &blob) != OV_OK) {
        feed_import_done(&f);
        return false;
    }
    ov_put_blob(&name, &blob);
    f.upstream = text_of(in, ov_buf_span(&name));
    *ret = f;
    return true;
}
