/* SPDX-License-Identifier: Apache-2.0 */
#include "clam_alert.h"

#include <stddef.h>

/* Source: the names are those clamscan 1.4.6 prints with --alert-exceeds-max
 * and --alert-encrypted. */

struct row {
    const char *word;
    const char *alert;
};

static const struct row limits[] = {
    {"max-filesize", "Heuristics.Limits.Exceeded.MaxFileSize"},
    {"max-scansize", "Heuristics.Limits.Exceeded.MaxScanSize"},
    {"max-files", "Heuristics.Limits.Exceeded.MaxFiles"},
    {"max-recursion", "Heuristics.Limits.Exceeded.MaxRecursion"},
};

static const struct row types[] = {
    {"zip", "Heuristics.Encrypted.Zip"}, {"rar", "Heuristics.Encrypted.RAR"},
    {"7z", "Heuristics.Encrypted.7Zip"}, {"arj", "Heuristics.Encrypted.ARJ"},
    {"pdf", "Heuristics.Encrypted.PDF"}, {"ole2", "Heuristics.Encrypted.DOC"},
};

static const char *find(const struct row *rows, size_t n, struct ov_span word)
{
    for (size_t i = 0; i < n; i++)
        if (ov_span_equal(word, ov_span_str(rows[i].word)))
            return rows[i].alert;
    return NULL;
}

const char *clam_limit_alert(struct ov_span limit)
{
    return find(limits, sizeof(limits) / sizeof(limits[0]), limit);
}

const char *clam_encryption_alert(struct ov_span type)
{
    const char *alert = find(types, sizeof(types) / sizeof(types[0]), type);

    return alert != NULL ? alert : "Heuristics.Encrypted.Archive";
}

const char *clam_prefix(struct ov_span kind)
{
    return ov_span_equal(kind, OV_SPAN_LIT("yara")) ? "YARA." : "";
}
