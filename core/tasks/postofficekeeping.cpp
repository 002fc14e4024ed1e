// The half of PostOffice that keeps house: its settings, what has waited for too long, and what the log is told.

#include "tasks/log.h"
#include "tasks/postoffice.h"

#include <QTimerEvent>

#include <algorithm>
#include <numeric>
#include <utility>

namespace Quern::tasks {

namespace {

/// The log tells of what is refused or lost this often at most.
constexpr int reportMilliseconds = 1000;

} // namespace

void PostOffice::forEachPipe(const std::function<void(PostPipe &)> &visit)
{
    for (auto &[name, process] : m_processes) {
        for (std::vector<PostPipe> *pipes : {&process.input, &process.output}) {
            for (PostPipe &pipe : *pipes)
                visit(pipe);
        }
    }
}

void PostOffice::reconfigure(const ipc::ProcessPlan &plan)
{
    m_plan = plan;
    for (auto each = m_processes.begin(); each != m_processes.end();) {
        if (plan.find(each->first)) {
            ++each;
            continue;
        }
        ipc::ProcessEntry ended = each->second.entry;
        ended.pipe = ipc::PipeKind::None;
        updatePipes(each->second, ended);
        dropQueue(each->second, QStringLiteral("process \"%1\" is no more: %2 items of its queue are lost"));
        each = m_processes.erase(each);
    }
    for (const ipc::ProcessEntry &entry : plan.processes) {
        Process &process = m_processes[entry.name];
        updatePipes(process, entry);
        if (process.queue && (entry.queue == ipc::QueueMode::None || !process.queue->reconfigure(entry)))
            dropQueue(process, QStringLiteral(
                                   "the queue of process \"%1\" is another now: the %2 items of the old one are lost"));
        if (!process.queue && entry.queue != ipc::QueueMode::None)
            process.queue = std::make_unique<PostQueue>(entry, static_cast<PostReplies &>(*this));
        process.entry = entry;
    }
    dropLetters();
    m_isChanged = true;
}

void PostOffice::dropQueue(Process &process, const QString &reason)
{
    if (!process.queue)
        return;
    if (process.queue->size() > 0)
        qCWarning(logTasks).noquote() << reason.arg(process.entry.name).arg(process.queue->size());
    process.queue->refuse(Error(Error::Unavailable, QStringLiteral("the queue of the process is there no more")));
    process.queue.reset();
}

void PostOffice::dropLetters()
{
    std::erase_if(m_receivers, [this](const auto &each) {
        const auto &[who, mailbox] = each.second;
        if (who.number < m_plan.countOf(who.role, who.name))
            return false;
        if (mailbox.size() > 0)
            qCWarning(logTasks).noquote().nospace()
                << who.text() << " is no more: " << mailbox.size() << " messages for it are lost";
        return true;
    });
}

void PostOffice::updatePipes(Process &process, const ipc::ProcessEntry &entry)
{
    const std::size_t count = entry.pipe == ipc::PipeKind::None ? 0 : std::size_t(entry.num);
    for (std::vector<PostPipe> *pipes : {&process.input, &process.output}) {
        const bool isAnother = !pipes->empty() && pipes->front().kind() != entry.pipe;
        for (std::size_t i = isAnother ? 0 : count; i < pipes->size(); ++i)
            (*pipes)[i].waiters().refuse(
                Error(Error::Unavailable, QStringLiteral("the pipe of the process is there no more")));
        if (isAnother)
            pipes->clear();
        while (pipes->size() > count)
            pipes->pop_back();
        while (pipes->size() < count)
            pipes->emplace_back(entry.pipe, entry.pipeBuffer, static_cast<PostReplies &>(*this));
        for (PostPipe &pipe : *pipes)
            pipe.setCapacity(entry.pipeBuffer);
    }
}

void PostOffice::watch(const PostRequest &request)
{
    if (request.deadline >= m_dueAt)
        return;
    m_dueAt = request.deadline;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(m_dueAt - std::chrono::steady_clock::now());
    m_timer.start(int(std::max<qint64>(wait.count(), 0)), Qt::PreciseTimer, this);
}

void PostOffice::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_lossTimer.timerId()) {
        m_lossTimer.stop();
        for (const auto lost = std::exchange(m_lost, {}); const QString &who : lost.keys())
            qCWarning(logTasks).noquote().nospace()
                << lost.value(who) << " bytes that " << who << " has printed are lost: nobody reads its pipe";
        return;
    }
    if (event->timerId() != m_timer.timerId())
        return;
    m_timer.stop();
    m_dueAt = base::MonotonicTime::max();
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    base::MonotonicTime next = m_dueAt;
    const auto consider = [&next](const std::optional<base::MonotonicTime> &deadline) {
        next = std::min(next, deadline.value_or(base::MonotonicTime::max()));
    };
    forEachPipe([&](PostPipe &pipe) {
        pipe.waiters().expire(now);
        consider(pipe.waiters().nextDeadline());
    });
    for (auto &[name, process] : m_processes) {
        if (!process.queue)
            continue;
        process.queue->expire(now);
        consider(process.queue->nextDeadline());
    }
    if (next != base::MonotonicTime::max())
        watch({0, 0, next});
}

void PostOffice::printed(const ipc::ChildIdentity &who, const QByteArray &bytes, qint64 lostBefore)
{
    Process *process = processNamed(who.name);
    if (!process || std::size_t(who.number) >= process->output.size())
        return;
    m_isChanged = true;
    const qint64 lost = lostBefore + process->output[std::size_t(who.number)].print(bytes);
    process->printedLost += lost;
    if (lost > 0)
        tellLoss(who, lost);
}

void PostOffice::tellLoss(const ipc::ChildIdentity &who, qint64 bytes)
{
    m_lost[who.text()] += bytes;
    if (!m_lossTimer.isActive())
        m_lossTimer.start(reportMilliseconds, this);
}

void PostOffice::tellRefusal(const QString &to, const Error &error)
{
    if (const std::optional<QString> others = m_refusals.pass())
        qCWarning(logTasks).noquote().nospace()
            << "a message for " << to << " was refused: " << error.message() << *others;
}

ChannelFill PostOffice::fillOf(const Process &process) const
{
    const auto waiting = [](const std::vector<PostPipe> &pipes) {
        return std::accumulate(pipes.begin(), pipes.end(), qint64(0),
                               [](qint64 sum, const PostPipe &pipe) { return sum + pipe.waitingBytes(); });
    };
    ChannelFill fill;
    fill.process = process.entry.name;
    fill.queueItems = process.queue ? process.queue->size() : 0;
    fill.queueCapacity = process.queue ? process.entry.queueCapacity : 0;
    fill.inputBytes = waiting(process.input);
    fill.outputBytes = waiting(process.output);
    fill.pipeCapacity = process.entry.pipeBuffer * qint64(process.input.size());
    fill.printedLost = process.printedLost;
    return fill;
}

void PostOffice::turnEnded()
{
    if (!std::exchange(m_isChanged, false))
        return;
    QList<ChannelFill> fills;
    for (const auto &[name, process] : m_processes) {
        if (process.queue || !process.input.empty())
            fills.append(fillOf(process));
    }
    const std::lock_guard lock(m_fillMutex);
    m_fill.swap(fills);
}

QList<ChannelFill> PostOffice::fill() const
{
    const std::lock_guard lock(m_fillMutex);
    return m_fill;
}

} // namespace Quern::tasks
