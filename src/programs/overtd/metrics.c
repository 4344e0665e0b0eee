/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include "base/text.h"

/* Names follow prometheus.io/docs/practices/naming: a unit at the end, totals
 * that only grow. A label has a small, fixed set of values: no path, no rule
 * name, nothing that a client can multiply. */

/* Upper bounds in milliseconds; the last bucket has none. */
static const unsigned bounds[METRICS_N_BUCKETS - 1] = {
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000};

static const char *const verdicts[OV_N_VERDICTS] = {
#define OV_VERDICT(id, word) [id] = (word),
#include <overt/verdict.def>
#undef OV_VERDICT
};

const char *metrics_source_name(enum desk_source s)
{
    static const char *const names[METRICS_N_SOURCES] = {"clamd", "guard",
                                                         "http"};

    return names[s];
}

void metrics_count(struct metrics *m, const struct desk_request *r,
                   const struct desk_result *result)
{
    enum desk_source s = r->peer->source;
    size_t i = 0;

    m->scans[s][result->verdict]++;
    m->bytes[s] += r->len;
    m->cached[s] += result->is_cached;
    m->latency_ms += result->took_ms;
    while (i < METRICS_N_BUCKETS - 1 && result->took_ms > bounds[i])
        i++;
    m->latency[i]++;
}

static void put_head(struct ov_buf *b, const char *name, const char *type,
                     const char *help)
{
    ov_put_format(b, "# HELP overt_%s %s\n# TYPE overt_%s %s\n", name, help,
                  name, type);
}

static void put_one(struct ov_buf *b, const char *name, const char *type,
                    const char *help, uint64_t value)
{
    put_head(b, name, type, help);
    ov_put_format(b, "overt_%s %llu\n", name, (unsigned long long)value);
}

static void put_scans(struct ov_buf *b, const struct metrics *m)
{
    put_head(b, "scans_total", "counter", "Files and streams scanned.");
    for (unsigned s = 0; s < METRICS_N_SOURCES; s++)
        for (unsigned v = 0; v < OV_N_VERDICTS; v++)
            ov_put_format(
                b, "overt_scans_total{source=\"%s\",verdict=\"%s\"} %llu\n",
                metrics_source_name((enum desk_source)s), verdicts[v],
                (unsigned long long)m->scans[s][v]);
    put_head(b, "scanned_bytes_total", "counter", "Their bytes.");
    for (unsigned s = 0; s < METRICS_N_SOURCES; s++)
        ov_put_format(b, "overt_scanned_bytes_total{source=\"%s\"} %llu\n",
                      metrics_source_name((enum desk_source)s),
                      (unsigned long long)m->bytes[s]);
    put_head(b, "cached_total", "counter", "Answered without a scan.");
    for (unsigned s = 0; s < METRICS_N_SOURCES; s++)
        ov_put_format(b, "overt_cached_total{source=\"%s\"} %llu\n",
                      metrics_source_name((enum desk_source)s),
                      (unsigned long long)m->cached[s]);
}

static void put_latency(struct ov_buf *b, const struct metrics *m)
{
    uint64_t n = 0;

    put_head(b, "scan_seconds", "histogram",
             "From the request to its answer, waiting included.");
    for (size_t i = 0; i < METRICS_N_BUCKETS; i++) {
        n += m->latency[i];
        if (i < METRICS_N_BUCKETS - 1)
            ov_put_format(b, "overt_scan_seconds_bucket{le=\"%u.%03u\"} %llu\n",
                          bounds[i] / 1000, bounds[i] % 1000,
                          (unsigned long long)n);
        else
            ov_put_format(b, "overt_scan_seconds_bucket{le=\"+Inf\"} %llu\n",
                          (unsigned long long)n);
    }
    ov_put_format(b, "overt_scan_seconds_sum %llu.%03u\n",
                  (unsigned long long)(m->latency_ms / 1000),
                  (unsigned)(m->latency_ms % 1000));
    ov_put_format(b, "overt_scan_seconds_count %llu\n", (unsigned long long)n);
}

