/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "intel.h"
#include "sys/file.h"
#include "verdict_journal.h"

/*
 * From verdicts to objects. Of a file that is bad there is an indicator, its
 * hash as a file object and, with a family, a relationship; when the verdict
 * changes the indicator gets a new version, and when nothing bad is said any
 * more it is revoked. A revoked object may not come back (STIX 2.1 section
 * 3.6): a file that is bad again gets the indicator of its next turn.
 *
 * Objects are in the order of hashes; identity and marking come first, a family
 * before the first that refers to it. A part is a bundle of at most
 * PART_OBJECTS and about PART_BYTES.
 */

#define PART_OBJECTS 5000
#define PART_BYTES ((size_t)4 << 20)
#define OBJECT_MAX ((size_t)64 << 10)
#define MAX_TURNS 200
#define MILLISECOND 1000

static bool out_of_memory(void)
{
    (void)cloud_say("out of memory");
    return false;
}

/* ---- parts ---- */

static bool begin_part(struct intel *i)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(64);
    struct ov_uuid id;

    i->part++;
    i->in_part = 0;
    ov_put_format(&name, "bundle %u %u", i->now.number, i->part);
    if (ov_buf_status(&name) != OV_OK ||
        ov_uuid_v5(&i->producer.space, ov_buf_span(&name), &id) != OV_OK)
        return out_of_memory();
    ov_buf_clear(&i->bundle);
    ov_put_stix_bundle(&i->bundle, &id);
    return true;
}

