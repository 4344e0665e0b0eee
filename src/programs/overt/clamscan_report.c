/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clamscan.h"
#include "host/clam_alert.h"

/* What clamscan prints, line by line. Its words for what was not looked at in
 * full are "OK" (limits, encryption, damage); scripts count on that. So the
 * same line stands on stdout, and what clamscan keeps quiet about stands on
 * stderr. A file that could not be scanned at all is an ERROR as there. */

static struct clamscan *clamscan_of(struct report *r)
{
    return (struct clamscan *)(void *)r;
}

static void put_log(struct clamscan *c, struct ov_span text)
{
    while (c->log_fd >= 0 && text.len > 0) {
        ssize_t n = write(c->log_fd, text.ptr, text.len);

        if (n <= 0) {
            out_error("clamscan: the log file cannot be written");
            c->n_errors++;
            (void)close(c->log_fd);
            c->log_fd = -1;
            return;
        }
        text = ov_span_clip(text, (uint64_t)n, text.len);
    }
}

/* Paths are printed as they are, as clamscan does, so that scripts get names
 * that exist; only control characters are escaped, for the terminal's sake. */
static void put_line(struct clamscan *c, const char *path, const char *text,
                     bool is_logged)
{
    struct out *out = c->out;
    size_t before = out->text.len;

    out_escaped(out, ov_span_str(path));
    out_escaped(out, ov_span_str(text));
    out_format(out, "\n");
    if (is_logged)
        put_log(c, ov_span_of(out->text.ptr + before, out->text.len - before));
    if (c->is_quiet)
        out->text.len = before;
}

void clamscan_print(struct clamscan *c, const char *path, const char *text)
{
    put_line(c, path, text, true);
}

static const char *shown(const char *path)
{
    return strcmp(path, "-") == 0 ? "stdin" : path;
}

static void note_hit(struct clamscan *c, const char *path)
{
    if (!c->is_hit || strcmp(c->hit_path, path) != 0)
        c->n_infected++;
    c->is_hit = true;
    (void)snprintf(c->hit_path, sizeof(c->hit_path), "%s", path);
}

static void put_found(struct clamscan *c, const char *path, const char *name,
                      struct ov_span rule, bool is_official)
{
    char text[512];

    (void)snprintf(text, sizeof(text), ": %s%.*s%s FOUND", name, (int)rule.len,
                   rule.len > 0 ? (const char *)rule.ptr : "",
                   is_official ? "" : ".UNOFFICIAL");
    clamscan_print(c, shown(path), text);
    if (c->has_bell)
        out_format(c->out, "\a");
}

static void on_detection(struct report *r, const char *path,
                         const struct ov_wire_detection *d)
{
    struct clamscan *c = clamscan_of(r);

    if (c->is_archive_verbose && d->path.n > 0) {
        out_escaped(c->out, ov_span_str(shown(path)));
        for (size_t i = 0; i < d->path.n; i++) {
            out_format(c->out, "!");
            out_escaped(c->out, d->path.names[i]);
        }
        out_format(c->out, "\n");
    }
    put_found(c, path, clam_prefix(d->kind), d->rule,
              (d->flags & OV_RULE_OFFICIAL) != 0);
}

/* clamscan ends early for its four limits, and for the time. */
static const char *limit_alert(struct ov_span limit)
{
    const char *alert = clam_limit_alert(limit);

    return alert != NULL ? alert : CLAM_TIME_ALERT;
}

static bool is_word(struct ov_span s, enum ov_reason_kind kind)
{
    static const char *const words[OV_N_REASONS] = {
#define OV_REASON(id, word) [id] = word,
#include <overt/reason.def>
#undef OV_REASON
    };

    return ov_span_equal(s, ov_span_str(words[kind]));
}

/* Whether an encrypted container of that type is told. */
static bool alerts_on(const struct clamscan *c, struct ov_span type)
{
    static const char *const documents[] = {"pdf", "ole2", "ooxml-word",
                                            "ooxml-ppt", "ooxml-excel"};

    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
        if (ov_span_equal(type, ov_span_str(documents[i])))
            return c->alerts_documents;
    return c->alerts_archives;
}

static bool is_failure(struct ov_span reason)
{
    return is_word(reason, OV_REASON_CRASHED) ||
           is_word(reason, OV_REASON_IMAGE) ||
           is_word(reason, OV_REASON_MEMORY) ||
           is_word(reason, OV_REASON_CHANGED);
}

