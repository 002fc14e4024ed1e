#pragma once

#include "admin-gui/models/recordmodel.h"
#include "admin/protocol/pluginlist.h"

namespace Quern::console {

/// The plugins of the settings, in their order. Lives in the main thread.
class PluginModel final : public RecordModel<admin::PluginInfo>
{
    Q_OBJECT
public:
    enum Column { Name, Version, State, Routes, Place, File };

    explicit PluginModel(QObject *parent = nullptr);

    /// Of the first one of that name; empty if there is none.
    QString keyOfName(const QString &name) const;
};

/// The routes of one plugin, in the order in which it has registered them. Lives in the main thread.
class RouteModel final : public RecordModel<admin::RouteInfo>
{
    Q_OBJECT
public:
    enum Column { Method, Pattern };

    explicit RouteModel(QObject *parent = nullptr);
};

} // namespace Quern::console
