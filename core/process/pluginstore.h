#pragma once

#include "ipc/messages.h"

#include <Quern/result.h>

#include <QList>
#include <QString>

namespace Quern::process {

/// The private plugin copies of each generation: `<directory>/<generation>/<plugin file>`.
///
/// The master only copies by read and write and never maps a plugin: a file that is rewritten in place would take the
/// process down that looks at it. Lives in the main thread.
class PluginStore
{
public:
    /// \a directory is made when needed; what an earlier run left in it is removed.
    explicit PluginStore(const QString &directory);

    /// Copies \a plugins for \a generation and returns them with the paths of their copies. Error::NotFound if a file
    /// is missing, Error::Busy if one is being written just now: try again in a moment.
    Result<QList<ipc::BootMessage::Plugin>> copy(const QList<ipc::BootMessage::Plugin> &plugins, int generation) const;
    /// Removes the copies of \a generation: no process uses them any more.
    void remove(int generation) const;
    /// Removes the copies of all generations, and the directory if nothing else is in it.
    void clear() const;

private:
    QString folderOf(int generation) const;

    QString m_directory;
};

/// Copies of plugin files, for the children that load them: they are removed when the last child that holds them has
/// gone. Main thread.
class PluginCopies
{
public:
    /// Of those that \a store has made under \a number.
    PluginCopies(const PluginStore &store, int number, const QList<ipc::BootMessage::Plugin> &plugins)
        : m_store(store)
        , m_plugins(plugins)
        , m_number(number)
    {
    }
    ~PluginCopies() { m_store.remove(m_number); }
    Q_DISABLE_COPY_MOVE(PluginCopies)

    const QList<ipc::BootMessage::Plugin> &plugins() const { return m_plugins; }

private:
    PluginStore m_store;
    QList<ipc::BootMessage::Plugin> m_plugins;
    int m_number;
};

} // namespace Quern::process
