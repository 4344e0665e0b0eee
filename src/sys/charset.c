/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/charset.h"

#include <errno.h>
#include <iconv.h>
#include <locale.h>
#include <stdint.h>

/* libarchive asks the C library to convert member names, and that loads a
 * module from a file for each character set it is asked for: with a name in a
 * hostile archive as the trigger, and in the jail as the death of the worker.
 * So in our jailed programs no character set can be had: the function below
 * takes the C library's place. Names in UTF-8 and UTF-16 libarchive converts
 * by itself; of others the bytes are kept. */

void ov_charset_prepare(void)
{
    /* Where it is missing names are taken as ASCII. */
    (void)!setlocale(LC_CTYPE, "C.UTF-8");
}

__attribute__((visibility("default"))) iconv_t iconv_open(const char *to,
                                                          const char *from)
{
    (void)to;
    (void)from;
    errno = EINVAL;
    return (iconv_t)(intptr_t)-1;
}
