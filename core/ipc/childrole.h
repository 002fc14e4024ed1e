#pragma once

#include <QString>
#include <QStringView>

#include <optional>

namespace Quern::ipc {

/// What a child of the master is for. The numbers are part of the wire format: append only.
enum class ChildRole : quint8 {
    Worker = 0,     ///< answers requests and serves live connections
    TaskWorker = 1, ///< runs tasks and listeners of events
    Timer = 2,      ///< runs cron jobs
    Process = 3,    ///< a custom process: runs what its plugin wants
    Boot = 4,       ///< runs the hooks of the server's start or stop, and ends
};

/// Which child it is: its replacement, and its successor of the next generation, have the same.
struct ChildIdentity
{
    ChildRole role = ChildRole::Worker;
    int number = 0;    ///< among those of its role, or of its name; from 0
    QString name = {}; ///< of the [[process]] entry; empty for other roles

    /// "worker 1", "task worker 0", "timer", "process mailer 0".
    QString text() const;
    bool operator==(const ChildIdentity &) const = default;
};

/// As the program's arguments name it: "worker", "task-worker", "timer", "process", "boot".
QString roleArgument(ChildRole role);
/// nullopt if \a argument names none.
std::optional<ChildRole> roleOfArgument(QStringView argument);

} // namespace Quern::ipc
