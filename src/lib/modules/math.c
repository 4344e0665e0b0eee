/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "math" (YARA documentation, "Math module"): statistics of a range
 * of the object, or of a string, and small arithmetic.
 *
 * Most statistics follow from how often each byte value occurs. These counts
 * are kept for the ranges that were asked for last: rule sets ask a few ranges
 * over and over, most of all the whole file. Each byte that is looked at costs
 * a step.
 *
 * A range that begins behind the end has no statistics (undefined), one that
 * reaches behind it is cut there; what would be a division by zero is
 * undefined. As in yara, the bytes of strings (not of ranges) are signed
 * numbers, min and max compare unsigned ones, and percentage counts in single
 * precision.
 *
 * Serial correlation and the estimate of pi are those of J. Walker's program
 * "ent" (https://www.fourmilab.ch/random/), the first one without the pair of
 * last and first byte: its place is taken by the last byte with itself. */
#include <inttypes.h>
#include <math.h>

#include "modules/module.h"

#define N_KEPT 8
#define PI 3.141592653589793

/* A point of the estimate of pi: two coordinates of three bytes. */
#define POINT_BYTES 6
#define RADIUS 16777215.0

/* Bytes and what is known of them. */
struct sample {
    struct ov_span bytes;
    bool is_text; /* its bytes are signed */
    bool has_counts;
    bool has_serial;
    bool has_pi;
    uint64_t counts[256];
    double serial;
    double pi; /* NAN: there is no point */
};

struct math_state {
    struct sample kept[N_KEPT];
    uint32_t n;
    uint32_t next;
};

static double value_of(const struct sample *s, unsigned byte)
{
    return s->is_text ? (double)(int8_t)byte : (double)byte;
}

static void count_bytes(struct sample *s)
{
    struct ov_span bytes = s->bytes;

    for (size_t i = 0; i < bytes.len; i++)
        s->counts[bytes.ptr[i]]++;
    s->has_counts = true;
}

static double entropy_of(const struct sample *s)
{
    double entropy = 0;

    for (unsigned i = 0; i < 256; i++) {
        double share = (double)s->counts[i] / (double)s->bytes.len;

        if (s->counts[i] != 0)
            entropy -= share * log2(share);
    }
    return entropy;
}

static double mean_of(const struct sample *s)
{
    double sum = 0;

    for (unsigned i = 0; i < 256; i++)
        sum += value_of(s, i) * (double)s->counts[i];
    return sum / (double)s->bytes.len;
}

static double deviation_of(const struct sample *s, double mean)
{
    double sum = 0;

    for (unsigned i = 0; i < 256; i++)
        sum += fabs(value_of(s, i) - mean) * (double)s->counts[i];
    return sum / (double)s->bytes.len;
}

static double serial_of(const struct sample *s)
{
    double n = (double)s->bytes.len;
    double last = 0, products = 0, sum = 0, squares = 0, variance;

    for (size_t i = 0; i < s->bytes.len; i++) {
        double value = value_of(s, s->bytes.ptr[i]);

        products += last * value;
        sum += value;
        squares += value * value;
        last = value;
    }
    products += last * last;
    variance = n * squares - sum * sum;
    return variance == 0 ? -100000 : (n * products - sum * sum) / variance;
}

/* A text's negative bytes are huge as coordinates: outside of the circle. */
static double coordinate(const struct sample *s, size_t at)
{
    double value = 0;

    for (size_t i = at; i < at + POINT_BYTES / 2; i++) {
        uint8_t byte = s->bytes.ptr[i];

        value = value * 256 +
                (s->is_text ? (double)(uint32_t)(int8_t)byte : (double)byte);
    }
    return value;
}

/* How far off pi is if the bytes are points in a square, of which so many lie
 * in the circle; as a part of pi. */
static double pi_of(const struct sample *s)
{
    uint64_t n = s->bytes.len / POINT_BYTES;
    uint64_t n_inside = 0;

    for (uint64_t i = 0; i < n; i++) {
        double x = coordinate(s, i * POINT_BYTES);
        double y = coordinate(s, i * POINT_BYTES + POINT_BYTES / 2);

        n_inside += x * x + y * y <= RADIUS * RADIUS;
    }
    if (n == 0)
        return NAN;
    return fabs((4.0 * ((double)n_inside / (double)n) - PI) / PI);
}

/* ---- which bytes ---- */

static enum ov_status state_of(struct ov_module_run *run,
                               struct math_state **ret)
{
    if (run->state == NULL)
        run->state = ov_arena_alloc(run->in->arena, sizeof(**ret));
    *ret = run->state;
    return run->state == NULL ? OV_NO_MEMORY : OV_OK;
}

/* The place for a sample of the object's bytes: where it is kept already, or
 * the one that was taken first. */
static struct sample *keep(struct math_state *state, struct ov_span bytes)
{
    struct sample *s;

    for (uint32_t i = 0; i < state->n; i++) {
        s = &state->kept[i];
        if (s->bytes.len == bytes.len && s->bytes.ptr == bytes.ptr)
            return s;
    }
    s = &state->kept[state->next];
    state->next = (state->next + 1) % N_KEPT;
    if (state->n < N_KEPT)
        state->n++;
    *s = (struct sample){.bytes = bytes};
    return s;
}

/* NULL: there is no such range. */
static enum ov_status range_sample(struct ov_module_run *run, int64_t at,
                                   int64_t len, struct sample **ret)
{
    struct math_state *state;
    struct ov_span bytes;

    *ret = NULL;
    if (!ov_module_range(run->in, at, len, &bytes))
        return OV_OK;
    OV_TRY(state_of(run, &state));
    *ret = keep(state, bytes);
    return OV_OK;
}

static enum ov_status file_sample(struct ov_module_run *run,
                                  struct sample **ret)
{
    struct math_state *state;

    *ret = NULL;
    if (run->in->regions != NULL)
        return OV_OK; /* not from 0 to an end */
    OV_TRY(state_of(run, &state));
    *ret = keep(state, run->in->bytes);
    return OV_OK;
}

/* Of the arguments from the first on: a string, or offset and length. text: the
 * place for a string's sample. */
static enum ov_status sample_of(struct ov_module_call *call,
                                struct sample *text, struct sample **ret)
{
    const struct ov_datum *argument = call->arguments;

    if (argument[0].kind != OV_DATUM_STRING)
        return range_sample(call->run, argument[0].number, argument[1].number,
                            ret);
    *text = (struct sample){.bytes = argument[0].text, .is_text = true};
    *ret = text;
    return OV_OK;
}

static enum ov_status need_counts(struct ov_module_call *call, struct sample *s)
{
    if (s == NULL || s->has_counts)
        return OV_OK;
    OV_TRY(ov_budget_spend(call->run->in->budget, OV_COST_STEPS, s->bytes.len));
    count_bytes(s);
    return OV_OK;
}

/* ---- functions ---- */

static double real_of(const struct ov_datum *argument)
{
    return argument->kind == OV_DATUM_FLOAT ? argument->real
                                            : (double)argument->number;
}

/* What is not a number is undefined. */
static enum ov_status give_float(struct ov_datum *ret, double value)
{
    *ret = isnan(value) ? (struct ov_datum){0} : ov_datum_float(value);
    return OV_OK;
}

static enum ov_status give_undefined(struct ov_datum *ret)
{
    *ret = (struct ov_datum){0};
    return OV_OK;
}

static enum ov_status give_integer(struct ov_datum *ret, int64_t value)
{
    *ret = ov_datum_integer(value);
    return OV_OK;
}

static enum ov_status call_entropy(struct ov_module_call *call,
                                   struct ov_datum *ret)
{
    struct sample text, *s;

    OV_TRY(sample_of(call, &text, &s));
    OV_TRY(need_counts(call, s));
    return s == NULL ? give_undefined(ret) : give_float(ret, entropy_of(s));
}

static enum ov_status call_mean(struct ov_module_call *call,
                                struct ov_datum *ret)
{
    struct sample text, *s;

    OV_TRY(sample_of(call, &text, &s));
    OV_TRY(need_counts(call, s));
    return s == NULL ? give_undefined(ret) : give_float(ret, mean_of(s));
}

static enum ov_status call_deviation(struct ov_module_call *call,
                                     struct ov_datum *ret)
{
    bool has_text = call->arguments[0].kind == OV_DATUM_STRING;
    struct sample text, *s;

    OV_TRY(sample_of(call, &text, &s));
    OV_TRY(need_counts(call, s));
    if (s == NULL)
        return give_undefined(ret);
    return give_float(
        ret, deviation_of(s, real_of(&call->arguments[has_text ? 1 : 2])));
}

static enum ov_status call_serial(struct ov_module_call *call,
                                  struct ov_datum *ret)
{
    struct sample text, *s;

    OV_TRY(sample_of(call, &text, &s));
    if (s == NULL)
        return give_undefined(ret);
    if (!s->has_serial) {
        OV_TRY(ov_budget_spend(call->run->in->budget, OV_COST_STEPS,
                               s->bytes.len));
        s->serial = serial_of(s);
        s->has_serial = true;
    }
    return give_float(ret, s->serial);
}

static enum ov_status call_pi(struct ov_module_call *call, struct ov_datum *ret)
{
    struct sample text, *s;

    OV_TRY(sample_of(call, &text, &s));
    if (s == NULL)
        return give_undefined(ret);
    if (!s->has_pi) {
        OV_TRY(ov_budget_spend(call->run->in->budget, OV_COST_STEPS,
                               s->bytes.len));
        s->pi = pi_of(s);
        s->has_pi = true;
    }
    return give_float(ret, s->pi);
}

static enum ov_status give_count(struct ov_module_call *call, struct sample *s,
                                 struct ov_datum *ret)
{
    OV_TRY(need_counts(call, s));
    if (s == NULL)
        return give_undefined(ret);
    return give_integer(ret,
                        (int64_t)s->counts[call->arguments[0].number & 0xff]);
}

static enum ov_status call_count_range(struct ov_module_call *call,
                                       struct ov_datum *ret)
{
    struct sample *s;

    OV_TRY(range_sample(call->run, call->arguments[1].number,
                        call->arguments[2].number, &s));
    return give_count(call, s, ret);
}

static enum ov_status call_count(struct ov_module_call *call,
                                 struct ov_datum *ret)
{
    struct sample *s;

    OV_TRY(file_sample(call->run, &s));
    return give_count(call, s, ret);
}

static enum ov_status give_percentage(struct ov_module_call *call,
                                      struct sample *s, struct ov_datum *ret)
{
    OV_TRY(need_counts(call, s));
    if (s == NULL)
        return give_undefined(ret);
    return give_float(
        ret, (double)((float)s->counts[call->arguments[0].number & 0xff] /
                      (float)s->bytes.len));
}

static enum ov_status call_percentage_range(struct ov_module_call *call,
                                            struct ov_datum *ret)
{
    struct sample *s;

    OV_TRY(range_sample(call->run, call->arguments[1].number,
                        call->arguments[2].number, &s));
    return give_percentage(call, s, ret);
}

static enum ov_status call_percentage(struct ov_module_call *call,
                                      struct ov_datum *ret)
{
    struct sample *s;

    OV_TRY(file_sample(call->run, &s));
    return give_percentage(call, s, ret);
}

/* The most common byte, of several the smallest. */
static enum ov_status give_mode(struct ov_module_call *call, struct sample *s,
                                struct ov_datum *ret)
{
    unsigned mode = 0;

    OV_TRY(need_counts(call, s));
    if (s == NULL)
        return give_undefined(ret);
    for (unsigned i = 1; i < 256; i++)
        mode = s->counts[i] > s->counts[mode] ? i : mode;
    return give_integer(ret, mode);
}

static enum ov_status call_mode_range(struct ov_module_call *call,
                                      struct ov_datum *ret)
{
    struct sample *s;

    OV_TRY(range_sample(call->run, call->arguments[0].number,
                        call->arguments[1].number, &s));
    return give_mode(call, s, ret);
}

static enum ov_status call_mode(struct ov_module_call *call,
                                struct ov_datum *ret)
{
    struct sample *s;

    OV_TRY(file_sample(call->run, &s));
    return give_mode(call, s, ret);
}

static enum ov_status call_in_range(struct ov_module_call *call,
                                    struct ov_datum *ret)
{
    double value = real_of(&call->arguments[0]);

    return give_integer(ret, real_of(&call->arguments[1]) <= value &&
                                 value <= real_of(&call->arguments[2]));
}

static enum ov_status call_min(struct ov_module_call *call,
                               struct ov_datum *ret)
{
    int64_t a = call->arguments[0].number, b = call->arguments[1].number;

    return give_integer(ret, (uint64_t)a < (uint64_t)b ? a : b);
}

static enum ov_status call_max(struct ov_module_call *call,
                               struct ov_datum *ret)
{
    int64_t a = call->arguments[0].number, b = call->arguments[1].number;

    return give_integer(ret, (uint64_t)a > (uint64_t)b ? a : b);
}

static enum ov_status call_abs(struct ov_module_call *call,
                               struct ov_datum *ret)
{
    int64_t value = call->arguments[0].number;

    return give_integer(ret,
                        value < 0 ? (int64_t)(0 - (uint64_t)value) : value);
}

static enum ov_status call_to_number(struct ov_module_call *call,
                                     struct ov_datum *ret)
{
    return give_integer(ret, call->arguments[0].number != 0);
}

static enum ov_status give_text(struct ov_module_call *call, int64_t value,
                                int64_t base, struct ov_datum *ret)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(32);
    struct ov_span kept;

    if (base == 10)
        ov_put_format(&text, "%" PRId64, value);
    else if (base == 16)
        ov_put_format(&text, "%" PRIx64, (uint64_t)value);
    else if (base == 8)
        ov_put_format(&text, "%" PRIo64, (uint64_t)value);
    else
        return give_undefined(ret);
    OV_TRY(ov_buf_status(&text));
    if (!ov_arena_copy(call->run->in->arena, ov_buf_span(&text), &kept))
        return OV_NO_MEMORY;
    *ret = ov_datum_text(kept);
    return OV_OK;
}

