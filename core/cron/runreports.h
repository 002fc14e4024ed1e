#pragma once

#include "cron/moment.h"

#include <QObject>
#include <QString>

#include <functional>
#include <mutex>
#include <vector>

namespace Quern::cron {

/// How a run has ended.
struct RunReport
{
    std::size_t job = 0; ///< place of the job in its host
    quint64 number = 0;
    Moment began;
    Moment ended = {};
    QString failure = {}; ///< for people; empty: it went well
    bool stops = false;   ///< the job is not run by plan any more
};

/// Where the threads of jobs leave word of runs that have ended. Shared by them and the host, whichever lives longer;
/// any thread.
class RunReports
{
public:
    /// \a wake is called, in the thread of \a receiver, soon after the first report that was not taken yet.
    RunReports(QObject *receiver, std::function<void()> wake) : m_receiver(receiver), m_wake(std::move(wake)) {}
    Q_DISABLE_COPY_MOVE(RunReports)

    void add(RunReport report);
    /// Those since the last call, in the order of their ends.
    std::vector<RunReport> take();
    /// Nobody listens any more. To be called in the thread of the receiver.
    void close();

private:
    std::mutex m_mutex;
    QObject *m_receiver;
    const std::function<void()> m_wake;
    std::vector<RunReport> m_reports;
};

} // namespace Quern::cron
