/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/text.h"
#include "report_people.h"

/* One JSON object a line; "type" tells which. The schema is
 * docs/overt-scan.schema.json. Names that are not UTF-8 are given a second
 * time, exactly, in hexadecimal. */

static struct out *out_of(struct report *r)
{
    return ((struct scan_report *)(void *)r)->out;
}

static void put_text(struct out *o, const char *name, struct ov_span text)
{
    out_format(o, ",\"%s\":", name);
    out_json(o, text);
}

static void put_number(struct out *o, const char *name, uint64_t n)
{
    out_format(o, ",\"%s\":%llu", name, (unsigned long long)n);
}

static void put_hex(struct out *o, const char *name, struct ov_span bytes)
{
    out_format(o, ",\"%s\":\"", name);
    ov_put_hex(&o->text, bytes);
    out_format(o, "\"");
}

static void begin(struct out *o, const char *type, const char *path)
{
    out_format(o, "{\"type\":\"%s\"", type);
    if (path == NULL)
        return;
    put_text(o, "path", ov_span_str(path));
    if (!ov_is_utf8(ov_span_str(path)))
        put_hex(o, "path_bytes", ov_span_str(path));
}

static void end(struct out *o)
{
    out_format(o, "}\n");
}

static void put_members(struct out *o, const struct ov_wire_path *path)
{
    out_format(o, ",\"members\":[");
    for (size_t i = 0; i < path->n; i++) {
        if (i > 0)
            out_format(o, ",");
        out_json(o, path->names[i]);
    }
    out_format(o, "]");
}

static void put_evidence(struct out *o, const struct ov_wire_detection *d)
{
    out_format(o, ",\"evidence\":[");
    for (size_t i = 0; i < d->n_evidence; i++) {
        const struct ov_wire_evidence *e = &d->evidence[i];

        out_format(o, "%s{\"part\":%u", i > 0 ? "," : "", e->term);
        put_number(o, "at", e->at);
        put_number(o, "length", e->len);
        put_text(o, "form", e->view);
        put_hex(o, "bytes", e->bytes);
        if (e->name.len > 0)
            put_text(o, "name", e->name);
        out_format(o, "}");
    }
    out_format(o, "]");
}

/* Tags, which have no key, and meta data, of which a key may come twice. */
static void put_notes(struct out *o, const struct ov_wire_detection *d)
{
    const char *comma = "";

    for (size_t i = 0; i < d->n_notes; i++)
        if (d->notes[i].kind == OV_NOTE_SPACE)
            put_text(o, "namespace", d->notes[i].value);
    out_format(o, ",\"tags\":[");
    for (size_t i = 0; i < d->n_notes; i++) {
        if (d->notes[i].key.len > 0)
            continue;
        out_format(o, "%s", comma);
        out_json(o, d->notes[i].value);
        comma = ",";
    }
    comma = "";
    out_format(o, "],\"meta\":[");
    for (size_t i = 0; i < d->n_notes; i++) {
        if (d->notes[i].key.len == 0 || d->notes[i].kind == OV_NOTE_SPACE)
            continue;
        out_format(o, "%s{\"key\":", comma);
        out_json(o, d->notes[i].key);
        put_text(o, "value", d->notes[i].value);
        out_format(o, "}");
        comma = ",";
    }
    out_format(o, "]");
}

static enum ov_verdict verdict_of(uint32_t rule_flags)
{
    if ((rule_flags & OV_RULE_SUSPICIOUS) != 0)
        return OV_SUSPICIOUS;
    return (rule_flags & OV_RULE_UNWANTED) != 0 ? OV_UNWANTED : OV_DETECTED;
}

static void on_detection(struct report *r, const char *path,
                         const struct ov_wire_detection *d)
{
    struct out *o = out_of(r);

    begin(o, "detection", path);
    put_text(o, "verdict", ov_span_str(verdict_word(verdict_of(d->flags))));
    put_text(o, "rule", d->rule);
    put_text(o, "source", d->source);
    put_number(o, "line", d->line);
    put_text(o, "kind", d->kind);
    put_text(o, "object_type", d->type);
    put_number(o, "object_size", d->object_len);
    put_members(o, &d->path);
    if (((struct scan_report *)(void *)r)->has_explanation) {
        put_evidence(o, d);
        put_notes(o, d);
    }
    end(o);
}

