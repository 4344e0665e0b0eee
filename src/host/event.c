/* SPDX-License-Identifier: Apache-2.0 */
#include "host/event.h"

#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/text.h"

/* The catalogue, and the words for people. What an event says is decided here
 * and in event.def; how it is written for a tool, in event_format.c. */

#define MAX_TEXT ((size_t)4096)

static const struct event_about events[] = {
#define EVENT(id, word, severity, message, kind, category, type, sentence)     \
    {word, EVENT_##severity, message, kind, category, type, sentence},
#include "host/event.def"
#undef EVENT
};

static const struct event_field_about fields[] = {
#define FIELD(id, word, object, name, cef, label)                              \
    {word, object, name, cef, label},
#include "host/event.def"
#undef FIELD
};

const struct event_about *event_about(enum event_id id)
{
    OV_ASSERT(id < EVENT_N_IDS);
    return &events[id];
}

const struct event_field_about *event_field_about(enum event_field field)
{
    OV_ASSERT(field < EVENT_N_FIELDS);
    return &fields[field];
}

const char *event_severity_word(enum event_severity s)
{
    static const char *const words[] = {"info", "notice", "warning", "error",
                                        "alert"};

    return words[s];
}

struct event event_of(enum event_id id)
{
    struct event e = {.id = id};
    struct timespec now;

    (void)!clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
    e.time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return e;
}

void event_span(struct event *e, enum event_field field, struct ov_span text)
{
    e->fields[field] = (struct event_content){
        EVENT_IS_TEXT, ov_span_clip(text, 0, MAX_TEXT), 0};
}

void event_text(struct event *e, enum event_field field, const char *text)
{
    if (text != NULL)
        event_span(e, field, ov_span_str(text));
}

void event_number(struct event *e, enum event_field field, uint64_t n)
{
    e->fields[field] =
        (struct event_content){.is = EVENT_IS_NUMBER, .number = n};
}

/* ---- sentences ---- */

static bool find_field(struct ov_span word, enum event_field *ret)
{
    for (unsigned i = 0; i < EVENT_N_FIELDS; i++) {
        if (ov_span_equal(word, ov_span_str(fields[i].word))) {
            *ret = (enum event_field)i;
            return true;
        }
    }
    return false;
}

static void put_content(struct ov_buf *b, const struct event_content *c)
{
    if (c->is == EVENT_IS_TEXT)
        ov_put_escaped(b, c->text);
    else if (c->is == EVENT_IS_NUMBER)
        ov_put_format(b, "%llu", (unsigned long long)c->number);
    else
        ov_put_u8(b, '?');
}

/* Writes a part of a sentence; whether all its fields are known. */
static bool put_part(struct ov_buf *b, const struct event *e,
                     struct ov_span part)
{
    bool is_known = true;
    size_t at = 0;

    while (at < part.len) {
        const uint8_t *end = NULL;
        enum event_field field;

        if (part.ptr[at] == '{')
            end = memchr(part.ptr + at, '}', part.len - at);
        if (end == NULL) {
            ov_put_u8(b, part.ptr[at++]);
            continue;
        }
        size_t stop = (size_t)(end - part.ptr);

        if (find_field(ov_span_of(part.ptr + at + 1, stop - at - 1), &field)) {
            put_content(b, &e->fields[field]);
            is_known &= e->fields[field].is != EVENT_UNKNOWN;
        }
        at = stop + 1;
    }
    return is_known;
}

void event_put_sentence(struct ov_buf *b, const struct event *e)
{
    struct ov_span rest = ov_span_str(events[e->id].sentence);

    while (rest.len > 0) {
        bool is_optional = rest.ptr[0] == '[';
        const uint8_t *end =
            memchr(rest.ptr, is_optional ? ']' : '[', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.ptr) : rest.len;
        size_t before = b->len;

        if (!put_part(b, e,
                      ov_span_of(rest.ptr + is_optional, len - is_optional)) &&
            is_optional)
            b->len = before;
        rest = ov_span_clip(rest, len + is_optional, rest.len);
    }
}

void event_put_time(struct ov_buf *b, int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    char text[32];
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        text[0] = '\0';
    ov_put_format(b, "%s.%03uZ", text, (unsigned)(time_ms % 1000));
}
