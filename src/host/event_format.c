/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "host/event.h"

/* Events as tools read them. A file name may hold any byte, and an attacker
 * chooses it: each format escapes what would end a value or begin another.
 *
 * - JSON: RFC 8259; bytes that are not UTF-8 are replaced, and given exactly in
 *   hexadecimal beside.
 * - CEF: "Implementing ArcSight Common Event Format", version 26. In the header
 *   "\" and "|" are escaped, in the extension "\" and "="; line ends become \n
 *   and \r, and other controls, which no rule of it covers, are made visible.
 * - ECS: elastic.co, Elastic Common Schema 8.11, nested.
 * - Journal: systemd's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL).
 *   Values with a line end are sent with their length, so that a name cannot
 *   begin a field. */

#define SYSLOG_DAEMON 3u /* facility, RFC 3164 section 4.1.1 */
#define CEF_DEVICE "CEF:0|Overt|Overt|"

static const struct {
    unsigned syslog; /* RFC 3164 severity, and the journal's PRIORITY */
    unsigned cef;    /* 0 to 10 */
} severities[] = {
    [EVENT_INFO] = {6, 1},  [EVENT_NOTICE] = {5, 3}, [EVENT_WARNING] = {4, 6},
    [EVENT_ERROR] = {3, 7}, [EVENT_ALERT] = {1, 9},
};

static void put_number(struct ov_buf *b, uint64_t n)
{
    ov_put_format(b, "%llu", (unsigned long long)n);
}

static void put_quoted(struct ov_buf *b, struct ov_span text)
{
    ov_put_u8(b, '"');
    ov_put_json(b, text);
    ov_put_u8(b, '"');
}

/* ,"name":"text" */
static void put_member(struct ov_buf *b, const char *name, const char *text)
{
    ov_put_format(b, ",\"%s\":", name);
    put_quoted(b, ov_span_str(text));
}

static void put_json_value(struct ov_buf *b, const struct event_content *c)
{
    if (c->is == EVENT_IS_TEXT)
        put_quoted(b, c->text);
    else
        put_number(b, c->number);
}

static void put_json_sentence(struct ov_buf *b, const struct event *e)
{
    OV_AUTO_DONE(buf) words = ov_buf_with_max(b->max);

    event_put_sentence(&words, e);
    put_quoted(b, ov_buf_span(&words));
}

/* ---- JSON ---- */

void event_put_json(struct ov_buf *b, const struct event_teller *t,
                    const struct event *e)
{
    const struct event_about *about = event_about(e->id);

    ov_put_format(b, "{\"type\":\"event\",\"event\":\"%s\",\"time\":\"",
                  about->word);
    event_put_time(b, e->time_ms);
    ov_put_format(b, "\",\"severity\":\"%s\"",
                  event_severity_word(about->severity));
    put_member(b, "host", t->host);
    put_member(b, "program", t->program);
    ov_put_str(b, ",\"message\":");
    put_json_sentence(b, e);
    for (unsigned i = 0; i < EVENT_N_FIELDS; i++) {
        const struct event_content *c = &e->fields[i];
        const char *word = event_field_about((enum event_field)i)->word;

        if (c->is == EVENT_UNKNOWN)
            continue;
        ov_put_format(b, ",\"%s\":", word);
        put_json_value(b, c);
        if (c->is == EVENT_IS_TEXT && !ov_is_utf8(c->text)) {
            ov_put_format(b, ",\"%s_bytes\":\"", word);
            ov_put_hex(b, c->text);
            ov_put_u8(b, '"');
        }
    }
    ov_put_u8(b, '}');
}

/* ---- CEF ---- */

static const char *cef_escape(uint8_t c, bool is_header)
{
    switch (c) {
    case '\\':
        return "\\\\";
    case '|':
        return is_header ? "\\|" : NULL;
    case '=':
        return is_header ? NULL : "\\=";
    case '\n':
        return is_header ? " " : "\\n";
    case '\r':
        return is_header ? " " : "\\r";
    default:
        return NULL;
    }
}

