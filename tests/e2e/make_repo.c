/* SPDX-License-Identifier: Apache-2.0 */

/* make_repo FOLDER RELEASES NOW [FAULT]...: a whole repository as a publisher
 * would make it, with that many releases, signed at NOW, for the tests of those
 * who update from it. The same arguments give the same bytes, and more releases
 * a continuation of the same log. With a fault it is one that must be refused:
 * see make_repo_log.c. FOLDER/1.root.json is the first root. */
#include "make_repo.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/text.h"
#include "rules/tier_build.h"
#include "trust/delta.h"
#include "trust/entry.h"
#include "trust/head.h"
#include "trust/segment.h"

/* ---- records and releases ---- */

static const char eicar_rule[] =
    "Test.Eicar:0:*:58354f2150254041505b345c505a58353428505e293743432937"
    "7d2445494341522d5354414e44415244\n";

static void make_record(struct repo *r, uint64_t i)
{
    struct ov_record *record = &r->records[i];
    struct ov_buf id = text();
    struct ov_buf source = text();

    ov_put_format(&id, "R-%03u", (unsigned)i);
    if (i == 1)
        ov_put_str(&source, eicar_rule);
    else
        ov_put_format(&source, "Test.Rule%u:0:*:6f7665727474657374%02x%02x\n",
                      (unsigned)i, (unsigned)i / 256 + 1, (unsigned)i % 256);
    if (i == r->n_releases && has(r, "alarms")) {
        ov_buf_clear(&source);
        ov_put_str(&source, "Test.Alarm:6:0:7f454c46\n");
    }
    *record = (struct ov_record){.rev = 1, .kind = OV_SPAN_LIT("ndb")};
    record->id = keep(r, &id);
    record->source = keep(r, &source);
    record->index = add_rule_change(r, record, BEGIN + i * 3600);
}

static struct ov_record_set *set_of(struct repo *r, uint64_t release)
{
    struct ov_record_set *s = ov_record_set_new();
    uint64_t first = release == r->n_releases && has(r, "no-eicar") ? 2 : 1;

    for (uint64_t i = first; i <= release; i++)
        must(ov_record_set_add(s, &r->records[i]), "set");
    must(ov_record_set_seal(s), "set");
    return s;
}

static uint64_t base_of(uint64_t release)
{
    return (release - 1) / BASE_EVERY * BASE_EVERY + 1;
}

static void compile(const struct ov_record *records, size_t n,
                    const struct ov_span *withdrawn, size_t n_withdrawn,
                    struct ov_blob *ret)
{
    static struct ov_tier_record list[MAX_RELEASES + 1];
    struct ov_tier_job job = {list, n, withdrawn, n_withdrawn};
    struct ov_buf image = text();

    for (size_t i = 0; i < n; i++)
        list[i] = (struct ov_tier_record){records[i].id, records[i].kind,
                                          records[i].source};
    must(ov_tier_compile(&job, &image, NULL, NULL), "compile");
    must(ov_blob_of(ov_buf_span(&image), ret), "image");
    ov_buf_done(&image);
}

static void write_blob(struct repo *r, struct ov_span bytes,
                       struct ov_blob *ret)
{
    struct ov_buf path = text();
    struct ov_buf packed = text();

    must(ov_blob_of(bytes, ret), "blob");
    must(ov_pack(bytes, &packed), "pack");
    ov_put_blob_path(&path, ret);
    ov_put_u8(&path, 0);
    write_file(r, (char *)path.ptr, ov_buf_span(&packed));
    ov_buf_done(&path);
    ov_buf_done(&packed);
}

static void write_segments(struct repo *r, const struct ov_record_set *set,
                           struct ov_blob *ret_list)
{
    struct ov_segment *segments;
    struct ov_blob blobs[64];
    struct ov_buf list = text();
    size_t n;

    must(ov_segment_cut(set, &segments, &n), "segments");
    for (size_t i = 0; i < n && i < 64; i++) {
        struct ov_buf b = text();

        ov_put_segment(&b, set, &segments[i]);
        write_blob(r, ov_buf_span(&b), &blobs[i]);
        ov_buf_done(&b);
    }
    ov_put_segment_list(&list, blobs, n);
    write_blob(r, ov_buf_span(&list), ret_list);
    ov_buf_done(&list);
    ov_free(segments);
}