static void put_info(struct ov_buf *b, const struct metrics_now *now)
{
    put_head(b, "info", "gauge", "Version and rules in use.");
    ov_put_format(b, "overt_info{version=\"%s\",release=\"%llu\",rules=\"",
                  now->version, (unsigned long long)now->release);
    ov_put_hex(b, ov_span_of(now->digest, OV_WIRE_DIGEST));
    ov_put_str(b, "\"} 1\n");
    put_one(b, "ready", "gauge", "1 once rules are open.", now->is_ready);
    put_one(b, "start_time_seconds", "gauge", "When the daemon started.",
            (uint64_t)now->started);
    if (now->rules_time > 0 && now->now >= now->rules_time)
        put_one(b, "rules_age_seconds", "gauge", "Since the rules were made.",
                (uint64_t)(now->now - now->rules_time));
}

static void put_updates(struct ov_buf *b, const struct metrics_updates *u)
{
    static const char *const results[METRICS_N_UPDATES] = {
        [METRICS_UPDATE_INSTALLED] = "installed",
        [METRICS_UPDATE_CURRENT] = "current",
        [METRICS_UPDATE_REFUSED] = "refused",
        [METRICS_UPDATE_FAILED] = "failed",
    };

    put_head(b, "updates_total", "counter", "Updates that the daemon made.");
    for (unsigned i = 0; i < METRICS_N_UPDATES; i++)
        ov_put_format(b, "overt_updates_total{result=\"%s\"} %llu\n",
                      results[i], (unsigned long long)u->n[i]);
    put_one(b, "update_interval_seconds", "gauge",
            "How often it makes them, about; 0: never.", u->every);
    if (u->good > 0)
        put_one(b, "update_good_time_seconds", "gauge",
                "The last update in which all was well.", (uint64_t)u->good);
    if (u->next > 0)
        put_one(b, "update_next_time_seconds", "gauge", "The next update.",
                (uint64_t)u->next);
}

static void put_openings(struct ov_buf *b, const struct ov_wire_guard_counts *c)
{
    put_head(b, "guard_openings_total", "counter",
             "Openings that the kernel has asked the guard about.");
    ov_put_format(b, "overt_guard_openings_total{answer=\"ignored\"} %llu\n",
                  (unsigned long long)c->n_ignored);
    ov_put_format(b, "overt_guard_openings_total{answer=\"allowed\"} %llu\n",
                  (unsigned long long)c->n_allowed);
    ov_put_format(b, "overt_guard_openings_total{answer=\"denied\"} %llu\n",
                  (unsigned long long)c->n_denied);
    put_one(b, "guard_written_total", "counter",
            "Files that the guard had looked at after a change.", c->n_written);
}

static void put_guard(struct ov_buf *b, const struct metrics_guard *g)
{
    put_openings(b, &g->openings);
    put_one(b, "guard_asked_total", "counter",
            "Files that the guard has asked about.", g->n_asked);
    put_one(b, "guard_denied_total", "counter",
            "Openings denied because of what was found.", g->n_denied);
    put_one(b, "guard_deadlines_total", "counter",
            "Openings decided without an answer, by on-deadline.", g->n_late);
    put_one(b, "guard_forgets_total", "counter",
            "Times the guard was told to ask about all files again.",
            g->n_forgets);
    put_one(b, "guard_starts_total", "counter", "Guards started.", g->n_starts);
    put_one(b, "guard_questions", "gauge", "Questions without an answer yet.",
            g->n_waiting);
}

static void put_cloud(struct ov_buf *b, const struct metrics_cloud *c)
{
    put_head(b, "cloud_lookups_total", "counter",
             "Programs looked up in the reputation cloud.");
    ov_put_format(b, "overt_cloud_lookups_total{answer=\"good\"} %llu\n",
                  (unsigned long long)c->n_good);
    ov_put_format(b, "overt_cloud_lookups_total{answer=\"bad\"} %llu\n",
                  (unsigned long long)c->n_bad);
    ov_put_format(b, "overt_cloud_lookups_total{answer=\"unknown\"} %llu\n",
                  (unsigned long long)c->n_unknown);
    put_one(b, "cloud_late_total", "counter",
            "Look-ups without an answer in time.", c->n_late);
}