static enum ov_status call_to_string(struct ov_module_call *call,
                                     struct ov_datum *ret)
{
    return give_text(call, call->arguments[0].number, 10, ret);
}

static enum ov_status call_to_string_base(struct ov_module_call *call,
                                          struct ov_datum *ret)
{
    return give_text(call, call->arguments[0].number, call->arguments[1].number,
                     ret);
}

/* ---- tables ---- */

static const struct ov_function entropy[] = {
    {.arguments = "ii", .result = OV_DATUM_FLOAT, .call = call_entropy},
    {.arguments = "s", .result = OV_DATUM_FLOAT, .call = call_entropy},
};
static const struct ov_function mean[] = {
    {.arguments = "ii", .result = OV_DATUM_FLOAT, .call = call_mean},
    {.arguments = "s", .result = OV_DATUM_FLOAT, .call = call_mean},
};
static const struct ov_function deviation[] = {
    {.arguments = "iif", .result = OV_DATUM_FLOAT, .call = call_deviation},
    {.arguments = "sf", .result = OV_DATUM_FLOAT, .call = call_deviation},
};
static const struct ov_function serial_correlation[] = {
    {.arguments = "ii", .result = OV_DATUM_FLOAT, .call = call_serial},
    {.arguments = "s", .result = OV_DATUM_FLOAT, .call = call_serial},
};
static const struct ov_function monte_carlo_pi[] = {
    {.arguments = "ii", .result = OV_DATUM_FLOAT, .call = call_pi},
    {.arguments = "s", .result = OV_DATUM_FLOAT, .call = call_pi},
};
static const struct ov_function count[] = {
    {.arguments = "iii", .result = OV_DATUM_INTEGER, .call = call_count_range},
    {.arguments = "i", .result = OV_DATUM_INTEGER, .call = call_count},
};
static const struct ov_function percentage[] = {
    {.arguments = "iii",
     .result = OV_DATUM_FLOAT,
     .call = call_percentage_range},
    {.arguments = "i", .result = OV_DATUM_FLOAT, .call = call_percentage},
};
static const struct ov_function mode[] = {
    {.arguments = "ii", .result = OV_DATUM_INTEGER, .call = call_mode_range},
    {.arguments = "", .result = OV_DATUM_INTEGER, .call = call_mode},
};
static const struct ov_function in_range[] = {
    {.arguments = "fff", .result = OV_DATUM_INTEGER, .call = call_in_range},
};
static const struct ov_function min_of[] = {
    {.arguments = "ii", .result = OV_DATUM_INTEGER, .call = call_min},
};
static const struct ov_function max_of[] = {
    {.arguments = "ii", .result = OV_DATUM_INTEGER, .call = call_max},
};
static const struct ov_function abs_of[] = {
    {.arguments = "i", .result = OV_DATUM_INTEGER, .call = call_abs},
};
static const struct ov_function to_number[] = {
    {.arguments = "b", .result = OV_DATUM_INTEGER, .call = call_to_number},
};
static const struct ov_function to_string[] = {
    {.arguments = "i", .result = OV_DATUM_STRING, .call = call_to_string},
    {.arguments = "ii", .result = OV_DATUM_STRING, .call = call_to_string_base},
};