static void write_tile(struct repo *r, uint64_t release,
                       const struct ov_record_set *old,
                       const struct ov_record_set *set)
{
    struct ov_delta_tile t = {0, release - 1};
    struct ov_delta d;
    struct ov_buf plain = text();
    struct ov_buf packed = text();
    struct ov_buf path = text();

    must(ov_delta_between(old, set, r->arena, &d), "delta");
    if (has(r, "wrong-delta"))
        d.n_puts = 0;
    d.from = release - 1;
    d.to = release;
    ov_put_delta(&plain, &d);
    must(ov_pack(ov_buf_span(&plain), &packed), "pack");
    ov_put_delta_path(&path, &t);
    ov_put_u8(&path, 0);
    if (!has(r, "no-delta"))
        write_file(r, (char *)path.ptr, ov_buf_span(&packed));
    ov_buf_done(&plain);
    ov_buf_done(&packed);
    ov_buf_done(&path);
}

/* What the delta takes out of tier 0. */
static size_t list_withdrawn(const struct ov_record_set *base,
                             const struct ov_delta *d, struct ov_span *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < d->n_deletes; i++) {
        if (ov_record_set_find(base, d->deletes[i]) != NULL)
            ret[n++] = d->deletes[i];
    }
    return n;
}

struct made {
    struct ov_head head;
    struct ov_blob tiers[2];
    uint8_t root[32];
    size_t n_records;
};

static void make_content(struct repo *r, uint64_t release, struct made *m)
{
    struct ov_record_set *base = set_of(r, base_of(release));
    struct ov_record_set *old = set_of(r, release - 1);
    struct ov_record_set *set = set_of(r, release);
    static struct ov_span withdrawn[MAX_RELEASES];
    static struct ov_record records[MAX_RELEASES + 1];
    struct ov_delta d;
    struct ov_buf b = text();
    size_t n_base;
    const struct ov_record_entry *list = ov_record_set_list(base, &n_base);

    for (size_t i = 0; i < n_base; i++)
        records[i] = list[i].record;
    must(ov_delta_between(base, set, r->arena, &d), "delta");
    d.from = base_of(release);
    d.to = release;
    ov_put_delta(&b, &d);
    write_blob(r, ov_buf_span(&b), &m->head.delta);
    ov_buf_done(&b);
    compile(records, n_base, NULL, 0, &m->tiers[0]);
    compile(d.puts, d.n_puts, withdrawn, list_withdrawn(base, &d, withdrawn),
            &m->tiers[1]);
    write_segments(r, base, &m->head.segments);
    write_tile(r, release, old, set);
    ov_record_set_root(set, m->root);
    (void)ov_record_set_list(set, &m->n_records);
    m->head.base = base_of(release);
    m->head.base_records = n_base;
    ov_record_set_free(base);
    ov_record_set_free(old);
    ov_record_set_free(set);
}

static void put_tier(struct ov_buf *b, unsigned i, const struct ov_blob *blob)
{
    ov_put_format(b, "db %u ", i);
    ov_put_blob(b, blob);
    ov_put_u8(b, '\n');
}

static void make_note(struct repo *r, uint64_t release, struct made *m,
                      uint64_t from)
{
    bool is_last = release == r->n_releases;
    struct ov_buf b = text();
    uint8_t prev[32];

    if (is_last && has(r, "wrong-image"))
        m->tiers[1].digest[0] ^= 1;
    if (is_last && has(r, "wrong-root"))
        m->root[0] ^= 1;
    ov_put_entry_head(&b, INSTANCE, OV_ENTRY_RELEASE);
    ov_put_entry_line(&b, "channel", "stable");
    ov_put_entry_line(&b, "seq", "%u", (unsigned)release);
    if (release > 1) {
        digest_of(r->heads[release - 1], prev);
        prev[0] ^= is_last && has(r, "wrong-chain");
        ov_put_str(&b, "prev ");
        ov_put_entry_digest(&b, prev);
        ov_put_u8(&b, '\n');
    }
    ov_put_entry_line(&b, "base", "%u", (unsigned)m->head.base);
    ov_put_entry_line(&b, "changes", "%u %u", (unsigned)from, (unsigned)r->n);
    ov_put_entry_line(&b, "records", "%zu", m->n_records);
    ov_put_str(&b, "set-root ");
    ov_put_hex(&b, ov_span_of(m->root, 32));
    ov_put_u8(&b, '\n');
    put_tier(&b, 0, &m->tiers[0]);
    put_tier(&b, 1, &m->tiers[1]);
    ov_put_entry_line(&b, "compiler", "0");
    if (is_last && has(r, "slow-roll-out"))
        ov_put_entry_line(&b, "rollout", "1:100h 100:200h salt 00ff");
    ov_put_u8(&b, '\n');
    sign_note(&b, B1);
    if (!is_last || !has(r, "one-builder"))
        sign_note(&b, B2);
    r->note_index = add_entry(r, &b);
    m->head.note = r->entries[r->note_index];
    r->heads[release] = m->head.note;
}

