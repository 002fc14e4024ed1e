#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QMutex>

#include <atomic>
#include <map>
#include <unordered_map>

namespace Quern::worker {

/// To whom this child has bound connections of one reactor, as long as what comes from there does not know it yet. Any
/// thread.
class BoundUsers
{
public:
    /// Connections at a time; the one that was bound first goes.
    static constexpr std::size_t MaxKept = 4096;

    /// The next Bind command is sent: in the order of the channel.
    void bound(quint64 id, QByteArrayView user);
    /// The user of \a id, of which an event says \a known; the reactor had carried out \a binds commands then.
    QByteArray userOf(quint64 id, QByteArrayView known, quint32 binds);

private:
    struct Bound
    {
        QByteArray user;
        quint64 number = 0; ///< of its command
    };

    void forget(std::map<quint64, quint64>::iterator first);

    QMutex m_mutex; ///< guards what follows
    std::unordered_map<quint64, Bound> m_users;
    std::map<quint64, quint64> m_ids; ///< of those, by the numbers of the commands
    quint64 m_sent = 0;               ///< commands
    std::atomic<bool> m_isEmpty = true;
};

} // namespace Quern::worker
