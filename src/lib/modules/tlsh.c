/* SPDX-License-Identifier: Apache-2.0
 *
 * TLSH (see tlsh.h). A window of five bytes slides over the input; of each
 * window six triplets are hashed into buckets, of which the first 128 count.
 * The digest says of each bucket in which quarter of all it is, and has a
 * checksum, the logarithm of the length and two ratios of the quartiles in
 * front.
 *
 * Works in one pass, without memory of its own beyond the buckets.
 *
 * Source: the paper, section 3.1; the table is the one of P. Pearson, "Fast
 * hashing of variable-length text strings", CACM 33 (1990). */
#include "modules/tlsh.h"

#include <math.h>

#define N_BUCKETS 128
#define N_CODE (N_BUCKETS / 4)
#define WINDOW 5
#define MIN_LEN 50
#define LEN_MAX 4224281216u

/* Pearson's permutation of the bytes. */
static const uint8_t pearson[256] = {
    1,   87,  49,  12,  176, 178, 102, 166, 121, 193, 6,   84,  249, 230, 44,
    163, 14,  197, 213, 181, 161, 85,  218, 80,  64,  239, 24,  226, 236, 142,
    38,  200, 110, 177, 104, 103, 141, 253, 255, 50,  77,  101, 81,  18,  45,
    96,  31,  222, 25,  107, 190, 70,  86,  237, 240, 34,  72,  242, 20,  214,
    244, 227, 149, 235, 97,  234, 57,  22,  60,  250, 82,  175, 208, 5,   127,
    199, 111, 62,  135, 248, 174, 169, 211, 58,  66,  154, 106, 195, 245, 171,
    17,  187, 182, 179, 0,   243, 132, 56,  148, 75,  128, 133, 158, 100, 130,
    126, 91,  13,  153, 246, 216, 219, 119, 68,  223, 78,  83,  88,  201, 99,
    122, 11,  92,  32,  136, 114, 52,  10,  138, 30,  48,  183, 156, 35,  61,
    26,  143, 74,  251, 94,  129, 162, 63,  152, 170, 7,   115, 167, 241, 206,
    3,   150, 55,  59,  151, 220, 90,  53,  23,  131, 125, 173, 15,  238, 79,
    95,  89,  16,  105, 137, 225, 224, 217, 160, 37,  123, 118, 73,  2,   157,
    46,  116, 9,   145, 134, 228, 207, 212, 202, 215, 69,  229, 27,  188, 67,
    124, 168, 252, 42,  4,   29,  108, 21,  247, 19,  205, 39,  203, 233, 40,
    186, 147, 198, 192, 155, 33,  164, 191, 98,  204, 165, 180, 117, 76,  140,
    36,  210, 172, 41,  54,  159, 8,   185, 232, 113, 196, 231, 47,  146, 120,
    51,  65,  28,  144, 254, 221, 93,  189, 194, 139, 112, 43,  71,  109, 184,
    209};

static uint8_t triplet(uint8_t salt, uint8_t a, uint8_t b, uint8_t c)
{
    uint8_t h = pearson[salt];

    h = pearson[h ^ a];
    h = pearson[h ^ b];
    return pearson[h ^ c];
}

struct counts {
    uint64_t bucket[256];
    uint8_t checksum;
};

/* w: the five bytes that end here, the last one first. */
static void add_window(struct counts *c, const uint8_t w[static WINDOW])
{
    c->checksum = triplet(0, w[0], w[1], c->checksum);
    c->bucket[triplet(2, w[0], w[1], w[2])]++;
    c->bucket[triplet(3, w[0], w[1], w[3])]++;
    c->bucket[triplet(5, w[0], w[2], w[3])]++;
    c->bucket[triplet(7, w[0], w[2], w[4])]++;
    c->bucket[triplet(11, w[0], w[1], w[4])]++;
    c->bucket[triplet(13, w[0], w[3], w[4])]++;
}

static void add_bytes(struct counts *c, struct ov_span bytes)
{
    uint8_t w[WINDOW] = {0};

    for (size_t i = 0; i < bytes.len; i++) {
        for (int k = WINDOW - 1; k > 0; k--)
            w[k] = w[k - 1];
        w[0] = (uint8_t)ov_span_byte(bytes, i);
        if (i >= WINDOW - 1)
            add_window(c, w);
    }
}

/* The buckets' quartiles; false if half of them or more are empty. */
static bool find_quartiles(const struct counts *c, uint64_t q[static 3])
{
    uint64_t sorted[N_BUCKETS];
    int n_used = 0;

    for (int i = 0; i < N_BUCKETS; i++) {
        int at = i;

        for (; at > 0 && sorted[at - 1] > c->bucket[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = c->bucket[i];
        n_used += c->bucket[i] > 0;
    }
    for (int i = 0; i < 3; i++)
        q[i] = sorted[N_BUCKETS / 4 * (i + 1) - 1];
    return n_used > N_BUCKETS / 2 && q[2] > 0;
}

/* The length as one byte: a logarithm whose base falls with it. */
static uint8_t length_code(uint64_t len)
{
    double l = log((double)len);
    double code;

    if (len <= 656)
        code = floor(l / log(1.5));
    else if (len <= 3199)
        code = floor(l / log(1.3) - 8.72777);
    else
        code = floor(l / log(1.1) - 62.5472);
    return (uint8_t)(int)code;
}

static void put_byte(char *to, uint8_t byte, bool is_swapped)
{
    static const char digits[] = "0123456789ABCDEF";

    to[is_swapped] = digits[byte >> 4];
    to[!is_swapped] = digits[byte & 15];
}

/* Two bits for each of four buckets. */
static uint8_t code_of(const uint64_t *bucket, const uint64_t q[static 3])
{
    unsigned code = 0;

    for (unsigned i = 0; i < 4; i++) {
        for (int k = 0; k < 3; k++)
            code += (bucket[i] > q[k] ? 1u : 0u) << (i * 2);
    }
    return (uint8_t)code;
}

bool ov_tlsh(struct ov_span bytes, char ret[static OV_TLSH_CHARS])
{
    struct counts c = {0};
    uint64_t q[3];

    if (bytes.len < MIN_LEN || bytes.len > LEN_MAX)
        return false;
    add_bytes(&c, bytes);
    if (!find_quartiles(&c, q))
        return false;
    ret[0] = 'T';
    ret[1] = '1';
    put_byte(ret + 2, c.checksum, true);
    put_byte(ret + 4, length_code(bytes.len), true);
    put_byte(ret + 6,
             (uint8_t)((q[0] * 100 / q[2] % 16) << 4 | q[1] * 100 / q[2] % 16),
             false);
    for (int i = 0; i < N_CODE; i++)
        put_byte(ret + 8 + 2 * (N_CODE - 1 - i), code_of(c.bucket + 4 * i, q),
                 false);
    return true;
}
