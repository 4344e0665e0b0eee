/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Makes names of any archive UTF-8, with nothing read from files afterwards:
 * to be called before ov_confine by programs that unpack. */
void ov_charset_prepare(void);
