/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/base.h>

/* The only macro with control flow: returns what is not OV_OK. */
#define OV_TRY(call)                                                           \
    do {                                                                       \
        enum ov_status ov_try_ = (call);                                       \
        if (ov_try_ != OV_OK)                                                  \
            return ov_try_;                                                    \
    } while (0)

/* Fills diag if it is not NULL; returns status, so that it can be returned. */
enum ov_status ov_diag_set(struct ov_diag *diag, enum ov_status status,
                           unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
