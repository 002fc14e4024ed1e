#pragma once

#include <QBasicTimer>
#include <QObject>

#include <chrono>
#include <functional>

namespace Quern::process {

/// Takes away what has ended of processes that their parents have left behind. The first process of a container
/// inherits them, and their entries in the process table stay until somebody asks how they ended. Lives in the main
/// thread.
class OrphanReaper final : public QObject
{
    Q_OBJECT
public:
    static constexpr std::chrono::milliseconds DefaultInterval{2000};

    /// Whether this process inherits orphans: as the first of its namespace, or since it has asked to
    /// (PR_SET_CHILD_SUBREAPER).
    static bool inherits();

    /// \a isOwn tells the children that others wait for, who are to learn how they ended; they do within a turn of the
    /// loop.
    explicit OrphanReaper(std::function<bool(qint64 pid)> isOwn, std::chrono::milliseconds interval = DefaultInterval,
                          QObject *parent = nullptr);

    /// How many it has taken away. It is done by itself at each interval.
    int reap();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    std::function<bool(qint64)> m_isOwn;
    QBasicTimer m_timer;
};

} // namespace Quern::process