static void put_cef(struct ov_buf *b, struct ov_span s, bool is_header)
{
    while (s.len > 0) {
        const char *escape = cef_escape(s.ptr[0], is_header);
        size_t len = ov_utf8_len(s);

        if (len == 0)
            len = 1;
        if (escape != NULL) {
            ov_put_str(b, escape);
        } else {
            OV_AUTO_DONE(buf) seen = ov_buf_with_max(64);

            /* At most \xNN a byte, whose backslash is one of CEF's. */
            ov_put_escaped(&seen, ov_span_clip(s, 0, len));
            for (size_t i = 0; i < seen.len; i++) {
                if (seen.ptr[i] == '\\')
                    ov_put_u8(b, '\\');
                ov_put_u8(b, seen.ptr[i]);
            }
        }
        s = ov_span_clip(s, len, s.len);
    }
}

static void put_cef_pair(struct ov_buf *b, const char *key,
                         const struct event_content *c)
{
    ov_put_format(b, " %s=", key);
    if (c->is == EVENT_IS_TEXT)
        put_cef(b, c->text, false);
    else
        put_number(b, c->number);
}

void event_put_cef(struct ov_buf *b, const struct event_teller *t,
                   const struct event *e)
{
    const struct event_about *about = event_about(e->id);
    OV_AUTO_DONE(buf) words = ov_buf_with_max(b->max);

    event_put_sentence(&words, e);
    ov_put_str(b, CEF_DEVICE);
    put_cef(b, ov_span_str(t->version), true);
    ov_put_format(b, "|%s|%s|%u|rt=%lld", about->word, about->word,
                  severities[about->severity].cef, (long long)e->time_ms);
    ov_put_str(b, " dvchost=");
    put_cef(b, ov_span_str(t->host), false);
    ov_put_format(b, " dvcpid=%u msg=", t->pid);
    /* Its backslashes are escapes for people already: once more for CEF. */
    for (size_t i = 0; i < words.len; i++) {
        const char *escape = cef_escape(words.ptr[i], false);

        if (escape != NULL)
            ov_put_str(b, escape);
        else
            ov_put_u8(b, words.ptr[i]);
    }
    for (unsigned i = 0; i < EVENT_N_FIELDS; i++) {
        const struct event_field_about *f =
            event_field_about((enum event_field)i);

        if (e->fields[i].is == EVENT_UNKNOWN)
            continue;
        put_cef_pair(b, f->cef_key, &e->fields[i]);
        if (f->cef_label != NULL)
            ov_put_format(b, " %sLabel=%s", f->cef_key, f->cef_label);
    }
}

void event_put_syslog(struct ov_buf *b, const struct event_teller *t,
                      const struct event *e, bool has_host)
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    enum event_severity severity = event_about(e->id)->severity;
    time_t seconds = (time_t)(e->time_ms / 1000);
    struct tm tm = {0};

    (void)!gmtime_r(&seconds, &tm); /* only fails for years beyond int */
    ov_put_format(b, "<%u>%s %2d %02d:%02d:%02d ",
                  SYSLOG_DAEMON * 8 + severities[severity].syslog,
                  months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min,
                  tm.tm_sec);
    if (has_host)
        ov_put_format(b, "%s ", t->host);
    else
        ov_put_format(b, "%s[%u]: ", t->program, t->pid);
}

/* ---- ECS ---- */

static void put_ecs_fields(struct ov_buf *b, const struct event *e)
{
    const char *object = NULL;

    for (unsigned i = 0; i < EVENT_N_FIELDS; i++) {
        const struct event_field_about *f =
            event_field_about((enum event_field)i);
        const char *dot = strchr(f->ecs_name, '.');
        bool is_first = object == NULL || strcmp(object, f->ecs_object) != 0;

        if (e->fields[i].is == EVENT_UNKNOWN)
            continue;
        if (is_first)
            ov_put_format(b, "%s,\"%s\":{", object != NULL ? "}" : "",
                          f->ecs_object);
        object = f->ecs_object;
        if (!is_first)
            ov_put_u8(b, ',');
        if (dot != NULL)
            ov_put_format(b, "\"%.*s\":{\"%s\":", (int)(dot - f->ecs_name),
                          f->ecs_name, dot + 1);
        else
            ov_put_format(b, "\"%s\":", f->ecs_name);
        put_json_value(b, &e->fields[i]);
        if (dot != NULL)
            ov_put_u8(b, '}');
    }
    if (object != NULL)
        ov_put_u8(b, '}');
}