static void put_target(struct ov_buf *json, const char *path,
                       struct ov_span bytes)
{
    uint8_t d[32];

    digest_of(bytes, d);
    ov_put_format(json, "%s\"%s\":{\"hashes\":{\"sha256\":\"",
                  json->len > 0 ? "," : "", path);
    ov_put_hex(json, ov_span_of(d, 32));
    ov_put_format(json, "\"},\"length\":%zu}", bytes.len);
}

/* "db/stable/head" -> targets/db/stable/DIGEST.head */
static void write_target(const struct repo *r, const char *folder,
                         const char *name, struct ov_span bytes)
{
    struct ov_buf path = text();
    uint8_t d[32];

    digest_of(bytes, d);
    ov_put_format(&path, "targets/%s/", folder);
    ov_put_hex(&path, ov_span_of(d, 32));
    ov_put_format(&path, ".%s", name);
    ov_put_u8(&path, 0);
    write_file(r, (char *)path.ptr, bytes);
    ov_buf_done(&path);
}

static void make_release(struct repo *r, uint64_t release)
{
    struct made m = {.n_records = 0};
    struct ov_buf b = text();
    uint64_t from = r->n;

    make_record(r, release);
    make_content(r, release, &m);
    make_note(r, release, &m, from);
    if (release != r->n_releases) {
        ov_buf_done(&b);
        return;
    }
    ov_put_head(&b, &m.head);
    write_target(r, "db/stable", "head", ov_buf_span(&b));
    put_target(&r->rules, "db/stable/head", ov_buf_span(&b));
    ov_buf_done(&b);
}

/* ---- trust files ---- */

static struct ov_span make_policy(struct repo *r, unsigned quorum)
{
    struct ov_buf b = text();
    struct ov_vkey log = vkey_of(ORIGIN, OV_NOTE_ED25519);

    ov_put_str(&b, "log ");
    ov_put_vkey(&b, &log);
    ov_put_u8(&b, '\n');
    for (unsigned i = 1; i <= N_WITNESSES; i++) {
        char name[64];
        struct ov_vkey v;

        (void)!snprintf(name, sizeof(name), "w%u.witness.example", i);
        v = vkey_of(name, OV_NOTE_COSIGN_ED25519);
        ov_put_format(&b, "witness W%u ", i);
        ov_put_vkey(&b, &v);
        ov_put_u8(&b, '\n');
    }
    ov_put_format(&b, "group W %u W1 W2 W3\nquorum W\n", quorum);
    return keep(r, &b);
}

static void put_person(struct ov_buf *b, const char *group, const char *name,
                       const char *key)
{
    struct ov_vkey v = vkey_of(key, OV_NOTE_ED25519);

    ov_put_format(b, "%s %s ", group, name);
    ov_put_vkey(b, &v);
    ov_put_str(b, " 0 -\n");
}

static struct ov_span make_people(struct repo *r)
{
    struct ov_buf b = text();

    ov_put_str(&b, INSTANCE "/people/v1\nneed people 2\nneed builders 2\n"
                            "need ci 1\nneed rebuilders 0\n");
    put_person(&b, "person", "p-1", P1);
    put_person(&b, "person", "p-2", P2);
    put_person(&b, "builder", "build-1", B1);
    put_person(&b, "builder", "build-2", B2);
    put_person(&b, "ci", "ci", CI);
    return keep(r, &b);
}

/* ---- the whole ---- */

static void publish_file(struct repo *r, const char *name, struct ov_span bytes)
{
    char target[64];

    (void)!snprintf(target, sizeof(target), "trust/%s", name);
    put_target(&r->targets, target, bytes);
    write_target(r, "trust", name, bytes);
}

