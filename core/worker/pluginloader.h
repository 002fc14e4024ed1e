#pragma once

#include "sdk/src/application_p.h"
#include "worker/pluginports.h"
#include "worker/pluginprocesses.h"
#include "worker/pluginspec.h"

#include <Quern/result.h>

#include <QCoreApplication>
#include <QList>
#include <QString>
#include <QVariantMap>

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace Quern::worker {

/// A plugin as the settings name it.
struct PluginEntry
{
    QString file;
    QVariantMap settings;
    QString source = file; ///< the file that it is a copy of, for messages
    QString place = {};    ///< "quern.toml:12", for messages; empty if no settings file names it
};

/// How messages name the plugin \a name: `quern.toml:12: plugin "shop" (/srv/libshop.so)`.
QString pluginTitle(const QString &name, const PluginEntry &entry);

/// Loads a worker's plugins and keeps them, and what they registered. Lives in the worker's main thread.
class PluginLoader
{
    Q_DECLARE_TR_FUNCTIONS(Quern::worker::PluginLoader)
public:
    /// Called with the title of a plugin before anything of it is mapped or run: what follows may crash or hang.
    using StepObserver = std::function<void(const QString &title)>;

    explicit PluginLoader(int workerId, StepObserver observer = {});
    /// Deletes the handlers, then the plugins, the last one installed first.
    ~PluginLoader();
    Q_DISABLE_COPY_MOVE(PluginLoader)

    /// Loads and installs \a entries, each after its dependencies and otherwise in the order given. Called once.
    /// If any of them cannot be used, all must be refused: the Error::Invalid has one line for each that is at fault,
    /// with its name, file, reason and mend. The others were tried all the same, to find every fault in one go.
    Result<void> load(const QList<PluginEntry> &entries);
    /// Before load(): what the plugins count is written to \a memory, see MetricArea, for the master to read. Without
    /// this nobody reads it.
    void setMetricArea(std::shared_ptr<void> memory, std::size_t bytes);

    /// After load(): a histogram that the server has beside those of the plugins. A null one if there is no room.
    Histogram ownHistogram(const QByteArray &name, const QByteArray &help, const std::vector<double> &bounds,
                           const QByteArray &label) const;

    /// After load(): see worker::assignPorts().
    Result<void> assignPorts(const QList<ipc::BootMessage::Port> &ports)
    {
        return worker::assignPorts(m_application, ports);
    }

    /// The same: see worker::checkProcesses().
    Result<void> checkProcesses(const ipc::ProcessPlan &plan) const
    {
        return worker::checkProcesses(m_application, plan);
    }

    /// The specs in the order of the entries, the wrong ones included.
    const QList<PluginSpec> &plugins() const { return m_plugins; }
    /// What the plugins registered; stays as it is after load().
    const ApplicationPrivate &application() const { return m_application; }
    const std::deque<RouteSpec> &routes() const { return m_application.routes; }

private:
    void refuseSharedNames();
    QList<qsizetype> dependencyOrder();
    void visit(qsizetype index, QList<qsizetype> &trail, QList<qsizetype> &order);
    qsizetype indexOf(const QString &name) const;
    QString install(const PluginSpec &spec);
    QString titleOf(qsizetype index) const { return pluginTitle(m_plugins.at(index).name, m_entries.at(index)); }
    void tell(const QString &title) const;

    StepObserver m_observer;
    QList<PluginEntry> m_entries;
    QList<PluginSpec> m_plugins;                       ///< one for each entry
    std::vector<std::unique_ptr<QObject>> m_instances; ///< in the order of installation
    ApplicationPrivate m_application;
};

} // namespace Quern::worker