enum math_field {
    MATH_MEAN_BYTES,
    MATH_IN_RANGE,
    MATH_DEVIATION,
    MATH_MEAN,
    MATH_SERIAL_CORRELATION,
    MATH_MONTE_CARLO_PI,
    MATH_ENTROPY,
    MATH_MIN,
    MATH_MAX,
    MATH_TO_NUMBER,
    MATH_ABS,
    MATH_COUNT,
    MATH_PERCENTAGE,
    MATH_MODE,
    MATH_TO_STRING
};

static const struct ov_field fields[] = {
    [MATH_MEAN_BYTES] = OV_FIELD_FLOAT("MEAN_BYTES"),
    [MATH_IN_RANGE] = OV_FIELD_FUNCTION("in_range", in_range),
    [MATH_DEVIATION] = OV_FIELD_FUNCTION("deviation", deviation),
    [MATH_MEAN] = OV_FIELD_FUNCTION("mean", mean),
    [MATH_SERIAL_CORRELATION] =
        OV_FIELD_FUNCTION("serial_correlation", serial_correlation),
    [MATH_MONTE_CARLO_PI] = OV_FIELD_FUNCTION("monte_carlo_pi", monte_carlo_pi),
    [MATH_ENTROPY] = OV_FIELD_FUNCTION("entropy", entropy),
    [MATH_MIN] = OV_FIELD_FUNCTION("min", min_of),
    [MATH_MAX] = OV_FIELD_FUNCTION("max", max_of),
    [MATH_TO_NUMBER] = OV_FIELD_FUNCTION("to_number", to_number),
    [MATH_ABS] = OV_FIELD_FUNCTION("abs", abs_of),
    [MATH_COUNT] = OV_FIELD_FUNCTION("count", count),
    [MATH_PERCENTAGE] = OV_FIELD_FUNCTION("percentage", percentage),
    [MATH_MODE] = OV_FIELD_FUNCTION("mode", mode),
    [MATH_TO_STRING] = OV_FIELD_FUNCTION("to_string", to_string),
};

static enum ov_status fill(struct ov_module_run *run, unsigned group)
{
    (void)group;
    run->fields[MATH_MEAN_BYTES] = ov_datum_float(127.5);
    return OV_OK;
}

extern const struct ov_module ov_module_math;
const struct ov_module ov_module_math = {
    .name = "math",
    .root = OV_STRUCTURE(fields),
    .fill = fill,
};
