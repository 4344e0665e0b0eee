/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "intel.h"
#include "intel/misp_write.h"
#include "sys/file.h"

/*
 * The feed of MISP's: events of EVENT_FILES files each, in the order in which
 * they were first told, and each with what is true now. All of it is written
 * again with each edition; the manifest comes last. Files that have not changed
 * keep their bytes, and events their timestamps, so that readers fetch only
 * what is new.
 */

#define EVENT_FILES 5000
#define EVENT_MAX ((size_t)8 << 20)
#define LIST_MAX ((size_t)4 << 30)

struct feed {
    const struct intel *i;
    struct intel_view index; /* of this edition */
    struct intel_view ids;
    struct ov_misp_event event;
    uint64_t positions[EVENT_FILES]; /* of its files' first records */
    size_t n;
    struct ov_buf text;
    struct ov_buf manifest;
    struct ov_buf hashes;
};

static bool out_of_memory(void)
{
    (void)cloud_say("out of memory");
    return false;
}

static bool write_file(const struct intel *i, struct ov_span name,
                       const struct ov_buf *bytes)
{
    struct ov_diag diag = {0};
    char path[CLOUD_PATH_MAX];

    if (ov_buf_status(bytes) != OV_OK)
        return out_of_memory();
    if (!cloud_path(i->c, path, "tree/intel/misp/%.*s", (int)name.len,
                    (const char *)name.ptr))
        return false;
    ov_folders_make(path);
    if (ov_file_write(path, ov_buf_span(bytes), 0644, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

/* The newest version of what is at the position. */
static bool find_newest(const struct feed *f, uint64_t position,
                        struct ov_intel_record *ret)
{
    struct ov_intel_record first;
    struct ov_uuid id;
    uint64_t at;

    if (!ov_intel_record_at(f->index.bytes, position, &first))
        return false;
    *ret = first;
    at = ov_intel_id_find(f->ids.bytes, &first.id);
    for (; ov_intel_id_at(f->ids.bytes, at, &id, &position) &&
           memcmp(&id, &first.id, sizeof(id)) == 0;
         at++) {
        if (!ov_intel_record_at(f->index.bytes, position, ret))
            return false;
    }
    return true;
}

static bool put_attribute(struct feed *f, struct ov_buf *b,
                          const struct ov_intel_record *r)
{
    const struct ov_stix_verdict v = {
        .hash = r->hash,
        .reputation = (enum ov_reputation)r->reputation,
        .family = family_names_of(&f->i->families, r->family),
        .modified = r->version,
        .is_revoked = (r->flags & OV_INTEL_REVOKED) != 0};

    return (ov_put_misp_attribute(b, &f->i->producer, &r->id, &v) == OV_OK &&
            ov_put_misp_hash(&f->hashes, r->hash, &f->event) == OV_OK) ||
           out_of_memory();
}

static bool put_attributes(struct feed *f, struct ov_buf *b)
{
    for (size_t n = 0; n < f->n; n++) {
        struct ov_intel_record r;

        if (!find_newest(f, f->positions[n], &r))
            return cloud_say("intel/%u: damaged", f->i->last.number) ==
                   CLOUD_OK;
        if (n == 0)
            f->event.date = r.created;
        if (f->event.timestamp < r.version)
            f->event.timestamp = r.version;
        if (n > 0)
            ov_put_str(b, ",\n");
        if (!put_attribute(f, b, &r))
            return false;
    }
    return true;
}

/* The event of the positions, whole, and its line of the manifest. */
static bool end_event(struct feed *f)
{
    OV_AUTO_DONE(buf) attributes = ov_buf_with_max(EVENT_MAX);
    OV_AUTO_DONE(buf) name = ov_buf_with_max(64);
    uint32_t number = f->event.number + 1;

    if (f->n == 0)
        return true;
    if (ov_misp_event_init(&f->i->producer, number, &f->event) != OV_OK)
        return out_of_memory();
    if (!put_attributes(f, &attributes) || ov_buf_status(&attributes) != OV_OK)
        return false;
    ov_buf_clear(&f->text);
    ov_put_misp_begin(&f->text, &f->i->producer, &f->event);
    ov_put_span(&f->text, ov_buf_span(&attributes));
    ov_put_misp_end(&f->text);
    ov_put_str(&f->manifest, number > 1 ? ",\n" : "\n");
    ov_put_misp_manifest(&f->manifest, &f->i->producer, &f->event);
    ov_put_uuid(&name, &f->event.id);
    ov_put_str(&name, ".json");
    f->n = 0;
    return ov_buf_status(&name) == OV_OK &&
           write_file(f->i, ov_buf_span(&name), &f->text);
}

static bool write_feed(struct feed *f)
{
    struct ov_intel_record r;

    ov_put_u8(&f->manifest, '{');
    for (uint64_t at = 0; ov_intel_record_at(f->index.bytes, at, &r); at++) {
        if (r.type != OV_STIX_INDICATOR || (r.flags & OV_INTEL_FIRST) == 0)
            continue;
        f->positions[f->n++] = at;
        if (f->n == EVENT_FILES && !end_event(f))
            return false;
    }
    if (!end_event(f))
        return false;
    ov_put_str(&f->manifest, "\n}\n");
    return write_file(f->i, OV_SPAN_LIT("hashes.csv"), &f->hashes) &&
           write_file(f->i, OV_SPAN_LIT("manifest.json"), &f->manifest);
}

bool intel_write_misp(struct intel *i)
{
    struct feed *f = ov_alloc(sizeof(*f));
    char path[CLOUD_PATH_MAX];
    bool ok;

    if (f == NULL)
        return out_of_memory();
    f->i = i;
    f->text = ov_buf_with_max(2 * EVENT_MAX);
    f->manifest = ov_buf_with_max(LIST_MAX);
    f->hashes = ov_buf_with_max(LIST_MAX);
    ok = cloud_path(i->c, path, "intel/%u/%s", i->last.number,
                    intel_collection_name(INTEL_INDICATORS)) &&
         intel_view_open(path, &f->index) &&
         cloud_path(i->c, path, "intel/%u/%s.ids", i->last.number,
                    intel_collection_name(INTEL_INDICATORS)) &&
         intel_view_open(path, &f->ids) && write_feed(f);
    intel_view_done(&f->index);
    intel_view_done(&f->ids);
    ov_buf_done(&f->text);
    ov_buf_done(&f->manifest);
    ov_buf_done(&f->hashes);
    ov_free(f);
    return ok;
}
