/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What all public headers share. In contracts three words have one meaning
 * each: "borrows" (must outlive the call, or the object, as said), "takes" (is
 * now the callee's), "returns owned" (free it with the type's _free). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OV_API __attribute__((visibility("default")))
#define OV_MUST_USE __attribute__((warn_unused_result))

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
#include <overt/status.def>
#undef OV_STATUS
    OV_N_STATUS
};

/* English words for a status; a static string for any value. */
OV_API const char *ov_status_name(enum ov_status s);
OV_API enum ov_status_class ov_status_class(enum ov_status s);

/* Where a person must act (a rule's syntax, a damaged image): which line or
 * byte, and what is wrong with it. The caller may pass NULL instead. */
struct ov_diag {
    enum ov_status status;
    unsigned line;        /* from 1; 0 if a line makes no sense */
    unsigned long offset; /* bytes from the start of the input */
    char text[160];       /* NUL-terminated, without a full stop */
};

/* Borrowed bytes: not NUL-terminated. */
struct ov_span {
    const uint8_t *ptr;
    size_t len;
};

/* A piece of a process's memory: so many bytes that lie at an address there,
 * and at an offset among the bytes that are scanned. */
struct ov_region {
    uint64_t address;
    uint64_t at;
    uint64_t len;
};
