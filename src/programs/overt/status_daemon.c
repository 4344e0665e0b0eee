/* SPDX-License-Identifier: Apache-2.0 */
#include "status_daemon.h"

#include <time.h>

#include "daemon_page.h"

#define DIGEST_SHOWN 16

static void put_since(struct out *o, uint64_t seconds)
{
    time_t t = (time_t)seconds;
    char text[32];
    struct tm tm;

    if (gmtime_r(&t, &tm) != NULL &&
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm) > 0)
        out_format(o, "%s", text);
}

/* Only if the daemon makes them: others are told by the state. */
static void put_updates(struct out *o, const struct ov_json *j)
{
    uint64_t last = daemon_number(j, "update_last");

    if (daemon_number(j, "update_interval") == 0)
        return;
    out_format(o, "         updates: next ");
    put_since(o, daemon_number(j, "update_next"));
    if (last != 0) {
        out_format(o, ", last ");
        put_since(o, last);
        out_format(o, " (");
        out_escaped(o, daemon_text(j, "update_result"));
        out_format(o, ")");
    }
    out_format(o, "\n");
}

static void put_people(struct out *o, const struct ov_json *j)
{
    struct ov_span rules = daemon_text(j, "rules");
    uint64_t release = daemon_number(j, "release");

    out_format(o, "overtd   ");
    out_escaped(o, daemon_text(j, "version"));
    out_format(o, " since ");
    put_since(o, daemon_number(j, "started"));
    out_format(o, "; rules ");
    if (release != 0)
        out_format(o, "of release %llu, ", (unsigned long long)release);
    out_escaped(o, ov_span_clip(rules, 0, DIGEST_SHOWN));
    out_format(o,
               "\n         %llu workers (%llu died, %llu too slow), %llu "
               "clients, %llu waiting, %llu running\n",
               (unsigned long long)daemon_number(j, "workers"),
               (unsigned long long)daemon_number(j, "worker_crashes"),
               (unsigned long long)daemon_number(j, "worker_timeouts"),
               (unsigned long long)daemon_number(j, "connections"),
               (unsigned long long)daemon_number(j, "waiting"),
               (unsigned long long)daemon_number(j, "running"));
    out_format(o,
               "         %llu scans: %llu detected, %llu inconclusive; %llu "
               "MiB; %llu MiB of memory\n",
               (unsigned long long)daemon_number(j, "scans"),
               (unsigned long long)(daemon_number(j, "detected") +
                                    daemon_number(j, "unwanted")),
               (unsigned long long)daemon_number(j, "inconclusive"),
               (unsigned long long)(daemon_number(j, "bytes") >> 20),
               (unsigned long long)((daemon_number(j, "memory") +
                                     daemon_number(j, "workers_memory")) >>
                                    20));
    put_updates(o, j);
}

void status_daemon_print(struct out *o, const char *control, bool is_json)
{
    struct daemon_page page = {0};
    struct ov_diag diag = {0};
    const char *place;
    enum ov_status status;

    if (!daemon_place(control, &place))
        return;
    status = daemon_page_get(place, "/status", &page, &diag);
    if (is_json) {
        out_format(o, ",\"overtd\":");
        if (status == OV_OK)
            ov_put_span(&o->text, ov_buf_span(&page.text));
        else
            out_format(o, "null");
    } else if (status == OV_OK) {
        put_people(o, page.json);
    } else {
        out_format(o, "overtd   ");
        out_escaped(o, ov_span_str(status == OV_NOT_FOUND && control == NULL
                                       ? "does not run"
                                       : diag.text));
        out_format(o, "\n");
    }
    daemon_page_done(&page);
}
