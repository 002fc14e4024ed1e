#pragma once

#include "admin-gui/models/pluginmodel.h"
#include "admin-gui/views/listview.h"

class QLabel;
class QSplitter;

namespace Quern::console {

class RecordPanel;

/// The plugins of the settings, and beside them the routes of the one that is selected.
class PluginView final : public ListView
{
    Q_OBJECT
public:
    explicit PluginView(const ViewContext &context);
    ~PluginView() override;

    void refresh() override;
    void setActive(bool isActive) override;
    void setPaused(bool isPaused) override;
    /// "plugin", "filter", "routes": the filter of these
    QVariantMap place() const override;
    void goTo(const QVariantMap &place) override;

private:
    void take(const Result<admin::PluginList> &list);
    void lookForReload();
    void showRoutes();
    void showState(const QString &trouble);

    PluginModel m_model;
    RouteModel m_routeModel;
    RecordPanel *m_plugins;
    RecordPanel *m_routes;
    QLabel *m_title; ///< of the routes
    QSplitter *m_splitter;
    QString m_shown;       ///< key of the plugin whose routes are shown
    QString m_wanted;      ///< name of the plugin to be selected when it comes
    int m_generation = -1; ///< which the list was asked for
};

} // namespace Quern::console
