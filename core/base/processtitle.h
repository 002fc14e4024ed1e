#pragma once

#include <QByteArray>

namespace Quern::base {

/// Remembers where the command line lies in memory. Call it first thing in main(), before QCoreApplication.
void initProcessTitle(int argc, char **argv);

/// Sets the title that `ps` shows, for instance "quern: worker 2". Cut to the room the original command line and
/// environment offer. Without initProcessTitle() only the short name in /proc/self/comm changes.
void setProcessTitle(const QByteArray &title);

} // namespace Quern::base
