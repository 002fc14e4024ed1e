#pragma once

#include "journal.h"

#include <Quern/application.h>

namespace Worklab {

/// Life-cycle hooks that write lines to \a journal, which outlives \a app. The plugin's setting "fail" names a hook
/// that is to fail, "hang" one that is not to return.
void installHooks(Quern::Application &app, const Journal &journal);

} // namespace Worklab