static bool end_part(struct intel *i)
{
    struct ov_diag diag = {0};
    char path[CLOUD_PATH_MAX];

    if (i->in_part == 0)
        return true;
    ov_put_str(&i->bundle, "\n]}\n");
    if (ov_buf_status(&i->bundle) != OV_OK)
        return out_of_memory();
    if (!cloud_path(i->c, path, "tree/intel/stix/%u-%u.json", i->now.number,
                    i->part))
        return false;
    ov_folders_make(path);
    i->in_part = 0;
    if (ov_file_write(path, ov_buf_span(&i->bundle), 0644, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

static bool make_room(struct intel *i)
{
    struct ov_intel_record *more;
    size_t room = i->room == 0 ? 1024 : 2 * i->room;

    if (i->n_records < i->room)
        return true;
    more = ov_realloc_array(i->records, room, sizeof(*more));
    if (more == NULL)
        return out_of_memory();
    i->records = more;
    i->room = room;
    return true;
}

/* An object begins: its bytes are to be appended to i->bundle. */
static bool begin_object(struct intel *i)
{
    if ((i->in_part == PART_OBJECTS || i->bundle.len > PART_BYTES) &&
        !end_part(i))
        return false;
    if (i->in_part == 0 && !begin_part(i))
        return false;
    if (i->in_part > 0)
        ov_put_str(&i->bundle, ",\n");
    return make_room(i);
}

/* It has ended, and began at `from`; r says what it is. */
static bool end_object(struct intel *i, size_t from,
                       const struct ov_intel_record *r)
{
    struct ov_intel_record *to = &i->records[i->n_records];

    if (ov_buf_status(&i->bundle) != OV_OK || i->bundle.len - from > OBJECT_MAX)
        return out_of_memory();
    *to = *r;
    to->added = i->now.time + i->n_records;
    if (to->version == 0)
        to->version = to->added;
    to->edition = i->now.number;
    to->part = i->part;
    to->offset = (uint32_t)from;
    to->len = (uint32_t)(i->bundle.len - from);
    i->n_records++;
    i->in_part++;
    return true;
}

/* ---- what is there ---- */

/* The last version of an object; false if there is none. */
static bool find_last(const struct intel *i, const struct ov_uuid *id,
                      struct ov_intel_record *ret)
{
    uint64_t at = ov_intel_id_find(i->ids.bytes, id);
    struct ov_uuid other;
    uint64_t position;
    bool is_found = false;

    for (; ov_intel_id_at(i->ids.bytes, at, &other, &position) &&
           memcmp(&other, id, sizeof(other)) == 0;
         at++)
        is_found = ov_intel_record_at(i->index.bytes, position, ret);
    return is_found;
}

/* The newest indicator of a file, of whatever turn; turn 0: there is none. */
static bool find_indicator(const struct intel *i, const uint8_t *hash,
                           struct ov_intel_record *ret)
{
    *ret = (struct ov_intel_record){0};
    for (unsigned turn = 1; turn <= MAX_TURNS; turn++) {
        struct ov_intel_record r;
        struct ov_uuid id;

        if (ov_stix_indicator_id(&i->producer, hash, turn, &id) != OV_OK)
            return out_of_memory();
        if (!find_last(i, &id, &r))
            return true;
        *ret = r;
    }
    return true;
}

/* ---- objects ---- */

static bool add_common(struct intel *i)
{
    struct ov_intel_record r = {.id = ov_stix_tlp_clear,
                                .type = OV_STIX_MARKING,
                                .version = UINT64_C(1664582400000000)};
    size_t from;

    if (i->now.number > 1)
        return true;
    if (!begin_object(i))
        return false;
    from = i->bundle.len;
    ov_put_stix_marking(&i->bundle);
    if (!end_object(i, from, &r) || !begin_object(i))
        return false;
    r = (struct ov_intel_record){.id = i->producer.identity,
                                 .type = OV_STIX_IDENTITY,
                                 .version = i->producer.created};
    from = i->bundle.len;
    ov_put_stix_identity(&i->bundle, &i->producer);
    return end_object(i, from, &r);
}

/* The malware object of a family, before something refers to it. */
static bool add_family(struct intel *i, uint32_t family, uint64_t time,
                       struct ov_uuid *ret_id)
{
    struct ov_span name = family_names_of(&i->families, family);
    struct ov_intel_record r = {
        .type = OV_STIX_MALWARE, .version = time, .family = family};
    struct ov_intel_record old;
    size_t from;

    if (ov_stix_malware_id(&i->producer, name, &r.id) != OV_OK)
        return out_of_memory();
    *ret_id = r.id;
    if (family > i->families.n)
        return cloud_say("family %u: it has no name", family) == CLOUD_OK;
    if ((i->told[family / 8] >> family % 8 & 1) != 0)
        return true;
    i->told[family / 8] |= (uint8_t)(1U << family % 8);
    if (find_last(i, &r.id, &old))
        return true;
    if (!begin_object(i))
        return false;
    from = i->bundle.len;
    ov_put_stix_malware(&i->bundle, &i->producer, &r.id, name, time);
    return end_object(i, from, &r);
}

static bool add_file(struct intel *i, const uint8_t *hash)
{
    struct ov_intel_record r = {.type = OV_STIX_FILE};
    struct ov_intel_record old;
    size_t from;

    memcpy(r.hash, hash, sizeof(r.hash));
    if (ov_stix_file_id(hash, &r.id) != OV_OK)
        return out_of_memory();
    if (find_last(i, &r.id, &old))
        return true;
    if (!begin_object(i))
        return false;
    from = i->bundle.len;
    ov_put_stix_file(&i->bundle, &r.id, hash);
    return end_object(i, from, &r);
}

/* The relationship between an indicator (as it is at `now`) and its family. */
static bool add_indicates(struct intel *i, const struct ov_intel_record *now,
                          bool is_revoked, uint64_t modified)
{
    const struct ov_stix_verdict v = {
        .created = now->since, .modified = modified, .is_revoked = is_revoked};
    struct ov_intel_record r = {.type = OV_STIX_RELATIONSHIP,
                                .version = modified,
                                .flags = is_revoked ? OV_INTEL_REVOKED : 0};
    struct ov_uuid ids[3];
    size_t from;

    memcpy(r.hash, now->hash, sizeof(r.hash));
    ids[1] = now->id;
    if (!add_family(i, now->family, now->since, &ids[2]))
        return false;
    if (ov_stix_indicates_id(&i->producer, &ids[1], &ids[2], now->since,
                             &ids[0]) != OV_OK)
        return out_of_memory();
    r.id = ids[0];
    if (!begin_object(i))
        return false;
    from = i->bundle.len;
    ov_put_stix_indicates(&i->bundle, &i->producer, ids, &v);
    return end_object(i, from, &r);
}

static bool add_indicator(struct intel *i, const struct ov_intel_record *r)
{
    const struct ov_stix_verdict v = {
        .hash = r->hash,
        .reputation = (enum ov_reputation)r->reputation,
        .family = family_names_of(&i->families, r->family),
        .created = r->created,
        .modified = r->version,
        .is_revoked = (r->flags & OV_INTEL_REVOKED) != 0};
    size_t from;

    if (!begin_object(i))
        return false;
    from = i->bundle.len;
    ov_put_stix_indicator(&i->bundle, &i->producer, &r->id, &v);
    return end_object(i, from, r);
}

/* ---- changes ---- */

static uint64_t later(uint64_t time, const struct ov_intel_record *old)
{
    uint64_t least = old->version + MILLISECOND;

    return old->turn > 0 && time < least ? least : time;
}

/* A file that is bad for the first time, or again. */
static bool add_new(struct intel *i, const struct intel_change *c,
                    const struct ov_intel_record *old)
{
    struct ov_intel_record r = {.type = OV_STIX_INDICATOR,
                                .version = later(c->time, old),
                                .reputation = (uint8_t)c->reputation,
                                .family = c->family,
                                .turn = (uint8_t)(old->turn + 1)};

    if (old->turn == MAX_TURNS)
        return true; /* it cannot make up its mind */
    r.created = r.version;
    r.since = r.version;
    memcpy(r.hash, c->hash, sizeof(r.hash));
    if (ov_stix_indicator_id(&i->producer, r.hash, r.turn, &r.id) != OV_OK)
        return out_of_memory();
    return add_file(i, r.hash) && add_indicator(i, &r) &&
           (r.family == 0 || add_indicates(i, &r, false, r.version));
}

static bool add_version(struct intel *i, const struct intel_change *c,
                        const struct ov_intel_record *old)
{
    struct ov_intel_record r = *old;

    if (old->reputation == c->reputation && old->family == c->family)
        return true;
    r.version = later(c->time, old);
    r.reputation = (uint8_t)c->reputation;
    r.flags = 0;
    if (old->family == c->family)
        return add_indicator(i, &r);
    if (old->family != 0 && !add_indicates(i, old, true, r.version))
        return false;
    r.family = c->family;
    r.since = r.version;
    return add_indicator(i, &r) &&
           (r.family == 0 || add_indicates(i, &r, false, r.version));
}

static bool add_end(struct intel *i, const struct intel_change *c,
                    const struct ov_intel_record *old)
{
    struct ov_intel_record r = *old;

    r.version = later(c->time, old);
    r.flags = OV_INTEL_REVOKED;
    return (old->family == 0 || add_indicates(i, old, true, r.version)) &&
           add_indicator(i, &r);
}

static bool add_change(struct intel *i, const struct intel_change *c)
{
    bool is_bad = c->reputation != JOURNAL_WITHDRAWN &&
                  ov_stix_is_said((enum ov_reputation)c->reputation);
    struct ov_intel_record old;
    bool is_open;

    if (!find_indicator(i, c->hash, &old))
        return false;
    is_open = old.turn > 0 && (old.flags & OV_INTEL_REVOKED) == 0;
    if (is_bad)
        return is_open ? add_version(i, c, &old) : add_new(i, c, &old);
    return !is_open || add_end(i, c, &old);
}

bool intel_add_changes(struct intel *i, const struct intel_change *all,
                       size_t n)
{
    if (!add_common(i))
        return false;
    for (size_t k = 0; k < n; k++) {
        if (!add_change(i, &all[k]))
            return false;
    }
    return end_part(i);
}