void metrics_put(struct ov_buf *b, const struct metrics *m,
                 const struct metrics_now *now)
{
    const struct ov_pool_state *p = &now->desk.pool;

    put_info(b, now);
    put_updates(b, now->updates);
    put_scans(b, m);
    put_latency(b, m);
    put_guard(b, &now->guard);
    put_cloud(b, &now->cloud);
    put_one(b, "queue_length", "gauge", "Requests in line.",
            now->desk.n_waiting);
    put_one(b, "running", "gauge", "Requests with the workers.",
            now->desk.n_running);
    put_one(b, "connections", "gauge", "Clients that are connected.",
            now->n_connections);
    put_one(b, "workers", "gauge", "Workers at most.", now->desk.n_workers);
    put_one(b, "worker_crashes_total", "counter", "Workers that died.",
            p->n_crashes);
    put_one(b, "worker_timeouts_total", "counter",
            "Workers that were ended because a file took too long.",
            p->n_timeouts);
    put_one(b, "reloads_total", "counter", "Other rules taken.", m->reloads);
    put_one(b, "refused_reloads_total", "counter",
            "Other rules that could not be taken.", m->refused_reloads);
    put_one(b, "events_lost_total", "counter", "Events not told.",
            now->n_events_lost);
    put_head(b, "memory_bytes", "gauge",
             "Private memory; the rules are mapped once and not in it.");
    ov_put_format(b, "overt_memory_bytes{process=\"overtd\"} %llu\n",
                  (unsigned long long)now->own_memory);
    ov_put_format(b, "overt_memory_bytes{process=\"workers\"} %llu\n",
                  (unsigned long long)now->workers_memory);
}

static void put_pair(struct ov_buf *b, const char *name, uint64_t value)
{
    ov_put_format(b, ",\"%s\":%llu", name, (unsigned long long)value);
}

void metrics_put_json(struct ov_buf *b, const struct metrics *m,
                      const struct metrics_now *now)
{
    const struct ov_pool_state *p = &now->desk.pool;

    ov_put_format(b, "{\"version\":\"%s\",\"ready\":%s", now->version,
                  now->is_ready ? "true" : "false");
    put_pair(b, "started", (uint64_t)now->started);
    put_pair(b, "release", now->release);
    ov_put_str(b, ",\"rules\":\"");
    ov_put_hex(b, ov_span_of(now->digest, OV_WIRE_DIGEST));
    ov_put_u8(b, '"');
    put_pair(b, "rules_time", (uint64_t)now->rules_time);
    put_pair(b, "workers", now->desk.n_workers);
    put_pair(b, "worker_crashes", p->n_crashes);
    put_pair(b, "worker_timeouts", p->n_timeouts);
    put_pair(b, "connections", now->n_connections);
    put_pair(b, "waiting", now->desk.n_waiting);
    put_pair(b, "running", now->desk.n_running);
    put_pair(b, "scans", now->desk.n_done);
    put_pair(b, "bytes", now->desk.n_bytes);
    for (unsigned v = 0; v < OV_N_VERDICTS; v++)
        put_pair(b, verdicts[v], now->desk.by_verdict[v]);
    put_pair(b, "reloads", m->reloads);
    put_pair(b, "refused_reloads", m->refused_reloads);
    put_pair(b, "events_lost", now->n_events_lost);
    put_pair(b, "update_interval", now->updates->every);
    put_pair(b, "update_last", (uint64_t)now->updates->last);
    put_pair(b, "update_good", (uint64_t)now->updates->good);
    put_pair(b, "update_next", (uint64_t)now->updates->next);
    ov_put_format(b, ",\"update_result\":\"%s\"", now->updates->result);
    put_pair(b, "memory", now->own_memory);
    put_pair(b, "workers_memory", now->workers_memory);
    ov_put_str(b, "}\n");
}
