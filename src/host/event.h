/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Something happened that people or their tools want to know: one of the
 * catalogue (event.def) with its fields. Made where it happens, told at once
 * (event_log.h), and not kept. */

enum event_severity {
    EVENT_INFO,
    EVENT_NOTICE,
    EVENT_WARNING,
    EVENT_ERROR,
    EVENT_ALERT
};

enum event_id {
#define EVENT(id, word, severity, message, kind, category, type, sentence)     \
    EVENT_ID_##id,
#include "host/event.def"
#undef EVENT
    EVENT_N_IDS
};

enum event_field {
#define FIELD(id, word, object, name, cef, label) EVENT_##id,
#include "host/event.def"
#undef FIELD
    EVENT_N_FIELDS
};

enum event_value {
    EVENT_UNKNOWN,
    EVENT_IS_TEXT,
    EVENT_IS_NUMBER
};

struct event {
    enum event_id id;
    int64_t time_ms; /* since 1970, UTC */

    struct event_content {
        enum event_value is;
        struct ov_span text; /* borrowed until it is told */
        uint64_t number;
    } fields[EVENT_N_FIELDS];
};

/* Of now, without fields. */
struct event event_of(enum event_id id);

/* Sets a field. Text may hold any bytes, and is cut at 4096; NULL: not known.
 * Borrows. */
void event_text(struct event *e, enum event_field field, const char *text);
void event_span(struct event *e, enum event_field field, struct ov_span text);
void event_number(struct event *e, enum event_field field, uint64_t n);

/* ---- the catalogue ---- */

struct event_about {
    const char *word; /* "detection" */
    enum event_severity severity;
    const char *message_id; /* 32 hexadecimal digits */
    const char *kind;       /* of ECS */
    const char *category;
    const char *type;
    const char *sentence;
};

struct event_field_about {
    const char *word;
    const char *ecs_object;
    const char *ecs_name;
    const char *cef_key;
    const char *cef_label; /* or NULL */
};

const struct event_about *event_about(enum event_id id);
const struct event_field_about *event_field_about(enum event_field field);
const char *event_severity_word(enum event_severity s);

/* ---- formats ---- */

/* Who tells. Borrowed. */
struct event_teller {
    const char *program; /* "overtd" */
    const char *version;
    const char *host;
    unsigned pid;
};

/* For people: one line without its end, escaped. */
void event_put_sentence(struct ov_buf *b, const struct event *e);
/* "2026-11-23T12:00:00.123Z" */
void event_put_time(struct ov_buf *b, int64_t time_ms);

/* One JSON object: type, event, time, severity, message, then the fields; texts
 * that are not UTF-8 a second time in hexadecimal, as "path_bytes". No line
 * end. */
void event_put_json(struct ov_buf *b, const struct event_teller *t,
                    const struct event *e);
/* ArcSight Common Event Format, version 0: the record without syslog's head. */
void event_put_cef(struct ov_buf *b, const struct event_teller *t,
                   const struct event *e);
/* Elastic Common Schema 8.11: one JSON object. */
void event_put_ecs(struct ov_buf *b, const struct event_teller *t,
                   const struct event *e);
/* A datagram for /run/systemd/journal/socket. Texts are exact. */
void event_put_journal(struct ov_buf *b, const struct event_teller *t,
                       const struct event *e);
/* Syslog's head as receivers of CEF want it (RFC 3164 section 4.1), in UTC;
 * with the host's name only for another machine. */
void event_put_syslog(struct ov_buf *b, const struct event_teller *t,
                      const struct event *e, bool has_host);
/* NAME=value, each with a NUL behind it: an environment for a command. Texts
 * are exact up to a NUL. */
void event_put_environment(struct ov_buf *b, const struct event *e);