static void on_inconclusive(struct report *r, const char *path,
                            const struct ov_wire_inconclusive *i)
{
    struct out *o = out_of(r);

    begin(o, "inconclusive", path);
    put_text(o, "reason", i->reason);
    put_text(o, "detail", i->detail);
    put_number(o, "at", i->at);
    put_members(o, &i->path);
    end(o);
}

/* A line that a rule prints is a line here. */
static void on_console(struct report *r, const char *path, struct ov_span lines)
{
    struct out *o = out_of(r);
    struct ov_span line;

    while (lines.len > 0) {
        (void)ov_span_cut(&lines, '\n', &line);
        begin(o, "console", path);
        put_text(o, "text", line);
        end(o);
    }
}

static void on_file(struct report *r, const struct scan_file *f)
{
    struct out *o = out_of(r);

    if (f->verdict <= OV_CLEAN &&
        !((struct scan_report *)(void *)r)->is_verbose)
        return;
    begin(o, "file", f->path);
    put_text(o, "verdict", ov_span_str(verdict_word(f->verdict)));
    put_number(o, "size", f->size);
    put_number(o, "objects", f->n_objects);
    if (f->digest != NULL)
        put_hex(o, "sha256", ov_span_of(f->digest, OV_DIGEST_MAX));
    out_format(o, ",\"unchanged\":%s", f->is_cached ? "true" : "false");
    end(o);
}

static void on_taken(struct report *r, const char *path,
                     const struct quarantine_taken *t)
{
    struct out *o = out_of(r);

    begin(o, "quarantined", path);
    put_text(o, "id", ov_span_str(t->id));
    put_number(o, "other_links", t->n_other_links);
    end(o);
}

static void on_error(struct report *r, const char *path, const char *text)
{
    struct out *o = out_of(r);

    begin(o, "error", path);
    put_text(o, "message", ov_span_str(text));
    end(o);
}

static void put_costs(struct out *o, struct rule_costs *costs)
{
    OV_AUTO_PTR struct rule_costs_entry **list =
        costs->n > 0 ? rule_costs_sorted(costs) : NULL;

    for (size_t i = 0; list != NULL && i < costs->n; i++) {
        const struct rule_costs_entry *e = list[i];

        begin(o, "cost", NULL);
        put_text(o, "rule", e->cost.rule);
        put_text(o, "source", e->cost.source);
        put_number(o, "line", e->cost.line);
        put_number(o, "steps", e->cost.steps);
        put_number(o, "tried", e->cost.n_tried);
        put_number(o, "evaluated", e->cost.n_evaluated);
        put_number(o, "files", e->n_files);
        end(o);
    }
}

static void on_summary(struct report *r, const struct scan_totals *t)
{
    struct out *o = out_of(r);

    put_costs(o, &((struct scan_report *)(void *)r)->costs);
    begin(o, "summary", NULL);
    put_number(o, "files", t->n_files);
    for (unsigned v = 0; v < OV_N_VERDICTS; v++)
        put_number(o, verdict_word((enum ov_verdict)v), t->by_verdict[v]);
    put_number(o, "quarantined", t->n_taken);
    put_number(o, "errors", t->n_errors);
    put_number(o, "unchanged", t->n_cached);
    put_number(o, "not_scanned", t->n_unscanned);
    put_number(o, "bytes", t->n_bytes);
    put_number(o, "milliseconds", t->n_nanoseconds / 1000000);
    put_number(o, "worker_crashes", t->pool.n_crashes);
    put_number(o, "worker_timeouts", t->pool.n_timeouts);
    put_hex(o, "rules", ov_span_of(t->pool.digest, OV_WIRE_DIGEST));
    out_format(
        o, ",\"interrupted\":%s,\"complete\":%s,\"jailed\":%s",
        t->is_interrupted ? "true" : "false", t->is_complete ? "true" : "false",
        !t->pool.is_open || ov_jail_is_whole(&t->pool.jail) ? "true" : "false");
    end(o);
}

void report_json(struct scan_report *r)
{
    r->report = (struct report){.detection = on_detection,
                                .cost = report_cost,
                                .console = on_console,
                                .inconclusive = on_inconclusive,
                                .file = on_file,
                                .taken = on_taken,
                                .error = on_error,
                                .tick = report_tick,
                                .summary = on_summary};
}
