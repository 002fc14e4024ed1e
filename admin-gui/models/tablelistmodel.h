#pragma once

#include "admin-gui/models/recordmodel.h"
#include "admin/protocol/status.h"
#include "admin/protocol/tablemessages.h"

namespace Quern::console {

/// The tables of a server, and how full they are.
class TableListModel final : public RecordModel<admin::TableDescription>
{
    Q_OBJECT
public:
    enum { Name, Rows, Memory, Columns };

    explicit TableListModel(QObject *parent = nullptr);

    /// How full they are now; those that are not known are left out.
    void setFill(const QList<admin::TableStatus> &tables);
};

/// The atomics of a server.
class AtomicModel final : public RecordModel<admin::AtomicValue>
{
    Q_OBJECT
public:
    enum { Name, Value };

    explicit AtomicModel(QObject *parent = nullptr);
};

} // namespace Quern::console
