#include "worker/processhost.h"

#include "loop/epolleventdispatcher.h"
#include "sdk/src/exceptiontext_p.h"
#include "worker/handlerhost.h"
#include "worker/log.h"
#include "worker/postclient.h"

#include <cstdlib>

namespace Quern::worker {

namespace {

constexpr std::chrono::milliseconds longestWait = std::chrono::hours(24);
constexpr std::chrono::milliseconds writeTimeout = std::chrono::seconds(5);
/// When the process is to end, an answer has this long to arrive: the server may be too busy for any.
constexpr std::chrono::milliseconds lastPatience{500};
constexpr unsigned long destructionPatience = 500; // milliseconds

Error isToEnd()
{
    return Error(Error::Unavailable, QStringLiteral("this process is to end"));
}

} // namespace

ProcessHost::ProcessHost(const ProcessSpec &spec, const ipc::ProcessEntry &entry, int number, PostClient &post,
                         HandlerHost &host)
    : m_spec(spec)
    , m_entry(entry)
    , m_number(number)
    , m_post(post)
    , m_host(host)
{
}

ProcessHost::~ProcessHost()
{
    if (!m_thread)
        return;
    requestStop();
    // The plugins cannot be taken away from under a thread that runs their code.
    if (!m_thread->wait(destructionPatience))
        std::_Exit(1);
}

void ProcessHost::begin()
{
    if (m_thread || isStopRequested())
        return;
    m_thread.reset(QThread::create([this] { run(); }));
    m_thread->setObjectName(m_entry.name);
    m_thread->setEventDispatcher(new loop::EpollEventDispatcher);
    connect(m_thread.get(), &QThread::finished, this, [this] {
        m_thread->wait();
        Q_EMIT ended(m_exitCode, m_problem);
    });
    m_thread->start();
}

bool ProcessHost::requestStop()
{
    {
        const std::lock_guard lock(m_mutex);
        if (std::exchange(m_stopRequested, true))
            return false;
        if (m_awaited != 0)
            m_post.hurry(m_awaited);
        for (const quint64 id : m_writes)
            m_post.limit(id, lastPatience);
    }
    m_stopChanged.notify_all();
    return true;
}

void ProcessHost::leave(LeaveReason reason)
{
    if (!requestStop())
        return;
    if (!m_thread) {
        QMetaObject::invokeMethod(
            this, [this] { Q_EMIT ended(0, {}); }, Qt::QueuedConnection);
        return;
    }
    const std::function<void()> &handler = reason == LeaveReason::Reload ? m_spec.reload : m_spec.stop;
    if (!handler)
        return;
    m_host.runCallback([&] {
        try {
            handler();
        } catch (...) {
            qCCritical(logWorker).noquote().nospace()
                << (reason == LeaveReason::Reload ? "onReload()" : "onStop()") << " of process \"" << m_entry.name
                << "\" threw: " << textOfCurrentException();
        }
    });
}

void ProcessHost::run()
{
    bool isGood = true;
    try {
        Process process(*this);
        m_spec.run(process);
    } catch (...) {
        isGood = false;
        m_problem = textOfCurrentException();
        qCCritical(logWorker).noquote().nospace() << "process \"" << m_entry.name << "\" threw: " << m_problem;
    }
    m_exitCode = isGood ? 0 : 1;
    if (!isGood || m_itemInHand == 0)
        return;
    ipc::PostMessage done;
    done.kind = ipc::PostKind::Done;
    done.item = m_itemInHand;
    m_post.tell(done);
}

bool ProcessHost::isStopRequested() const
{
    const std::lock_guard lock(m_mutex);
    return m_stopRequested;
}

bool ProcessHost::waitForStop(std::chrono::milliseconds time) const
{
    std::unique_lock lock(m_mutex);
    m_stopChanged.wait_for(lock, std::min(time, longestWait), [this] { return m_stopRequested; });
    return m_stopRequested;
}

Result<PostClient::Answer> ProcessHost::ask(ipc::PostMessage message, std::chrono::milliseconds timeout)
{
    const auto wait = std::clamp(timeout, std::chrono::milliseconds(0), longestWait);
    message.timeoutMs = quint32(wait.count());
    quint64 id = 0;
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopRequested)
            return isToEnd();
        const Result<quint64> sent = m_post.ask(message);
        if (!sent)
            return sent.error();
        id = *sent;
        m_awaited = id;
    }
    if (message.kind == ipc::PostKind::Pop)
        m_itemInHand = 0;
    const Result<PostClient::Answer> answer = m_post.awaitAnswer(id, wait);
    const std::lock_guard lock(m_mutex);
    m_awaited = 0;
    return !answer && m_stopRequested ? isToEnd() : answer;
}

Result<QByteArray> ProcessHost::read(std::chrono::milliseconds timeout)
{
    ipc::PostMessage message;
    message.kind = ipc::PostKind::ProcessReads;
    const Result<PostClient::Answer> answer = ask(message, timeout);
    if (!answer)
        return answer.error();
    return answer->payload.bytes();
}

Outcome ProcessHost::write(const QByteArray &bytes)
{
    if (const Result<void> fits = checkPostSize(bytes.size()); !fits)
        return fits;
    ipc::PostMessage message;
    message.kind = ipc::PostKind::ProcessWrites;
    message.payload = bytes;
    quint64 id = 0;
    {
        const std::lock_guard lock(m_mutex);
        const Result<quint64> sent = m_post.ask(message);
        if (!sent)
            return sent.error();
        id = *m_writes.insert(*sent).first;
        if (m_stopRequested)
            m_post.limit(id, lastPatience);
    }
    const Result<PostClient::Answer> answer = m_post.awaitAnswer(id, writeTimeout);
    const std::lock_guard lock(m_mutex);
    m_writes.erase(id);
    if (answer)
        return {};
    if (m_stopRequested && answer.error().code() == Error::Timeout)
        return Error(Error::Unavailable,
                     QStringLiteral("this process is to end, and the server has not answered: it may "
                                    "write what it was given later"));
    return answer.error();
}

Result<Payload> ProcessHost::pop(std::chrono::milliseconds timeout)
{
    ipc::PostMessage message;
    message.kind = ipc::PostKind::Pop;
    message.item = m_itemInHand;
    const Result<PostClient::Answer> answer = ask(message, timeout);
    if (!answer)
        return answer.error();
    m_itemInHand = answer->item;
    return answer->payload;
}

} // namespace Quern::worker
