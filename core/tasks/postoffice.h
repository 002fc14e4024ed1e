#pragma once

#include "base/linethrottle.h"
#include "ipc/postmessages.h"
#include "ipc/processplan.h"
#include "tasks/brokerlink.h"
#include "tasks/mailbox.h"
#include "tasks/postpipe.h"
#include "tasks/postqueue.h"

#include <QBasicTimer>
#include <QList>
#include <QMap>
#include <QObject>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace Quern::tasks {

/// What may be read of the post office from any thread.
struct PostCounters
{
    std::atomic<quint64> messages = 0;        ///< taken since the start
    std::atomic<quint64> messagesRefused = 0; ///< their receiver had too many waiting
    std::atomic<quint64> pushed = 0;          ///< items taken into queues since the start
};

/// What waits in the pipes and the queue of one custom process, of all its copies.
struct ChannelFill
{
    QString process;
    qint64 queueItems = 0;
    qint64 queueCapacity = 0; ///< items; 0: it has no queue
    qint64 inputBytes = 0;    ///< written to it, and not yet read by it
    qint64 outputBytes = 0;   ///< written or printed by it, and not yet read
    qint64 pipeCapacity = 0;  ///< bytes that may wait in each direction; 0: it has no pipe
    qint64 printedLost = 0;   ///< bytes that it has printed and nobody has read, since the start

    bool operator==(const ChannelFill &) const = default;
};

/// The half of the broker that passes on what children say to each other: pipes and queues of custom processes, and
/// messages. All of it waits here, within bounds, and survives the processes. Lives in the broker's thread; its
/// counters may be read from any.
class PostOffice final : public QObject, private PostReplies
{
    Q_OBJECT
public:
    explicit PostOffice(const ipc::ProcessPlan &plan);

    /// From now on there are these. What waits for others is dropped, and the log tells.
    void reconfigure(const ipc::ProcessPlan &plan);
    void addLink(BrokerLink &link);
    void removeLink(quint64 childId);
    /// A Post frame.
    void received(BrokerLink &link, quint64 id, const ipc::PostMessage &message);
    /// The process \a who has printed \a bytes, which are for its pipe, behind \a lostBefore bytes that are lost.
    void printed(const ipc::ChildIdentity &who, const QByteArray &bytes, qint64 lostBefore = 0);

    /// The loop is about to block: fill() tells of what has been until now.
    void turnEnded();

    const PostCounters &counters() const { return m_counters; }
    /// Of the processes that have a pipe or a queue, by name. Any thread.
    QList<ChannelFill> fill() const;

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Process
    {
        ipc::ProcessEntry entry;
        std::vector<PostPipe> input;  ///< one for each copy: what it is to read
        std::vector<PostPipe> output; ///< what it has written
        std::unique_ptr<PostQueue> queue;
        qint64 printedLost = 0;
    };
    struct Receiver
    {
        ipc::ChildIdentity who;
        Mailbox mailbox;
    };
    enum class Direction { Input, Output };

    // PostReplies
    void reply(const PostRequest &request, const PostReply &reply) override;

    void refuse(const PostRequest &request, const Error &error);
    void settle(const PostRequest &request, quint8 flags, const QString &name, const Result<void> &outcome);
    Process *processNamed(const QString &name);
    /// nullptr, and \a request is answered, if there is none.
    Process *addressed(const ipc::PostMessage &message, const PostRequest &request);
    PostPipe *pipeOf(Process &process, Direction direction, int number, const PostRequest &request);
    /// The process that the link is, and the pipe of it.
    PostPipe *ownPipe(const BrokerLink &link, Direction direction, const PostRequest &request);
    PostQueue *queueOf(Process &process, const PostRequest &request);
    void push(const ipc::PostMessage &message, const PostRequest &request);
    void pop(const BrokerLink &link, const ipc::PostMessage &message, const PostRequest &request);
    void message(const BrokerLink &link, const ipc::PostMessage &message);
    void deliver(const ipc::ChildIdentity &to, const Letter &letter);
    void cancel(const PostRequest &request);
    Mailbox &mailboxOf(const ipc::ChildIdentity &who);
    void sendLetter(quint64 childId, const Letter &letter);
    void updatePipes(Process &process, const ipc::ProcessEntry &entry);
    /// \a reason says what has become of the process's queue, if it has one: what waits is lost.
    void dropQueue(Process &process, const QString &reason);
    void dropLetters();
    void watch(const PostRequest &request);
    void forEachPipe(const std::function<void(PostPipe &)> &visit);
    void tellRefusal(const QString &to, const Error &error);
    void tellLoss(const ipc::ChildIdentity &who, qint64 bytes);
    ChannelFill fillOf(const Process &process) const;

    ipc::ProcessPlan m_plan;
    std::map<QString, Process> m_processes;
    std::map<QString, Receiver> m_receivers; ///< by ChildIdentity::text()
    std::unordered_map<quint64, BrokerLink *> m_links;
    PostCounters m_counters;
    bool m_isChanged = true; ///< since m_fill was made
    mutable std::mutex m_fillMutex;
    QList<ChannelFill> m_fill; ///< guarded by it
    QBasicTimer m_timer;
    base::MonotonicTime m_dueAt = base::MonotonicTime::max(); ///< what m_timer waits for
    base::LineThrottle m_refusals;
    QMap<QString, qint64> m_lost; ///< bytes that were printed and lost, by process; until they are told
    QBasicTimer m_lossTimer;
};

} // namespace Quern::tasks
