/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "commands.h"
#include "history.h"
#include "log/tile.h"
#include "trust/request_report.h"

/* overt-publish audit-pack: what an auditor wants of a half-year, in one folder
 * that needs nothing else: lists of changes with who signed them, and the log
 * itself, with checkpoint and tiles, by which every line and that none is
 * missing can be verified offline. The same log gives the same bytes.
 *
 * An entry is of the half-year by its time; one that has none (a release) by
 * that of the last one before it that has. */

#define MAX_LIST ((size_t)256 << 20)

struct list {
    const char *file;
    const char *title;
    const enum ov_entry_type *types;
    size_t n_types;
    struct ov_buf csv;
    uint64_t n;
    char digest[65];
};

static const enum ov_entry_type changes[] = {
    OV_ENTRY_RULE_CHANGE,  OV_ENTRY_FEED, OV_ENTRY_REVEAL,
    OV_ENTRY_CODE_RELEASE, OV_ENTRY_SBOM, OV_ENTRY_PROVENANCE};

static const enum ov_entry_type releases[] = {
    OV_ENTRY_RELEASE, OV_ENTRY_REBUILD, OV_ENTRY_SNAPSHOT, OV_ENTRY_DELTA};

static const enum ov_entry_type recalls[] = {OV_ENTRY_RECALL};

static const enum ov_entry_type keys[] = {OV_ENTRY_KEY_EVENT,
                                          OV_ENTRY_LOG_START, OV_ENTRY_LOG_END};

static const enum ov_entry_type notices[] = {OV_ENTRY_NOTICE, OV_ENTRY_DRILL};

static const enum ov_entry_type requests[] = {OV_ENTRY_REQUEST,
                                              OV_ENTRY_REQUEST_DECISION,
                                              OV_ENTRY_REQUEST_CHALLENGE,
                                              OV_ENTRY_REQUEST_CLOSING,
                                              OV_ENTRY_REQUEST_CORRECTION,
                                              OV_ENTRY_REQUEST_COMMITMENTS,
                                              OV_ENTRY_REQUEST_OPENING,
                                              OV_ENTRY_REQUEST_REPORT,
                                              OV_ENTRY_REQUEST_HISTORY};

#define LIST(name, words)                                                      \
    {                                                                          \
        .file = #name ".csv", .title = (words), .types = (name),               \
        .n_types = sizeof(name) / sizeof((name)[0])                            \
    }

enum {
    N_LISTS = 6
};

struct pack {
    struct instance *in;
    const char *out;
    const char *period;
    uint64_t from;
    uint64_t to;
    struct history history;
    struct ov_people people;
    struct list lists[N_LISTS + 1]; /* the last: every entry that is in none */
    struct ov_buf table;            /* requests, counted */
};

static const char *out_path(struct pack *p, const char *rest)
{
    return text(p->in, "%s/%s", p->out, rest);
}

/* -- lists -- */

/* A field as RFC 4180, section 2, wants it. */
static void put_field(struct ov_buf *b, struct ov_span s)
{
    ov_put_u8(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (ov_span_byte(s, i) == '"')
            ov_put_u8(b, '"');
        ov_put_u8(b, (uint8_t)ov_span_byte(s, i));
    }
    ov_put_u8(b, '"');
}

static void put_value(struct ov_buf *b, const struct ov_entry *e,
                      const char *name)
{
    struct ov_span value = {0};

    (void)ov_entry_value(e, name, 0, &value);
    put_field(b, value);
    ov_put_u8(b, ',');
}

/* Names of keys that signed, with spaces; what is wrong, if something is. */
static void put_signers(struct ov_buf *b, const struct ov_opened *o,
                        const struct ov_diag *diag, bool is_open)
{
    if (!is_open) {
        put_field(b, ov_span_str(diag->text));
        return;
    }
    ov_put_u8(b, '"');
    for (size_t i = 0; i < o->signers.n; i++)
        ov_put_format(b, "%s%s", i > 0 ? " " : "",
                      o->signers.list[i]->key.name);
    ov_put_u8(b, '"');
}

/* All lines of the entry in one field. */
static void put_text(struct ov_buf *b, const struct ov_entry *e)
{
    OV_AUTO_DONE(buf) lines = ov_buf_with_max(OV_ENTRY_MAX);

    for (size_t i = 0; i < e->n_lines; i++) {
        ov_put_str(&lines, i > 0 ? "; " : "");
        ov_put_span(&lines, e->lines[i].name);
        ov_put_u8(&lines, ' ');
        ov_put_span(&lines, e->lines[i].value);
    }
    put_field(b, ov_buf_span(&lines));
}

static struct list *list_of(struct pack *p, enum ov_entry_type type)
{
    for (size_t i = 0; i < N_LISTS; i++) {
        for (size_t j = 0; j < p->lists[i].n_types; j++) {
            if (p->lists[i].types[j] == type)
                return &p->lists[i];
        }
    }
    return &p->lists[N_LISTS];
}