static struct ov_span add_recall(struct repo *r, struct ov_buf *json)
{
    struct ov_buf b = text();
    struct ov_span list;
    uint8_t d[32];

    ov_put_entry_head(&b, INSTANCE, OV_ENTRY_RECALL);
    ov_put_entry_line(&b, "id", "X-1");
    ov_put_entry_line(&b, "release", "stable %u", (unsigned)r->n_releases);
    ov_put_entry_line(&b, "why", "%s", "finds what is good");
    ov_put_entry_line(&b, "author", "p-1");
    put_when(&b, "time", BEGIN);
    ov_put_u8(&b, '\n');
    sign_note(&b, P1);
    sign_note(&b, P2);
    (void)add_entry(r, &b);
    digest_of(r->entries[r->n - 1], d);
    b = text();
    ov_put_entry_digest(&b, d);
    ov_put_u8(&b, '\n');
    list = keep(r, &b);
    put_target(json, "recall/list", list);
    write_target(r, "recall", "list", list);
    return r->entries[r->n - 1];
}

static void make(struct repo *r)
{
    struct ov_span roots[2] = {make_root(r, 1), make_root(r, 2)};
    bool has_root_2 =
        has(r, "root-2") || has(r, "root-unlogged") || has(r, "one-root-key");
    bool has_new_policy = has(r, "policy-2") || has(r, "policy-unlogged");
    struct ov_span first_policy = make_policy(r, 2);
    struct ov_span policy = has_new_policy ? make_policy(r, 3) : first_policy;
    struct ov_span people = make_people(r);
    struct ov_span limits = OV_SPAN_LIT("max-age 86400\n");
    struct ov_span recall = {0};
    struct ov_buf recall_json = text();
    uint64_t events[5] = {0};
    uint64_t recall_index = 0;

    events[0] = add_key_event(r, "root", 1, roots[0]);
    events[1] = add_key_event(r, "people", 1, people);
    events[2] = add_key_event(r, "limits", 1, limits);
    events[3] = add_key_event(r, "policy", 1, first_policy);
    for (uint64_t i = 1; i <= r->n_releases; i++)
        make_release(r, i);
    if (has(r, "policy-2"))
        events[3] = add_key_event(r, "policy", 2, policy);
    if (has(r, "root-2") || has(r, "one-root-key"))
        events[4] = add_key_event(r, "root", 2, roots[1]);
    if (has(r, "recalled")) {
        recall_index = r->n;
        recall = add_recall(r, &recall_json);
    }
    write_proof(r, roots[0], events[0], true, r->n);
    write_proof(r, people, events[1], true, r->n);
    write_proof(r, limits, events[2], true, r->n);
    if (!has(r, "policy-unlogged"))
        write_proof(r, policy, events[3], true, r->n);
    if (has(r, "root-2") || has(r, "one-root-key"))
        write_proof(r, roots[1], events[4], true, r->n);
    if (recall.len > 0)
        write_proof(r, recall, recall_index, true, r->n);
    if (!has(r, "unlogged"))
        write_proof(r, r->heads[r->n_releases],
                    has(r, "borrowed") ? 0 : r->note_index, false, r->n);
    publish_file(r, "limits", limits);
    publish_file(r, "people", people);
    publish_file(r, "policy", policy);
    write_log(r);
    write_file(r, "1.root.json", roots[0]);
    write_metadata(r, "1.root", roots[0]);
    if (has_root_2)
        write_metadata(r, "2.root", roots[1]);
    write_tuf(r, ov_buf_span(&recall_json));
    ov_buf_done(&recall_json);
}

int main(int argc, char **argv)
{
    static struct repo r;

    r.arena = ov_arena_new((size_t)1 << 30);
    r.targets = text();
    r.rules = text();
    if (argc < 4 || r.arena == NULL ||
        !ov_parse_uint(ov_span_str(argv[2]), MAX_RELEASES, &r.n_releases) ||
        !ov_parse_uint(ov_span_str(argv[3]), INT64_MAX, &r.now) ||
        r.n_releases == 0)
        fail("usage: make_repo FOLDER RELEASES NOW [FAULT]...");
    r.folder = argv[1];
    for (int i = 4; i < argc; i++)
        r.wanted |= fault_bit(argv[i]);
    (void)!mkdir(r.folder, 0755);
    make(&r);
    return 0;
}
