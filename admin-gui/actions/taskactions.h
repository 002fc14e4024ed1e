#pragma once

#include "admin-gui/actions/serveraction.h"
#include "admin/protocol/taskmessages.h"

#include <QStringList>

/// What can be done with the dead letters of a server.
namespace Quern::console::taskactions {

/// Those of these ids.
ServerAction retry(const QStringList &ids);
ServerAction drop(const QStringList &ids);
/// All with the name \a name; empty: all there are. \a count: "12", "at least 20", as far as it is known.
ServerAction retryAll(const QString &name);
ServerAction dropAll(const QString &name, const QString &count);

} // namespace Quern::console::taskactions