static void on_inconclusive(struct report *r, const char *path,
                            const struct ov_wire_inconclusive *i)
{
    struct clamscan *c = clamscan_of(r);
    const struct ov_span none = {NULL, 0};
    bool is_limit = is_word(i->reason, OV_REASON_LIMIT) ||
                    is_word(i->reason, OV_REASON_TIMED_OUT);

    if (is_limit && c->alerts_limits) {
        put_found(c, path, limit_alert(i->detail), none, true);
        note_hit(c, path);
    } else if (is_word(i->reason, OV_REASON_ENCRYPTED) &&
               alerts_on(c, i->detail)) {
        put_found(c, path, clam_encryption_alert(i->detail), none, true);
        note_hit(c, path);
    } else if (is_failure(i->reason)) {
        char text[128];

        (void)snprintf(text, sizeof(text), ": not scanned (%.*s) ERROR",
                       (int)i->reason.len, (const char *)i->reason.ptr);
        clamscan_print(c, shown(path), text);
        c->n_errors++;
    } else {
        out_error("clamscan: %s: not looked at in full: %.*s %.*s", path,
                  (int)i->reason.len, (const char *)i->reason.ptr,
                  (int)i->detail.len, (const char *)i->detail.ptr);
    }
}

static void on_file(struct report *r, const struct scan_file *f)
{
    struct clamscan *c = clamscan_of(r);
    bool is_hit = c->is_hit && strcmp(c->hit_path, f->path) == 0;

    if (f->verdict == OV_DETECTED || f->verdict == OV_UNWANTED) {
        if (!is_hit)
            c->n_infected++;
        is_hit = true;
    }
    c->is_hit = false;
    if (f->size == 0 && !is_hit) {
        if (!c->is_infected_only)
            put_line(c, shown(f->path), ": Empty file", false);
        return;
    }
    c->n_scanned++;
    if (is_hit)
        clamscan_act(c, f->path, f->fd);
    else if (!c->is_infected_only && !c->is_ok_suppressed)
        put_line(c, shown(f->path), ": OK", c->is_verbose);
}

static void on_skipped(struct report *r, const char *path,
                       enum ov_walk_kind kind)
{
    struct clamscan *c = clamscan_of(r);

    if (kind == OV_WALK_LINK && !c->is_infected_only)
        put_line(c, path, ": Symbolic link", false);
}

static void on_error(struct report *r, const char *path, const char *text)
{
    struct clamscan *c = clamscan_of(r);
    char line[256];

    c->n_errors++;
    (void)snprintf(line, sizeof(line), ": %s", text);
    if (c->is_stdout)
        clamscan_print(c, path, line);
    else
        out_error("clamscan: %s%s", path, line);
}

static bool on_tick(struct report *r, const struct scan_totals *t)
{
    (void)t;
    return out_flush(clamscan_of(r)->out);
}

static void on_summary(struct report *r, const struct scan_totals *t)
{
    (void)r;
    (void)t; /* clamscan_summary needs to know more */
}

void clamscan_report_init(struct clamscan *c)
{
    c->report = (struct report){
        .detection = on_detection,
        .inconclusive = on_inconclusive,
        .file = on_file,
        .skipped = on_skipped,
        .error = on_error,
        .tick = on_tick,
        .summary = on_summary,
    };
}

static void put_date(struct out *out, const char *name, time_t when)
{
    struct tm tm;
    char text[64] = "";

    if (localtime_r(&when, &tm) != NULL)
        (void)strftime(text, sizeof(text), "%Y:%m:%d %H:%M:%S", &tm);
    out_format(out, "%s%s\n", name, text);
}

void clamscan_summary(struct clamscan *c, const struct scan_totals *t,
                      uint64_t n_rules)
{
    double seconds = (double)t->n_nanoseconds / 1e9;
    double megabytes = (double)t->n_bytes / (1024 * 1024);
    size_t before = c->out->text.len;
    time_t now = time(NULL);
    struct out *out = c->out;

    if (c->has_no_summary)
        return;
    out_format(out, "\n----------- SCAN SUMMARY -----------\n");
    out_format(out, "Known viruses: %llu\n", (unsigned long long)n_rules);
    out_format(out, "Engine version: overt %s\n", OV_VERSION);
    out_format(out, "Scanned directories: %llu\n",
               (unsigned long long)c->n_folders);
    out_format(out, "Scanned files: %llu\n", (unsigned long long)c->n_scanned);
    out_format(out, "Infected files: %llu\n",
               (unsigned long long)c->n_infected);
    if (c->n_errors > 0)
        out_format(out, "Total errors: %llu\n",
                   (unsigned long long)c->n_errors);
    out_format(out, "Data scanned: %.2f MB\n", megabytes);
    out_format(out, "Data read: %.2f MB (ratio %.2f:1)\n", megabytes,
               megabytes > 0 ? 1.0 : 0.0);
    out_format(out, "Time: %.3f sec (%u m %u s)\n", seconds,
               (unsigned)seconds / 60, (unsigned)seconds % 60);
    put_date(out, "Start Date: ", now - (time_t)seconds);
    put_date(out, "End Date:   ", now);
    put_log(c, ov_span_of(out->text.ptr + before, out->text.len - before));
    if (c->is_quiet)
        out->text.len = before;
}
