/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "count_requests.h"
#include "verify_log.h"
#include "watch.h"

/* overt-monitor: reads what a log says, all of it, for whoever wants to know.
 * It holds no key and nobody relies on it but its owner. */

static const char usage[] =
    "usage: overt-monitor verify-log LOG POLICY\n"
    "       overt-monitor report PERIOD LOG POLICY\n"
    "       overt-monitor run [CONFIG] --log URL --policy FILE --state DIR\n"
    "\n"
    "verify-log   read a whole log once and compare it with its checkpoint\n"
    "report       count a half-year's requests of authorities again, and "
    "compare\n"
    "run          watch a log, its mirrors and its witnesses, and judge "
    "entries\n"
    "\n"
    "overt-monitor COMMAND --help says more.\n";

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "verify-log") == 0)
        return verify_log(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "report") == 0)
        return count_requests(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "run") == 0)
        return watch(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout) >= 0 ? 0 : 2;
    (void)fputs(usage, stderr);
    return 2;
}
