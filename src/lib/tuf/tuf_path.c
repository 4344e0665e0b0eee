/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "crypto/digest.h"
#include "tuf/tuf_metadata.h"

/* Which paths a delegation is for, and dates: the small grammars of TUF
 * (specification 1.0.34: 4.5 for paths, 4.2 for date-time).
 *
 * In a pattern '*' stands for any bytes and '?' for one, neither for '/'. All
 * else, brackets too, stands for itself. To try a '*' again only the last one
 * need be kept: an earlier one that took more would leave the last one less to
 * choose from. So a match costs at most pattern times path. */

bool ov_tuf_pattern_matches(struct ov_span pattern, struct ov_span path)
{
    size_t p = 0;
    size_t at = 0;
    size_t star = SIZE_MAX; /* behind the last '*' */
    size_t taken = 0;       /* where what that '*' takes ends */

    while (at < path.len) {
        int want = ov_span_byte(pattern, p);
        int have = ov_span_byte(path, at);

        if (want == '*') {
            star = ++p;
            taken = at;
        } else if (want == have || (want == '?' && have != '/')) {
            p++;
            at++;
        } else if (star != SIZE_MAX && ov_span_byte(path, taken) != '/') {
            p = star;
            at = ++taken;
        } else {
            return false;
        }
    }
    while (ov_span_byte(pattern, p) == '*')
        p++;
    return p == pattern.len;
}

static enum ov_status matches_prefix(const struct ov_json *prefixes,
                                     struct ov_span path, bool *ret)
{
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(2 * OV_DIGEST_MAX);
    uint8_t digest[OV_DIGEST_MAX];

    *ret = false;
    OV_TRY(ov_digest(OV_SHA256, path, digest));
    ov_put_hex(&hex, ov_span_of(digest, sizeof(digest)));
    OV_TRY(ov_buf_status(&hex));
    for (const struct ov_json *p = prefixes->first; p != NULL; p = p->next)
        if (ov_span_starts(ov_buf_span(&hex), p->text))
            *ret = true;
    return OV_OK;
}

enum ov_status ov_tuf_delegation_matches(const struct ov_tuf_delegation *d,
                                         struct ov_span path, bool *ret)
{
    bool does_match = false;

    if (d->prefixes != NULL)
        return matches_prefix(d->prefixes, path, ret);
    if (d->paths != NULL)
        for (const struct ov_json *p = d->paths->first; p != NULL; p = p->next)
            if (ov_tuf_pattern_matches(p->text, path))
                does_match = true;
    *ret = does_match;
    return OV_OK;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t days_in(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* Days from 1970-01-01 to the first of January of year. */
static int64_t days_before(int64_t year)
{
    int64_t y = year - 1;

    return (year - 1970) * 365 + (y / 4 - y / 100 + y / 400) -
           (1969 / 4 - 1969 / 100 + 1969 / 400);
}

/* The fields of a date-time: where, how long, from, to, and what is behind. */
struct field {
    size_t at;
    size_t len;
    uint64_t min;
    uint64_t max;
    char behind;
};

static const struct field fields[] = {
    {0, 4, 1970, 9999, '-'}, {5, 2, 1, 12, '-'},  {8, 2, 1, 31, 'T'},
    {11, 2, 0, 23, ':'},     {14, 2, 0, 59, ':'}, {17, 2, 0, 59, 'Z'},
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static bool read_field(struct ov_span s, const struct field *f, int64_t *ret)
{
    uint64_t v = 0;

    if (!ov_parse_uint(ov_span_clip(s, f->at, f->len), f->max, &v) ||
        v < f->min || ov_span_byte(s, f->at + f->len) != f->behind)
        return false;
    *ret = (int64_t)v;
    return true;
}

enum ov_status ov_tuf_parse_time(struct ov_span text, int64_t *ret)
{
    int64_t v[N_FIELDS] = {0};
    int64_t days;

    if (text.len != sizeof("1970-01-01T00:00:00Z") - 1)
        return OV_MALFORMED;
    for (size_t i = 0; i < N_FIELDS; i++)
        if (!read_field(text, &fields[i], &v[i]))
            return OV_MALFORMED;
    if (v[2] > days_in(v[0], v[1]))
        return OV_MALFORMED;
    days = days_before(v[0]) + v[2] - 1;
    for (int64_t m = 1; m < v[1]; m++)
        days += days_in(v[0], m);
    *ret = ((days * 24 + v[3]) * 60 + v[4]) * 60 + v[5];
    return OV_OK;
}

void ov_put_tuf_time(struct ov_buf *b, int64_t time)
{
    int64_t days = time / 86400;
    int64_t second = time % 86400;
    int64_t year = 1970;
    int64_t month = 1;

    while (days_before(year + 1) <= days)
        year++;
    days -= days_before(year);
    while (days >= days_in(year, month))
        days -= days_in(year, month++);
    ov_put_format(b, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month,
                  (int)days + 1, (int)(second / 3600), (int)(second / 60 % 60),
                  (int)(second % 60));
}