/* One line, if the entry is of the half-year. */
static bool list_entry(struct pack *p, uint64_t index, uint64_t *time)
{
    struct ov_note *note = ov_arena_alloc(p->in->arena, sizeof(*note));
    struct ov_opened *o = ov_arena_alloc(p->in->arena, sizeof(*o));
    struct ov_entry *e = ov_arena_alloc(p->in->arena, sizeof(*e));
    struct ov_span bytes = p->history.entries[index];
    struct ov_diag diag = {0};
    uint8_t digest[32];
    struct list *l;
    struct ov_span value;
    bool is_open;

    if (note == NULL || o == NULL || e == NULL || !digest_of(bytes, digest))
        return tell_error("out of memory");
    if (ov_note_parse(p->in->arena, bytes, note) != OV_OK ||
        ov_entry_parse(note->text, e, NULL) != OV_OK)
        return tell_error("entry %llu is none: see overt-monitor",
                          (unsigned long long)index);
    if (ov_entry_value(e, "time", 0, &value))
        (void)ov_time_parse(value, time);
    if (*time < p->from || *time >= p->to)
        return true;
    is_open = ov_entry_open(p->in->arena, bytes, &p->people, index, o, &diag) ==
              OV_OK;
    l = list_of(p, e->type);
    ov_put_format(&l->csv, "%llu,", (unsigned long long)index);
    ov_put_hex(&l->csv, ov_span_of(digest, sizeof(digest)));
    ov_put_format(&l->csv, ",%s,", ov_entry_type_name(e->type));
    put_value(&l->csv, e, "id");
    put_value(&l->csv, e, "time");
    put_value(&l->csv, e, "author");
    put_signers(&l->csv, o, &diag, is_open);
    ov_put_u8(&l->csv, ',');
    put_text(&l->csv, e);
    ov_put_u8(&l->csv, '\n');
    l->n++;
    return true;
}

static bool write_file(struct pack *p, const char *name, struct ov_span bytes)
{
    return disk_write(out_path(p, name), bytes, 0644);
}

static bool write_lists(struct pack *p)
{
    uint64_t time = 0;

    for (size_t i = 0; i <= N_LISTS; i++) {
        p->lists[i].csv = ov_buf_with_max(MAX_LIST);
        ov_put_str(&p->lists[i].csv, "index,leaf_sha256,type,id,time,author,"
                                     "signed_by,text\n");
    }
    for (uint64_t i = 0; i < p->history.n; i++) {
        if (!list_entry(p, i, &time))
            return false;
    }
    for (size_t i = 0; i <= N_LISTS; i++) {
        struct list *l = &p->lists[i];
        uint8_t digest[32];

        if (ov_buf_status(&l->csv) != OV_OK)
            return tell_error("out of memory");
        if (!digest_of(ov_buf_span(&l->csv), digest) ||
            !write_file(p, l->file, ov_buf_span(&l->csv)))
            return false;
        (void)memcpy(l->digest, hex_of(p->in, digest), sizeof(l->digest));
    }
    return true;
}

/* -- the log -- */

static bool copy_tile(struct pack *p, const struct ov_tile *tile)
{
    OV_AUTO_DONE(buf) rest = ov_buf_with_max(256);
    struct ov_span bytes;

    ov_put_tile_path(&rest, tile);
    ov_put_u8(&rest, 0);
    if (ov_buf_status(&rest) != OV_OK)
        return tell_error("out of memory");
    return read_in(p->in, path_in(p->in, "logd/log/%s", (const char *)rest.ptr),
                   &bytes) &&
           disk_put(out_path(p, text(p->in, "log/%s", (const char *)rest.ptr)),
                    bytes, 0644);
}

static bool copy_level(struct pack *p, unsigned level, bool is_bundle)
{
    unsigned width;

    for (uint64_t i = 0; (width = ov_tile_width(p->history.n, level, i)) > 0;
         i++) {
        const struct ov_tile tile = {
            .is_bundle = is_bundle, .level = level, .index = i, .width = width};

        if (!copy_tile(p, &tile))
            return false;
    }
    return true;
}

static bool write_log(struct pack *p)
{
    struct ov_span policy;
    struct ov_span people;

    if (!copy_level(p, 0, true))
        return false;
    for (unsigned level = 0; level <= OV_TILE_MAX_LEVEL &&
                             ov_tile_width(p->history.n, level, 0) > 0;
         level++) {
        if (!copy_level(p, level, false))
            return false;
    }
    return read_in(p->in, path_in(p->in, "policy"), &policy) &&
           read_in(p->in, path_in(p->in, "people"), &people) &&
           write_file(p, "policy", policy) && write_file(p, "people", people) &&
           write_file(p, "log/checkpoint", p->history.checkpoint);
}

/* -- requests, counted -- */

