#pragma once

#include "config/settings.h"
#include "ipc/messages.h"
#include "tasks/broker.h"
#include "tasks/sqlite/taskdatabase.h"

namespace Quern::app {

/// Where large payloads wait: beside the database.
QString taskSpillFolder(const config::Settings &settings);
/// What children are told, and what the broker is.
ipc::TaskDefaults taskDefaults(const config::Settings &settings);
tasks::BrokerSettings brokerSettings(const config::Settings &settings);

/// What earlier runs have left in the database that `driver = "memory"` does not use.
struct LeftTasks
{
    QString path;
    tasks::DatabaseContents contents = {};

    bool isEmpty() const { return contents.tasks + contents.dead == 0; }
    /// "3 tasks and 1 dead letter lie in …", for people.
    QString text() const;
};
/// None with another driver. Opens the database, if it is there, and closes it again. Errors as of
/// TaskDatabase::open().
Result<LeftTasks> leftTasks(const config::Settings &settings);
/// Whether a start could use the database of tasks, if it is there: it is opened and closed again. Errors as of
/// TaskDatabase::open(), with the place in the settings. \a isServerRunning: another process may have it. One that this
/// process has open is not tried.
Result<void> tryTaskDatabase(const config::Settings &settings, bool isServerRunning,
                             std::chrono::milliseconds patience = tasks::TaskDatabase::Patience);

} // namespace Quern::app
