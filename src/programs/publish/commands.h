/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "instance.h"

/* Each command of overt-publish. in: arguments, dir, arena and now are set; the
 * instance is open but for init. False after words on stderr. */
#define COMMAND(word, function, usage, options, what)                          \
    bool function(struct instance *in);
#include "publish_commands.def"
#undef COMMAND
