#pragma once

#include "admin/protocol/auditmessages.h"
#include "base/filedescriptor.h"

#include <QByteArray>
#include <QList>
#include <QString>

#include <memory>
#include <vector>

namespace Quern::app {

/// What a program that starts anew hands to the next one, in its environment, as QUERN_RESTART. The next one is the
/// same process, or a child of it that takes its place; descriptors are inherited.
/// Shape: {"operation": 5, "lastOperation": 7, "log": "/run/quern/quern.log", "json": false, "begun": [{…}],
/// "sockets": [7, 8], "lent": [], "lock": 5, "tables": 6, "channel": 9, "tasks": 10, "generation": 3,
/// "draining": false, "trial": false}
struct RestartHandover
{
    qint64 operation = 0;           ///< that wants the restart; 0: it is none
    qint64 lastOperation = 0;       ///< the greatest number that an operation has
    QString logFile;                ///< that it has logged to; empty: to standard error
    bool isJson = false;            ///< the log
    QList<admin::AuditEntry> begun; ///< of the operation, the audit log is to tell its end

    QList<int> sockets;      ///< that listen, or are bound for datagrams
    QList<int> lent;         ///< the same, of a service manager; see net::InheritedSockets::Owner
    int lock = -1;           ///< of the pid file
    int tables = -1;         ///< memory of the tables; -1: there are none
    int channel = -1;        ///< to the server before this, which goes on until it is told; -1: it has stopped
    int tasks = -1;          ///< with the channel: to its task broker
    int generation = 0;      ///< with the channel: its last one
    bool isDraining = false; ///< clients are to go elsewhere
    bool isTrial = false;    ///< with the channel: it only wants to know whether the next one could serve

    /// Owns descriptors among those above, until the next program has them.
    std::shared_ptr<std::vector<base::FileDescriptor>> owned = {};

    /// Takes it out of the environment. All is as of no restart unless it is right. Programs that are started from here
    /// do not inherit the descriptors.
    static RestartHandover take();
    /// "QUERN_RESTART=…", for the environment of the next program.
    QByteArray environment() const;
    /// All that it inherits.
    QList<int> descriptors() const;

    /// This is to take the place of a server that goes on until then.
    bool isSuccessor() const { return channel >= 0; }
    /// Removes the files of what nobody goes on with: Unix sockets and the pid file.
    void discard() const;
    /// Tells people why the next one cannot start: the server before it, or, until there is a log of its own, the log
    /// of the one before as well. Then nothing of it is left: see discard().
    void complain(const QString &reason) const;
};

} // namespace Quern::app