void event_put_ecs(struct ov_buf *b, const struct event_teller *t,
                   const struct event *e)
{
    const struct event_about *about = event_about(e->id);

    ov_put_str(b, "{\"@timestamp\":\"");
    event_put_time(b, e->time_ms);
    ov_put_format(b,
                  "\",\"ecs\":{\"version\":\"8.11.0\"},\"event\":{"
                  "\"kind\":\"%s\",\"category\":[\"%s\"],\"type\":[\"%s\"],"
                  "\"action\":\"%s\",\"code\":\"%s\",\"severity\":%u,"
                  "\"module\":\"overt\",\"dataset\":\"overt.events\"},"
                  "\"log\":{\"level\":\"%s\"}",
                  about->kind, about->category, about->type, about->word,
                  about->message_id, severities[about->severity].cef,
                  event_severity_word(about->severity));
    ov_put_str(b, ",\"host\":{\"hostname\":");
    put_quoted(b, ov_span_str(t->host));
    ov_put_str(b, "},\"observer\":{\"vendor\":\"Overt\",\"product\":\"Overt\","
                  "\"type\":\"antivirus\",\"version\":");
    put_quoted(b, ov_span_str(t->version));
    ov_put_str(b, "},\"message\":");
    put_json_sentence(b, e);
    put_ecs_fields(b, e);
    ov_put_u8(b, '}');
}

/* ---- journal, environment ---- */

static void put_upper(struct ov_buf *b, const char *word)
{
    for (const char *at = word; *at != '\0'; at++)
        ov_put_u8(b, *at >= 'a' && *at <= 'z' ? (uint8_t)(*at - 'a' + 'A')
                                              : (uint8_t)*at);
}

static void put_journal_value(struct ov_buf *b, struct ov_span value)
{
    if (value.len > 0 && memchr(value.ptr, '\n', value.len) != NULL) {
        ov_put_u8(b, '\n');
        ov_put_u64(b, value.len); /* little-endian, as it wants it */
    } else {
        ov_put_u8(b, '=');
    }
    ov_put_span(b, value);
    ov_put_u8(b, '\n');
}

void event_put_journal(struct ov_buf *b, const struct event_teller *t,
                       const struct event *e)
{
    const struct event_about *about = event_about(e->id);

    ov_put_str(b, "MESSAGE=");
    event_put_sentence(b, e); /* escaped: no line end in it */
    ov_put_format(b,
                  "\nMESSAGE_ID=%s\nPRIORITY=%u\nSYSLOG_IDENTIFIER=%s\n"
                  "SYSLOG_FACILITY=%u\nOVERT_EVENT=%s\n",
                  about->message_id, severities[about->severity].syslog,
                  t->program, SYSLOG_DAEMON, about->word);
    for (unsigned i = 0; i < EVENT_N_FIELDS; i++) {
        const struct event_content *c = &e->fields[i];

        if (c->is == EVENT_UNKNOWN)
            continue;
        ov_put_str(b, "OVERT_");
        put_upper(b, event_field_about((enum event_field)i)->word);
        if (c->is == EVENT_IS_TEXT)
            put_journal_value(b, c->text);
        else
            ov_put_format(b, "=%llu\n", (unsigned long long)c->number);
    }
}

void event_put_environment(struct ov_buf *b, const struct event *e)
{
    const struct event_about *about = event_about(e->id);

    ov_put_format(b, "OVERT_EVENT=%s", about->word);
    ov_put_u8(b, 0);
    ov_put_format(b, "OVERT_SEVERITY=%s", event_severity_word(about->severity));
    ov_put_u8(b, 0);
    ov_put_str(b, "OVERT_TIME=");
    event_put_time(b, e->time_ms);
    ov_put_u8(b, 0);
    ov_put_str(b, "OVERT_MESSAGE=");
    event_put_sentence(b, e);
    ov_put_u8(b, 0);
    for (unsigned i = 0; i < EVENT_N_FIELDS; i++) {
        const struct event_content *c = &e->fields[i];
        const uint8_t *nul = NULL;

        if (c->is == EVENT_UNKNOWN)
            continue;
        ov_put_str(b, "OVERT_");
        put_upper(b, event_field_about((enum event_field)i)->word);
        ov_put_u8(b, '=');
        if (c->is == EVENT_IS_TEXT && c->text.len > 0)
            nul = memchr(c->text.ptr, 0, c->text.len);
        if (c->is == EVENT_IS_NUMBER)
            put_number(b, c->number);
        else
            ov_put_span(b, nul != NULL ? ov_span_of(c->text.ptr,
                                                    (size_t)(nul - c->text.ptr))
                                       : c->text);
        ov_put_u8(b, 0);
    }
}
