/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A status says why we could not do something. What was found in a file is a
 * verdict, and the two never share a type. */

enum ov_status_class {
    OV_CLASS_OK,
    OV_CLASS_BYTES,   /* the bytes are at fault */
    OV_CLASS_LIMIT,   /* we stopped on purpose */
    OV_CLASS_PROOF,   /* a digest or signature does not hold */
    OV_CLASS_MACHINE, /* memory, files, peers, or a caller's mistake */
};

enum ov_status {
#define OV_STATUS(name, text, class) name,
#include "base/status.def"
#undef OV_STATUS
    OV_N_STATUS
};

#define OV_MUST_USE __attribute__((warn_unused_result))

/* The only macro with control flow: returns what is not OV_OK. */
#define OV_TRY(call)                                                           \
    do {                                                                       \
        enum ov_status ov_try_ = (call);                                       \
        if (ov_try_ != OV_OK)                                                  \
            return ov_try_;                                                    \
    } while (0)

/* English words for a status; a static string for any value. */
const char *ov_status_name(enum ov_status s);
enum ov_status_class ov_status_class(enum ov_status s);

/* Where a person must act (a rule's syntax, a damaged image): which line or
 * byte, and what is wrong with it. The caller may pass NULL instead. */
struct ov_diag {
    enum ov_status status;
    unsigned line;        /* from 1; 0 if a line makes no sense */
    unsigned long offset; /* bytes from the start of the input */
    char text[160];       /* NUL-terminated, without a full stop */
};

/* Fills diag if it is not NULL; returns status, so that it can be returned. */
enum ov_status ov_diag_set(struct ov_diag *diag, enum ov_status status,
                           unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