static bool count_requests(struct pack *p)
{
    struct ov_request_ledger *l;
    struct ov_request_report report;
    enum ov_status status = ov_request_ledger_new(&p->people, &l);

    if (status != OV_OK)
        return tell_error("out of memory");
    for (uint64_t i = 0; status == OV_OK && i < p->history.n; i++)
        status = ov_request_ledger_add(l, i, p->history.entries[i]);
    if (status == OV_OK)
        status = ov_request_report_make(p->in->arena, l, ov_span_str(p->period),
                                        p->history.n, &report);
    if (status == OV_OK) {
        ov_put_request_csv(&p->table, &report.table);
        status = ov_buf_status(&p->table);
    }
    ov_request_ledger_free(l);
    return status == OV_OK
               ? write_file(p, "requests-table.csv", ov_buf_span(&p->table))
               : tell_error("%s", ov_status_name(status));
}

/* -- the index -- */

static void put_rows(struct ov_buf *b, const struct pack *p)
{
    for (size_t i = 0; i <= N_LISTS; i++)
        ov_put_format(b,
                      "<tr><td><a href=\"%s\">%s</a></td><td>%s</td>"
                      "<td>%llu</td><td><code>%s</code></td></tr>\n",
                      p->lists[i].file, p->lists[i].file, p->lists[i].title,
                      (unsigned long long)p->lists[i].n, p->lists[i].digest);
}

static bool write_index(struct pack *p)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);

    ov_put_format(
        &b,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<title>%s: audit pack %s</title>\n<style>body{font:16px/1.5 "
        "sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "td,th{text-align:left;padding:.2em .8em .2em 0;vertical-align:top}"
        "code{overflow-wrap:anywhere}</style></head>\n<body>\n"
        "<h1>%s: audit pack %s</h1>\n",
        p->in->name, p->period, p->in->name, p->period);
    ov_put_format(&b,
                  "<p>Log <code>%s</code>, %llu entries, root <code>%s</code>."
                  "</p>\n<table>\n<tr><th>file</th><th>what</th>"
                  "<th>entries</th><th>SHA-256</th></tr>\n",
                  p->in->origin, (unsigned long long)p->history.n,
                  hex_of(p->in, p->history.root));
    put_rows(&b, p);
    ov_put_format(
        &b,
        "</table>\n<p><a href=\"requests-table.csv\">requests-table.csv</a>: "
        "requests of authorities, by country and kind.</p>\n"
        "<h2>To verify</h2>\n<p>The folder <code>log</code> is the whole log. "
        "Get <code>policy</code> on another way than this pack.</p>\n<pre>"
        "overt-monitor verify-log log policy\n"
        "overt-monitor report %s log policy --people people "
        "--published requests-table.csv</pre>\n",
        p->period);
    ov_put_str(&b, "<p>The first shows that checkpoint, cosignatures and every "
                   "entry belong together, so that the lists leave nothing "
                   "out: they are made of the entries alone, and "
                   "<code>leaf_sha256</code> is the digest of the entry with "
                   "that index.</p>\n"
                   "<h2>What this is not</h2>\n<p>No certificate is claimed. "
                   "Access reviews and incident tickets are in the log only as "
                   "far as they changed keys, rules or releases.</p>\n"
                   "</body></html>\n");
    return ov_buf_status(&b) == OV_OK
               ? write_file(p, "index.html", ov_buf_span(&b))
               : tell_error("out of memory");
}

static bool write_pack(struct pack *p)
{
    return people_read(p->in, &p->people) && history_read(p->in, &p->history) &&
           (p->history.n > 0 || tell_error("there is no log yet")) &&
           write_lists(p) && write_log(p) && count_requests(p) &&
           write_index(p) && disk_sync(p->out);
}

bool cmd_audit_pack(struct instance *in)
{
    struct pack p = {
        .in = in,
        .out = option_get(&in->args, OPT_out),
        .period = option_get(&in->args, OPT_period),
        .table = ov_buf_with_max(OV_REQUEST_MAX_CSV),
        .lists = {LIST(changes, "rules and programs: who changed what, and who "
                                "reviewed it"),
                  LIST(releases, "what was released, and compiled again"),
                  LIST(recalls, "what was withdrawn"),
                  LIST(keys, "who may do what"),
                  LIST(notices, "what owners were told; drills"),
                  LIST(requests, "requests of authorities, event by event"),
                  {.file = "others.csv", .title = "other entries"}},
    };
    bool ok;

    if (p.out == NULL || p.period == NULL)
        return tell_error("say --period 2026H2 and --out FOLDER");
    if (!ov_period_parse(ov_span_str(p.period), &p.from, &p.to))
        return tell_error("--period %s: a half-year, as 2026H2", p.period);
    if (disk_exists(p.out))
        return tell_error("%s: there is something already", p.out);
    ok = disk_make_folder(p.out, 0755) && write_pack(&p);
    for (size_t i = 0; i <= N_LISTS; i++)
        ov_buf_done(&p.lists[i].csv);
    ov_buf_done(&p.table);
    if (ok)
        tell("%s: %llu entries, index.html", p.out,
             (unsigned long long)p.history.n);
    return ok;
}
