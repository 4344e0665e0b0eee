/* SPDX-License-Identifier: Apache-2.0 */
#include "host/quarantine_json.h"

#include "base/text.h"
#include "host/when.h"

/* The same object for overt quarantine --json and for the HTTP API. */

static void put_text(struct out *o, const char *name, struct ov_span text)
{
    out_format(o, ",\"%s\":", name);
    out_json(o, text);
}

static void put_hex(struct out *o, const char *name, struct ov_span bytes)
{
    out_format(o, ",\"%s\":\"", name);
    ov_put_hex(&o->text, bytes);
    out_format(o, "\"");
}

static void put_number(struct out *o, const char *name, uint64_t n)
{
    out_format(o, ",\"%s\":%llu", name, (unsigned long long)n);
}

static void put_moment(struct out *o, const char *name, int64_t t)
{
    out_format(o, ",\"%s\":\"", name);
    when_put(&o->text, t);
    out_format(o, "\"");
}

static void put_attributes(struct out *o, const struct quarantine_meta *m)
{
    struct ov_reader r = ov_reader_over(m->attributes);
    const char *comma = "";
    struct ov_span name;
    struct ov_span value;

    out_format(o, ",\"attributes\":[");
    while (quarantine_attribute(&r, &name, &value)) {
        out_format(o, "%s", comma);
        out_json(o, name);
        comma = ",";
    }
    out_format(o, "]");
}

void quarantine_put_json(struct out *o, const char *id,
                         const struct quarantine_meta *m)
{
    out_format(o, "{\"id\":\"%s\"", id);
    put_text(o, "path", m->path);
    put_hex(o, "path_bytes", m->path);
    put_number(o, "size", m->size);
    put_hex(o, "sha256", ov_span_of(m->digest, sizeof(m->digest)));
    put_number(o, "uid", m->uid);
    put_number(o, "gid", m->gid);
    put_text(o, "owner", m->owner);
    put_text(o, "group", m->group);
    out_format(o, ",\"mode\":\"%04o\"", m->mode);
    put_number(o, "links", m->n_links);
    put_moment(o, "modified", m->modified.seconds);
    put_attributes(o, m);
    put_text(o, "rule", m->rule);
    put_text(o, "source", m->source);
    put_number(o, "line", m->line);
    put_text(o, "kind", m->kind);
    put_text(o, "explanation", m->explanation);
    put_moment(o, "when", m->when);
    put_number(o, "by_uid", m->by_uid);
    put_text(o, "by", m->by);
    out_format(o, "}\n");
}
