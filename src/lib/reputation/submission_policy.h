/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/envelope.h"

/* What may leave a machine as a sample: decided from the bytes of the very
 * thing that would be sent, never from a name. Off unless the owner says
 * otherwise. The rows are in submission_class.def and submission_reason.def. */

enum ov_submission_class {
#define OV_SUBMISSION_CLASS(id, word, is_offered, words) OV_SUBMISSION_##id,
#include "reputation/submission_class.def"
#undef OV_SUBMISSION_CLASS
    OV_N_SUBMISSION_CLASSES
};

const char *ov_submission_class_word(enum ov_submission_class c);
const char *ov_submission_class_words(enum ov_submission_class c);
bool ov_submission_class_is_offered(enum ov_submission_class c);
/* By its word; false if there is none. */
bool ov_submission_class_from_word(struct ov_span word,
                                   enum ov_submission_class *ret);

/* Linear in the bytes. */
enum ov_submission_class ov_submission_classify(struct ov_span bytes);

#define OV_SUBMISSION_MARKERS_MAX 64
#define OV_SUBMISSION_MARKER_LEN_MAX 100

/* What the policy knows of bytes. */
struct ov_submission_facts {
    uint64_t size;
    enum ov_submission_class class;
    bool has_marker; /* one of the owner's words */
};

/* markers: words, found in ASCII (without regard to case) and in UTF-16LE;
 * those above OV_SUBMISSION_MARKERS_MAX are left out. Linear in bytes and
 * words. */
struct ov_submission_facts ov_submission_look(struct ov_span bytes,
                                              const struct ov_span *markers,
                                              size_t n);

enum ov_submission_mode {
    OV_SUBMIT_NEVER,
    OV_SUBMIT_ASK,
    OV_SUBMIT_AUTO, /* what is in auto_classes goes unasked, the rest as ASK */
};

/* Zero limits stand for the defaults. */
struct ov_submission_policy {
    enum ov_submission_mode mode;
    uint32_t auto_classes; /* bit 1 << enum ov_submission_class */
    uint64_t max_size;
    uint64_t max_count_a_day;
    uint64_t max_bytes_a_day;
};

#define OV_SUBMISSION_MAX_SIZE ((uint64_t)OV_SAMPLE_MAX)
#define OV_SUBMISSION_MAX_COUNT 20
#define OV_SUBMISSION_MAX_BYTES ((uint64_t)64 << 20)

/* One thing that could be sent. */
struct ov_submission_item {
    struct ov_submission_facts facts;
    bool is_in_private_place; /* below a home folder's private folders */
    bool is_of_others;        /* its owner is not who submits */
    bool is_approved_rule;    /* "always for this rule" */
    bool is_named; /* the owner has given this file's digest as approved */
    uint64_t count_today; /* sent so far */
    uint64_t bytes_today;
};

enum ov_submission_reason {
#define OV_SUBMISSION_REASON(id, weight, words) OV_SUBMISSION_BECAUSE_##id,
#include "reputation/submission_reason.def"
#undef OV_SUBMISSION_REASON
    OV_N_SUBMISSION_REASONS
};

const char *ov_submission_reason_words(enum ov_submission_reason r);

enum ov_submission_answer {
    OV_SUBMISSION_REFUSE,
    OV_SUBMISSION_NAME, /* only if the owner names this file */
    OV_SUBMISSION_ASK,  /* show the preview, then as the owner says */
    OV_SUBMISSION_SEND,
};

struct ov_submission_decision {
    enum ov_submission_answer answer;
    enum ov_submission_class class;
    uint32_t reasons; /* bit 1 << enum ov_submission_reason: all there are */
};

struct ov_submission_decision
ov_submission_decide(const struct ov_submission_policy *policy,
                     const struct ov_submission_item *item);
