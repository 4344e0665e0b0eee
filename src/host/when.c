/* SPDX-License-Identifier: Apache-2.0 */
#include "host/when.h"

#include <time.h>

#include "base/text.h"
#include "host/option.h"

/* Days are counted with gmtime_r(3) and timegm(3); what they make of a date
 * that there is not (February 30) is another date, and so is noticed. */

#define LAST INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define DAY 86400

void when_put(struct ov_buf *b, int64_t t)
{
    time_t then = (time_t)(t < 0 ? 0 : t > LAST ? LAST : t);
    struct tm tm;

    if (gmtime_r(&then, &tm) == NULL)
        return;
    ov_put_format(b, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
                  tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The number at `at`, of len digits. */
static bool read_part(struct ov_span text, size_t at, size_t len, int *ret)
{
    uint64_t n;

    if (!ov_parse_uint(ov_span_clip(text, at, len), 9999, &n))
        return false;
    *ret = (int)n;
    return true;
}

static bool read_date(struct ov_span text, struct tm *tm)
{
    if (text.len < 10 || ov_span_byte(text, 4) != '-' ||
        ov_span_byte(text, 7) != '-' || !read_part(text, 0, 4, &tm->tm_year) ||
        !read_part(text, 5, 2, &tm->tm_mon) ||
        !read_part(text, 8, 2, &tm->tm_mday))
        return false;
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return true;
}

static bool read_time(struct ov_span text, struct tm *tm)
{
    return text.len == 20 && ov_span_byte(text, 10) == 'T' &&
           ov_span_byte(text, 13) == ':' && ov_span_byte(text, 16) == ':' &&
           ov_span_byte(text, 19) == 'Z' &&
           read_part(text, 11, 2, &tm->tm_hour) &&
           read_part(text, 14, 2, &tm->tm_min) &&
           read_part(text, 17, 2, &tm->tm_sec);
}

static bool finish(const struct tm *tm, int64_t *ret)
{
    struct tm same = *tm;
    time_t t = timegm(&same);

    if (t < 0 || t > LAST || same.tm_mday != tm->tm_mday ||
        same.tm_mon != tm->tm_mon || same.tm_year != tm->tm_year ||
        same.tm_hour != tm->tm_hour || same.tm_min != tm->tm_min ||
        same.tm_sec != tm->tm_sec)
        return false;
    *ret = (int64_t)t;
    return true;
}

bool when_read(struct ov_span text, int64_t *ret)
{
    struct tm tm = {.tm_isdst = 0};

    return read_date(text, &tm) && read_time(text, &tm) && finish(&tm, ret);
}

bool when_read_until(const char *text, int64_t now, int64_t *ret)
{
    struct ov_span s = ov_span_str(text);
    struct tm tm = {.tm_isdst = 0};
    uint64_t ms;

    if (option_time(text, &ms)) {
        *ret = now + (int64_t)(ms / 1000);
        return true;
    }
    if (s.len != 10)
        return when_read(s, ret);
    if (!read_date(s, &tm) || !finish(&tm, ret))
        return false;
    *ret += DAY - 1;
    return true;
}
