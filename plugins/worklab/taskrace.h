#pragma once

#include <Quern/application.h>
#include <Quern/server.h>

#include <QByteArray>
#include <QElapsedTimer>

#include <memory>

namespace Worklab {

/// Delivers one task after the other, a window of them at a time, and answers when all have come back, or have been
/// accepted. Lives in the worker's main thread, for as long as tasks of it are under way.
class TaskRace final : public std::enable_shared_from_this<TaskRace>
{
public:
    /// ?count=100000&window=256&durable=true&until=accepted
    static void start(const Quern::Request &request, Quern::Response &response);

    TaskRace(const Quern::Request &request, Quern::Response response);

private:
    void deliverMore();
    void oneCameBack(bool isGood);
    void end();

    QByteArray m_task;
    Quern::TaskOptions m_options;
    Quern::Response m_response;
    QElapsedTimer m_clock;
    int m_count;
    int m_window;
    int m_sent = 0;
    int m_back = 0;
    int m_failed = 0;
    bool m_untilAccepted;
    QString m_error; ///< of the delivery that was refused at once
};

} // namespace Worklab
