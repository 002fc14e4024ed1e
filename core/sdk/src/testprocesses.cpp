#include "testprocesses_p.h"

#include "exceptiontext_p.h"
#include "log_p.h"
#include "testrole_p.h"

#include <QCoreApplication>
#include <QTimer>

namespace Quern {

namespace {

Error full(const char *what)
{
    return Error(Error::Busy, QStringLiteral("the %1 is full").arg(QLatin1StringView(what)));
}

Error nothingCame()
{
    return Error(Error::Timeout, QStringLiteral("nothing has come in time"));
}

Error isToEnd()
{
    return Error(Error::Unavailable, QStringLiteral("this process is to end"));
}

} // namespace

Result<void> TestProcesses::Pipe::write(const QByteArray &chunk)
{
    if (bytes + chunk.size() > PipeBuffer)
        return full("pipe");
    bytes += chunk.size();
    chunks.push_back(chunk);
    return {};
}

QByteArray TestProcesses::Pipe::take()
{
    const QByteArray chunk = chunks.front();
    chunks.pop_front();
    bytes -= chunk.size();
    return chunk;
}

Result<void> TestProcesses::check(const ProcessCall &call) const
{
    if (const Result<void> serving = TestRole::checkServing(); !serving)
        return serving;
    if (!m_application.processNamed(call.name.toUtf8()))
        return Error(Error::NotFound, QStringLiteral("the plugin registers no process \"%1\"").arg(call.name));
    return checkPost(call.payload);
}

Outcome TestProcesses::call(const ProcessCall &call, const ProcessAnswer &answered)
{
    const Result<void> possible = check(call);
    if (possible && call.kind == ProcessCall::Kind::Read) {
        readLater({call.name.toUtf8(), std::max(call.number, 0)}, call, answered);
        return {};
    }
    const Result<void> outcome = possible ? put(call) : possible;
    if (answered)
        tellLater(answered, outcome ? Result<Payload>(Payload()) : Result<Payload>(outcome.error()));
    return possible && answered ? Outcome() : Outcome(outcome);
}

Result<void> TestProcesses::put(const ProcessCall &call)
{
    const Place place(call.name.toUtf8(), std::max(call.number, 0));
    Result<void> outcome;
    {
        const std::lock_guard lock(m_mutex);
        if (call.kind == ProcessCall::Kind::Write) {
            outcome = m_input[place].write(call.payload.bytes());
        } else {
            std::deque<Payload> &queue = m_queues[{place.first, call.number}];
            if (queue.size() >= QueueCapacity)
                outcome = full("queue");
            else
                queue.push_back(call.payload);
        }
    }
    m_changed.notify_all();
    return outcome;
}

void TestProcesses::tellLater(const ProcessAnswer &answered, const Result<Payload> &answer)
{
    QMetaObject::invokeMethod(
        &m_home, [answered, answer] { tell(answered, answer); }, Qt::QueuedConnection);
}

void TestProcesses::tell(const ProcessAnswer &answered, const Result<Payload> &answer)
{
    try {
        answered(answer);
    } catch (...) {
        qCCritical(logSdk).noquote() << "what was to hear of a process's pipe or queue threw:"
                                     << textOfCurrentException();
    }
}

Result<Payload> TestProcesses::callAndWait(const ProcessCall &call)
{
    if (const Result<void> possible = TestRole::checkWaiting(); !possible)
        return possible.error();
    if (const Result<void> possible = check(call); !possible)
        return possible.error();
    if (call.kind != ProcessCall::Kind::Read) {
        const Result<void> outcome = put(call);
        return outcome ? Result<Payload>(Payload()) : Result<Payload>(outcome.error());
    }
    std::unique_lock lock(m_mutex);
    Pipe &pipe = m_output[{call.name.toUtf8(), std::max(call.number, 0)}];
    if (!m_changed.wait_for(lock, call.timeout, [&pipe] { return !pipe.chunks.empty(); }))
        return nothingCame();
    return Payload(pipe.take());
}

void TestProcesses::readLater(const Place &place, const ProcessCall &call, const ProcessAnswer &answered)
{
    quint64 id = 0;
    {
        const std::lock_guard lock(m_mutex);
        id = ++m_serial;
        m_output[place].readers.push_back({id, answered});
    }
    QMetaObject::invokeMethod(
        &m_home,
        [this, place, id, timeout = call.timeout] {
            handOut(place);
            QTimer::singleShot(timeout, Qt::PreciseTimer, &m_home, [this, place, id] {
                std::unique_lock lock(m_mutex);
                std::list<Reader> &readers = m_output[place].readers;
                const auto late = std::find_if(readers.begin(), readers.end(),
                                               [id](const Reader &reader) { return reader.id == id; });
                if (late == readers.end())
                    return;
                const ProcessAnswer told = late->answered;
                readers.erase(late);
                lock.unlock();
                tell(told, nothingCame());
            });
        },
        Qt::QueuedConnection);
}

void TestProcesses::handOut(const Place &place)
{
    for (;;) {
        std::unique_lock lock(m_mutex);
        Pipe &pipe = m_output[place];
        if (pipe.chunks.empty() || pipe.readers.empty())
            return;
        const QByteArray chunk = pipe.take();
        const ProcessAnswer told = pipe.readers.front().answered;
        pipe.readers.pop_front();
        lock.unlock();
        tell(told, Payload(chunk));
    }
}

Result<void> TestProcesses::write(const QByteArray &name, int number, const QByteArray &bytes)
{
    const Place place(name, number);
    Result<void> outcome;
    {
        const std::lock_guard lock(m_mutex);
        outcome = m_output[place].write(bytes);
    }
    m_changed.notify_all();
    QMetaObject::invokeMethod(
        &m_home, [this, place] { handOut(place); }, Qt::QueuedConnection);
    return outcome;
}

Result<QByteArray> TestProcesses::read(const QByteArray &name, int number, std::chrono::milliseconds timeout,
                                       const std::function<bool()> &isStopped)
{
    std::unique_lock lock(m_mutex);
    Pipe &pipe = m_input[{name, number}];
    m_changed.wait_for(lock, timeout, [&] { return isStopped() || !pipe.chunks.empty(); });
    if (isStopped())
        return isToEnd();
    if (pipe.chunks.empty())
        return nothingCame();
    return pipe.take();
}

Result<Payload> TestProcesses::pop(const QByteArray &name, int number, std::chrono::milliseconds timeout,
                                   const std::function<bool()> &isStopped)
{
    std::unique_lock lock(m_mutex);
    std::deque<Payload> &own = m_queues[{name, number}];
    std::deque<Payload> &shared = m_queues[{name, -1}];
    m_changed.wait_for(lock, timeout, [&] { return isStopped() || !own.empty() || !shared.empty(); });
    if (isStopped())
        return isToEnd();
    if (own.empty() && shared.empty())
        return nothingCame();
    std::deque<Payload> &queue = own.empty() ? shared : own;
    const Payload item = queue.front();
    queue.pop_front();
    return item;
}

void TestProcesses::giveBack(const QByteArray &name, const Payload &item)
{
    {
        const std::lock_guard lock(m_mutex);
        m_queues[{name, -1}].push_front(item);
    }
    m_changed.notify_all();
}

void TestProcesses::wake()
{
    {
        const std::lock_guard lock(m_mutex);
    }
    m_changed.notify_all();
}

QByteArray TestProcesses::written(const QByteArray &name, int number)
{
    const std::lock_guard lock(m_mutex);
    QByteArray all;
    for (const QByteArray &chunk : m_output[{name, number}].chunks)
        all += chunk;
    return all;
}

} // namespace Quern
