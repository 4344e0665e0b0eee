/* SPDX-License-Identifier: Apache-2.0 */
#include "report_people.h"

#include <stdio.h>

#include "base/text.h"
#include "host/finding_log.h"

/* PATH: DETECTED rule in member (source:line)
 *
 * One line a finding, the path first, as grep and compilers do. */

#define RED "31;1"
#define YELLOW "33"
#define PROGRESS_EVERY_NS UINT64_C(200000000)
#define SHOWN_COSTS 40
#define SHOWN_BYTES 32

static struct scan_report *self(struct report *r)
{
    return (struct scan_report *)(void *)r;
}

static void put_path(struct out *o, const char *path)
{
    out_escaped(o, ov_span_str(path));
    out_format(o, ": ");
}

static void put_word(struct out *o, const char *color, const char *word)
{
    out_color(o, color);
    out_format(o, "%s", word);
    out_color(o, "");
}

static void put_members(struct out *o, const struct ov_wire_path *path)
{
    for (size_t i = 0; i < path->n; i++) {
        out_format(o, i == 0 ? " in " : " > ");
        out_escaped(o, path->names[i].len > 0 ? path->names[i]
                                              : OV_SPAN_LIT("(no name)"));
    }
}

static void put_evidence(struct out *o, const struct ov_wire_evidence *e)
{
    struct ov_span shown = ov_span_clip(e->bytes, 0, SHOWN_BYTES);

    if (e->name.len > 0) {
        out_format(o, "    ");
        out_escaped(o, e->name);
    } else {
        out_format(o, "    part %u", e->term);
    }
    out_format(o, " at byte %llu (0x%llx), %llu long",
               (unsigned long long)e->at, (unsigned long long)e->at,
               (unsigned long long)e->len);
    if (e->view.len > 0 && !ov_span_equal(e->view, OV_SPAN_LIT("raw"))) {
        out_format(o, ", in the form \"");
        out_escaped(o, e->view);
        out_format(o, "\"");
    }
    out_format(o, ": ");
    ov_put_hex(&o->text, shown);
    out_format(o, shown.len < e->len ? "... \"" : " \"");
    out_escaped(o, shown);
    out_format(o, "\"\n");
}

static void put_explanation(struct out *o, const struct ov_wire_detection *d)
{
    out_format(o, "    by its ");
    out_escaped(o, d->kind);
    out_format(o, "; a ");
    out_escaped(o, d->type);
    out_format(o, " of %llu bytes\n", (unsigned long long)d->object_len);
    for (size_t i = 0; i < d->n_notes; i++) {
        const struct ov_rule_note *note = &d->notes[i];

        out_format(o, "    ");
        out_escaped(o, note->key.len > 0 ? note->key : OV_SPAN_LIT("tag"));
        out_format(o, ": ");
        out_escaped(o, note->value);
        out_format(o, "\n");
    }
    for (size_t i = 0; i < d->n_evidence; i++)
        put_evidence(o, &d->evidence[i]);
}

static void on_detection(struct report *r, const char *path,
                         const struct ov_wire_detection *d)
{
    struct out *o = self(r)->out;
    bool is_malware = (d->flags & (OV_RULE_UNWANTED | OV_RULE_SUSPICIOUS)) == 0;

    put_path(o, path);
    put_word(o, is_malware ? RED : YELLOW,
             is_malware                             ? "DETECTED"
             : (d->flags & OV_RULE_SUSPICIOUS) != 0 ? "SUSPICIOUS"
                                                    : "UNWANTED");
    out_format(o, " ");
    out_escaped(o, d->rule);
    put_members(o, &d->path);
    if (d->source.len > 0) {
        out_format(o, " (");
        out_escaped(o, d->source);
        out_format(o, ":%u)", d->line);
    }
    out_format(o, "\n");
    if (self(r)->has_explanation)
        put_explanation(o, d);
}

/* Lines of rules are printable ASCII; a worker that is taken over may say
 * anything. */
static void on_console(struct report *r, const char *path, struct ov_span lines)
{
    struct out *o = self(r)->out;
    struct ov_span line;

    while (lines.len > 0) {
        (void)ov_span_cut(&lines, '\n', &line);
        put_path(o, path);
        out_format(o, "console: ");
        for (size_t i = 0; i < line.len; i++) {
            int c = ov_span_byte(line, i);

            out_format(o, c >= 0x20 && c < 0x7f ? "%c" : "\\x%02x", c);
        }
        out_format(o, "\n");
    }
}

