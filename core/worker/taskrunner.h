#pragma once

#include "ipc/channel.h"
#include "ipc/childpage.h"
#include "ipc/taskmessages.h"
#include "sdk/src/application_p.h"
#include "tasks/spill.h"

#include <QHash>

#include <vector>

namespace Quern::worker {

class HandlerHost;

/// Runs tasks and listeners of events: begins those that are still this process's, calls their code and tells the
/// broker how they ended. Whatever they throw ends here. Lives in the main thread of a task worker.
class TaskRunner
{
public:
    /// All outlive the runner; \a application is complete.
    TaskRunner(const ApplicationPrivate &application, ipc::TaskProgress &progress, ipc::Channel &channel,
               HandlerHost &host, const tasks::Spill &spill, qint64 spillSize);
    Q_DISABLE_COPY_MOVE(TaskRunner)

    /// A RunTask frame.
    void frameReceived(const ipc::Frame &frame);

private:
    struct Known
    {
        const TaskSpec *task = nullptr;
        std::vector<const ListenerSpec *> listeners;
        quint32 place = 0; ///< in the manifest
    };
    /// What the deliverer is told of a try that is done.
    struct KeptResult
    {
        QByteArray bytes; ///< or the name of their file
        quint8 flags = 0;
        QByteArray loss; ///< UTF-8: why they are not there; empty: they are
    };

    WorkEnd run(const Known &known, const ipc::RunTaskMessage &message, TaskCall &call);
    Result<Payload> payloadOf(const ipc::RunTaskMessage &message) const;
    /// Writes a large result to its file.
    KeptResult keep(quint64 id, const ipc::RunTaskMessage &message, const Payload &result) const;
    void report(quint64 id, const ipc::RunTaskMessage &message, const WorkEnd &ended, const KeptResult &kept);
    /// Sends the end of a try, and notes what the master is to know of it should this process die before it has left.
    void send(quint64 id, const ipc::TaskDoneMessage &done);

    ipc::TaskProgress &m_progress;
    ipc::Channel &m_channel;
    HandlerHost &m_host;
    const tasks::Spill &m_spill;
    const qint64 m_spillSize;
    QHash<QByteArray, Known> m_tasks;
    QHash<QByteArray, Known> m_events;
    bool m_failureWaits = false; ///< among the ends that have not left yet
    bool m_resultWaits = false;  ///< the same
};

} // namespace Quern::worker
