#pragma once

#include "ipc/messages.h"

#include <Quern/result.h>

#include <QList>
#include <QString>

#include <limits>

namespace Quern::process {

/// The private plugin copies of each generation: `<directory>/<generation>/<plugin file>`.
///
/// The master only copies by read and write and never maps a plugin: a file that is rewritten in place would take the
/// process down that looks at it. Lives in the main thread.
class PluginStore
{
public:
    /// \a directory is made when needed. Generations before \a first are those of a server that is still there; if it
    /// is 1, what an earlier run has left is removed.
    explicit PluginStore(const QString &directory, int first = 1);

    /// Copies \a plugins for \a generation and returns them with the paths of their copies. Error::NotFound if a file
    /// is missing, Error::Busy if one is being written just now: try again in a moment.
    Result<QList<ipc::BootMessage::Plugin>> copy(const QList<ipc::BootMessage::Plugin> &plugins, int generation) const;
    /// Removes the copies of \a generation: no process uses them any more.
    void remove(int generation) const;
    /// Removes the copies of all generations, but for those of other servers, and the directory if nothing else is in
    /// it.
    void clear() const;
    /// Generations behind \a last are those of a server that has taken over.
    void setLast(int last) { m_last = last; }

private:
    QString folderOf(int generation) const;

    QString m_directory;
    int m_first;
    int m_last = std::numeric_limits<int>::max();
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