static void on_inconclusive(struct report *r, const char *path,
                            const struct ov_wire_inconclusive *i)
{
    struct out *o = self(r)->out;

    put_path(o, path);
    put_word(o, YELLOW, "INCONCLUSIVE");
    out_format(o, " ");
    out_escaped(o, i->reason);
    if (i->detail.len > 0) {
        out_format(o, " ");
        out_escaped(o, i->detail);
    }
    put_members(o, &i->path);
    if (i->at > 0)
        out_format(o, " at byte %llu", (unsigned long long)i->at);
    out_format(o, "\n");
}

static void on_file(struct report *r, const struct scan_file *f)
{
    if (f->verdict >= OV_UNWANTED && f->digest != NULL &&
        !self(r)->has_quarantine) {
        put_path(self(r)->out, f->path);
        out_format(self(r)->out, "finding ");
        ov_put_hex(&self(r)->out->text,
                   ov_span_of(f->digest, FINDING_ID_LEN / 2));
        out_format(self(r)->out, "\n");
    }
    if (!self(r)->is_verbose || f->verdict > OV_CLEAN)
        return;
    put_path(self(r)->out, f->path);
    out_format(self(r)->out, "%s%s\n", verdict_word(f->verdict),
               f->is_cached ? " (unchanged)" : "");
}

static void on_taken(struct report *r, const char *path,
                     const struct quarantine_taken *t)
{
    struct out *o = self(r)->out;

    put_path(o, path);
    out_format(o, "in quarantine as %s", t->id);
    if (t->n_other_links > 0)
        out_format(o, "; other hard links of it, still there: %llu",
                   (unsigned long long)t->n_other_links);
    out_format(o, "\n");
}

static void on_error(struct report *r, const char *path, const char *text)
{
    (void)!out_flush(self(r)->out); /* so that lines stay in order */
    out_error("%s: %s", path, text);
}

static void put_size(char *to, size_t size, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;

    while (bytes >= 1024 && unit < 4) {
        bytes /= 1024;
        unit++;
    }
    (void)!snprintf(to, size, unit == 0 ? "%.0f %s" : "%.1f %s", bytes,
                    units[unit]); /* short */
}

static double seconds(const struct scan_totals *t)
{
    return t->n_nanoseconds > 0 ? (double)t->n_nanoseconds / 1e9 : 1e-9;
}

/* "; 63 %, 0:12 left", by bytes: that is what takes the time. */
static void put_left(char *to, size_t size, const struct scan_totals *t)
{
    double done = (double)t->n_bytes;
    double all = (double)t->expected_bytes;
    double left;

    to[0] = '\0';
    if (t->expected_files == 0 || done <= 0 || done > all)
        return;
    left = seconds(t) * (all - done) / done;
    (void)!snprintf(to, size, "; %.0f %%, %u:%02u left", 100 * done / all,
                    (unsigned)(left / 60), (unsigned)left % 60); /* short */
}

static void show_progress(const struct scan_totals *t)
{
    char bytes[32];
    char rate[32];
    char left[64];
    char line[200];

    put_size(bytes, sizeof(bytes), (double)t->n_bytes);
    put_size(rate, sizeof(rate), (double)t->n_bytes / seconds(t));
    put_left(left, sizeof(left), t);
    (void)!snprintf(line, sizeof(line),
                    "%llu files, %s, %.0f files/s, %s/s, %llu detected%s",
                    (unsigned long long)t->n_files, bytes,
                    (double)t->n_files / seconds(t), rate,
                    (unsigned long long)t->by_verdict[OV_DETECTED],
                    left); /* cut is fine */
    out_progress(line);
}

bool report_tick(struct report *r, const struct scan_totals *t)
{
    struct scan_report *s = self(r);
    bool is_read = out_flush(s->out);

    if (out_has_progress() &&
        t->n_nanoseconds - s->last_progress > PROGRESS_EVERY_NS) {
        s->last_progress = t->n_nanoseconds;
        show_progress(t);
    }
    return is_read;
}

