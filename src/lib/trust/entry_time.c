/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "trust/entry.h"

/* Times of entries: RFC 3339 in UTC with whole seconds, in one spelling only
 * ("2026-11-22T10:00:00Z"), and dates. The calendar is the proleptic Gregorian
 * one, counted in eras of 400 years that begin on the first of March, so that
 * the leap day is the last of its year. No leap seconds, as POSIX has none. */
#define DAY 86400
#define ERA_DAYS 146097
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

static uint64_t days_of(uint64_t year, uint64_t month, uint64_t day)
{
    uint64_t of_era;
    uint64_t of_year;

    year -= month <= 2;
    of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    of_era = year % 400 * 365 + year % 400 / 4 - year % 400 / 100 + of_year;
    return year / 400 * ERA_DAYS + of_era - DAYS_TO_1970;
}

struct date {
    uint64_t year;
    uint64_t month;
    uint64_t day;
};

static struct date date_of(uint64_t days)
{
    uint64_t of_era = (days + DAYS_TO_1970) % ERA_DAYS;
    uint64_t year =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * of_year + 2) / 153;
    struct date d = {
        .year = (days + DAYS_TO_1970) / ERA_DAYS * 400 + year,
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
    };

    d.year += d.month <= 2;
    return d;
}

/* len digits at off. */
static bool digits(struct ov_span s, size_t off, size_t len, uint64_t *ret)
{
    return ov_parse_uint(ov_span_clip(s, off, len), UINT64_MAX, ret);
}

bool ov_date_parse(struct ov_span text, uint64_t *ret)
{
    struct date d;
    struct date again;
    uint64_t days;

    if (text.len != 10 || ov_span_byte(text, 4) != '-' ||
        ov_span_byte(text, 7) != '-' || !digits(text, 0, 4, &d.year) ||
        !digits(text, 5, 2, &d.month) || !digits(text, 8, 2, &d.day) ||
        d.year < 1970 || d.month < 1 || d.month > 12 || d.day < 1)
        return false;
    days = days_of(d.year, d.month, d.day);
    again = date_of(days);
    if (again.year != d.year || again.month != d.month || again.day != d.day)
        return false; /* the 31st of April */
    *ret = days * DAY;
    return true;
}

bool ov_time_parse(struct ov_span text, uint64_t *ret)
{
    uint64_t day;
    uint64_t hour;
    uint64_t minute;
    uint64_t second;

    if (text.len != 20 || ov_span_byte(text, 10) != 'T' ||
        ov_span_byte(text, 13) != ':' || ov_span_byte(text, 16) != ':' ||
        ov_span_byte(text, 19) != 'Z' ||
        !ov_date_parse(ov_span_clip(text, 0, 10), &day) ||
        !digits(text, 11, 2, &hour) || !digits(text, 14, 2, &minute) ||
        !digits(text, 17, 2, &second) || hour > 23 || minute > 59 ||
        second > 59)
        return false;
    *ret = day + hour * 3600 + minute * 60 + second;
    return true;
}

void ov_put_date(struct ov_buf *b, uint64_t time)
{
    struct date d = date_of(time / DAY);

    ov_put_format(b, "%04u-%02u-%02u", (unsigned)d.year, (unsigned)d.month,
                  (unsigned)d.day);
}

void ov_put_time(struct ov_buf *b, uint64_t time)
{
    unsigned second = (unsigned)(time % DAY);

    ov_put_date(b, time);
    ov_put_format(b, "T%02u:%02u:%02uZ", second / 3600, second / 60 % 60,
                  second % 60);
}

bool ov_period_parse(struct ov_span text, uint64_t *ret_from, uint64_t *ret_to)
{
    int half = ov_span_byte(text, 5);
    uint64_t year;

    if (text.len != 6 || ov_span_byte(text, 4) != 'H' ||
        (half != '1' && half != '2') || !digits(text, 0, 4, &year) ||
        year < 1970)
        return false;
    *ret_from = days_of(year, half == '1' ? 1 : 7, 1) * DAY;
    *ret_to =
        days_of(half == '1' ? year : year + 1, half == '1' ? 7 : 1, 1) * DAY;
    return true;
}

void ov_put_period(struct ov_buf *b, uint64_t time)
{
    struct date d = date_of(time / DAY);

    ov_put_format(b, "%04uH%c", (unsigned)d.year, d.month <= 6 ? '1' : '2');
}
