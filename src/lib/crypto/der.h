/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* One level of DER (ITU-T X.690): tag, length, content. Tags of one byte and
 * definite lengths of up to 4 bytes only; anything else is not DER here. */

#define OV_DER_OCTETS 0x04
#define OV_DER_OID 0x06
#define OV_DER_SEQUENCE 0x30
#define OV_DER_CONTEXT(n) (0xa0 | (n))  /* with elements in it */
#define OV_DER_IMPLICIT(n) (0x80 | (n)) /* of a plain type */

/* Cuts the first element off rest; false if there is none. */
bool ov_der_next(struct ov_span *rest, uint8_t *ret_tag,
                 struct ov_span *ret_content);

/* The same for an element that has to have this tag. */
bool ov_der_take(struct ov_span *rest, uint8_t tag,
                 struct ov_span *ret_content);