void report_cost(struct report *r, const struct ov_rule_cost *c)
{
    rule_costs_add(&self(r)->costs, c);
}

static void put_cost(struct out *o, const struct rule_costs *all,
                     const struct rule_costs_entry *e)
{
    out_format(o, "  %5.1f %%  %13llu  %10llu  %9llu  %8llu  ",
               100 * (double)e->cost.steps / (double)all->steps,
               (unsigned long long)e->cost.steps,
               (unsigned long long)e->cost.n_tried,
               (unsigned long long)e->cost.n_evaluated,
               (unsigned long long)e->n_files);
    out_escaped(o, e->cost.rule);
    out_format(o, " (");
    out_escaped(o, e->cost.source);
    out_format(o, ":%u)\n", e->cost.line);
}

/* The dearest rules, a line each. */
static void put_costs(struct out *o, struct rule_costs *costs)
{
    OV_AUTO_PTR struct rule_costs_entry **list = NULL;

    if (costs->n == 0 || costs->steps == 0)
        return;
    list = rule_costs_sorted(costs);
    if (list == NULL)
        return;
    out_format(o, "\n   share          steps       tried  evaluated     "
                  "files  rule\n");
    for (size_t i = 0; i < costs->n && i < SHOWN_COSTS; i++)
        put_cost(o, costs, list[i]);
    if (costs->n > SHOWN_COSTS)
        out_format(o, "  and %zu more rules; --json tells all\n",
                   costs->n - SHOWN_COSTS);
}

static void put_count(struct out *o, uint64_t n, const char *what)
{
    out_format(o, "  %10llu %s\n", (unsigned long long)n, what);
}

static void put_counts(struct out *o, const struct scan_totals *t)
{
    put_count(o, t->n_files, "files looked at");
    put_count(o, t->by_verdict[OV_CLEAN] + t->by_verdict[OV_TRUSTED],
              t->by_verdict[OV_TRUSTED] > 0 ? "clean, or on an allow list"
                                            : "clean");
    if (t->n_cached > 0)
        put_count(o, t->n_cached, "of these unchanged since found clean");
    put_count(o, t->by_verdict[OV_DETECTED], "detected");
    if (t->n_taken > 0)
        put_count(o, t->n_taken, "of what was found in quarantine now");
    if (t->by_verdict[OV_UNWANTED] > 0)
        put_count(o, t->by_verdict[OV_UNWANTED], "unwanted");
    if (t->n_suspicious > 0)
        put_count(o, t->n_suspicious, "suspicious");
    put_count(o, t->by_verdict[OV_INCONCLUSIVE], "inconclusive");
    put_count(o, t->n_errors, "errors");
}

static void on_summary(struct report *r, const struct scan_totals *t)
{
    struct out *o = self(r)->out;
    char bytes[32];

    out_progress(NULL);
    put_costs(o, &self(r)->costs);
    if (self(r)->is_quiet)
        return;
    put_size(bytes, sizeof(bytes), (double)t->n_bytes);
    out_format(o, "\n");
    put_counts(o, t);
    out_format(o, "  %s in %.2f s; rules ", bytes, seconds(t));
    ov_put_hex(&o->text, ov_span_of(t->pool.digest, OV_WIRE_DIGEST));
    out_format(o, "\n");
    if (!ov_jail_is_whole(&t->pool.jail) && t->pool.is_open)
        out_format(o, "  NOT FULLY JAILED: best effort was asked for\n");
    if (t->is_interrupted)
        out_format(o,
                   "  INTERRUPTED: %llu files that were begun are not scanned, "
                   "the rest was not looked at\n",
                   (unsigned long long)t->n_unscanned);
}

/* Also if it is quiet: else nobody knows why nothing happens. */
static void on_waiting(struct report *r, bool is_waiting)
{
    (void)!out_flush(self(r)->out);
    out_progress(NULL);
    out_error("%s", is_waiting ? "on battery: waiting for the mains"
                               : "on the mains: going on");
}

void report_people(struct scan_report *r)
{
    r->report = (struct report){.detection = on_detection,
                                .cost = report_cost,
                                .inconclusive = on_inconclusive,
                                .console = on_console,
                                .file = on_file,
                                .taken = on_taken,
                                .error = on_error,
                                .waiting = on_waiting,
                                .tick = report_tick,
                                .summary = on_summary};
}
