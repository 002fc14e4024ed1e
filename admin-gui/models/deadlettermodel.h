#pragma once

#include "admin-gui/models/recordmodel.h"
#include "admin/protocol/status.h"
#include "admin/protocol/taskmessages.h"

namespace Quern::console {

/// Tasks and events that have failed for good, by their ids.
class DeadLetterModel final : public RecordModel<admin::DeadLetter>
{
    Q_OBJECT
public:
    enum { Kind, Name, Id, Error, Attempts, Created, Buried, Size, Store };

    explicit DeadLetterModel(QObject *parent = nullptr);

    /// How many of the letters that are known each name has.
    QMap<QString, int> countByName() const;
};

/// What each store of tasks holds.
class TaskStoreModel final : public RecordModel<admin::TaskStoreStatus>
{
    Q_OBJECT
public:
    enum { Store, Queued, Delayed, Running, Dead };

    explicit TaskStoreModel(QObject *parent = nullptr);
};

} // namespace Quern::console
