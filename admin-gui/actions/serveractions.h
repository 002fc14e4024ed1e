#pragma once

#include "admin-gui/actions/serveraction.h"
#include "admin/protocol/status.h"

/// What can be done with a whole server or one of its processes. Each warning says what it hits, as far as \a status
/// tells; null: it is not known.
namespace Quern::console::serveractions {

ServerAction reload();
ServerAction restart(const admin::Status *status);
ServerAction stop(const admin::Status *status);
/// Other numbers of workers; 0: as many as now.
ServerAction scale(int workers, int taskWorkers);
ServerAction drain(bool on, const admin::Status *status);
/// Whether it reloads by itself when its files change.
ServerAction watch(bool on);
/// Those named are replaced when they have finished what they have begun.
ServerAction recycle(const QList<admin::WorkerStatus> &processes);
ServerAction kill(const QList<admin::WorkerStatus> &processes);

/// "quern.http=debug,info": from now on, until the next start.
ServerAction setLogLevels(const QString &levels);

} // namespace Quern::console::serveractions
