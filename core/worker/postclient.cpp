#include "worker/postclient.h"

#include "sdk/src/exceptiontext_p.h"
#include "worker/log.h"

namespace Quern::worker {

namespace {

/// How much longer than its own time limit an answer of the broker may take: it may wait for its disk.
constexpr std::chrono::milliseconds answerGrace = std::chrono::seconds(30);
/// How long a child that is to leave waits for the broker, which may wait for its disk.
constexpr std::chrono::milliseconds closeTimeout(500);
constexpr std::chrono::milliseconds longestTimeout = std::chrono::hours(24);

ProcessAddress::Kind kindOf(ipc::ChildRole role)
{
    switch (role) {
    case ipc::ChildRole::Worker:
        return ProcessAddress::Kind::Worker;
    case ipc::ChildRole::TaskWorker:
        return ProcessAddress::Kind::TaskWorker;
    case ipc::ChildRole::Timer:
        return ProcessAddress::Kind::Timer;
    case ipc::ChildRole::Process:
        return ProcessAddress::Kind::Process;
    case ipc::ChildRole::Boot:
        break;
    }
    return ProcessAddress::Kind::None;
}

ipc::ChildRole roleOf(ProcessAddress::Kind kind)
{
    switch (kind) {
    case ProcessAddress::Kind::Worker:
        return ipc::ChildRole::Worker;
    case ProcessAddress::Kind::TaskWorker:
        return ipc::ChildRole::TaskWorker;
    case ProcessAddress::Kind::Timer:
        return ipc::ChildRole::Timer;
    case ProcessAddress::Kind::Process:
        return ipc::ChildRole::Process;
    case ProcessAddress::Kind::None:
        break;
    }
    return ipc::ChildRole::Boot;
}

Error noProcess(const QString &name)
{
    return Error(Error::NotFound, QStringLiteral("there is no process \"%1\": write [[process]] with name = \"%1\" in "
                                                 "the settings")
                                      .arg(name));
}

} // namespace

ProcessAddress addressOf(const ipc::ChildIdentity &who)
{
    const ProcessAddress::Kind kind = kindOf(who.role);
    return kind == ProcessAddress::Kind::None ? ProcessAddress() : ProcessAddress{kind, who.number, who.name};
}

PostClient::PostClient(const ApplicationPrivate &application, const ipc::ProcessPlan &plan)
    : m_application(application)
    , m_plan(plan)
    , m_workers(plan.workers)
    , m_taskWorkers(plan.taskWorkers)
{
}

void PostClient::attach(ipc::Channel *channel, std::function<void()> outputWaits)
{
    m_channel = channel;
    m_port.attach(channel, std::move(outputWaits));
}

void PostClient::detach()
{
    m_port.detach();
    m_channel = nullptr;
    const std::lock_guard lock(m_pendingMutex);
    for (auto &[id, pending] : m_pending) {
        if (pending.waiter)
            pending.waiter->answer(BrokerPort::notServing());
    }
}

void PostClient::tell(const ipc::PostMessage &message)
{
    std::ignore = m_port.send([&](QByteArray &out) { ipc::appendPost(out, 0, message); });
}

void PostClient::open()
{
    m_isOpen = true;
    ipc::PostMessage message;
    message.kind = ipc::PostKind::Open;
    tell(message);
}

void PostClient::close()
{
    m_isOpen = false;
    ipc::PostMessage message;
    message.kind = ipc::PostKind::Close;
    message.flags = ipc::PostWantsAnswer;
    const auto waiter = std::make_shared<Waiter>();
    if (const Result<quint64> sent = send(message, {{}, waiter})) {
        m_port.wait(*waiter, closeTimeout);
        takePending(*sent);
    }
}

Result<void> PostClient::check(const ProcessCall &call) const
{
    const ipc::ProcessEntry *entry = m_plan.find(call.name);
    if (!entry)
        return noProcess(call.name);
    const bool isPush = call.kind == ProcessCall::Kind::Push;
    const bool isAddressed = !isPush || entry->queue == ipc::QueueMode::Addressed;
    if (isPush ? entry->queue == ipc::QueueMode::None : entry->pipe == ipc::PipeKind::None) {
        return Error(Error::Invalid, (isPush ? QStringLiteral("process \"%1\" has no queue: write queue = { mode = "
                                                              "\"shared\" } in its [[process]]")
                                             : QStringLiteral("process \"%1\" has no pipe: write pipe = \"stream\" in "
                                                              "its [[process]]"))
                                         .arg(call.name));
    }
    if (!isAddressed && call.number >= 0) {
        return Error(Error::Invalid,
                     QStringLiteral("the queue of process \"%1\" is shared by its copies: leave out the "
                                    "number, or write mode = \"addressed\"")
                         .arg(call.name));
    }
    if (isAddressed && call.number < 0 && entry->num > 1) {
        return Error(Error::Invalid, QStringLiteral("there are %1 copies of process \"%2\": say which by its number, "
                                                    "from 0")
                                         .arg(entry->num)
                                         .arg(call.name));
    }
    if (call.number >= entry->num) {
        return Error(Error::NotFound, QStringLiteral("there is no copy %1 of process \"%2\": there are %3, from 0")
                                          .arg(call.number)
                                          .arg(call.name)
                                          .arg(entry->num));
    }
    return checkPost(call.payload);
}

Result<quint64> PostClient::request(const ProcessCall &call, Pending pending)
{
    if (const Result<void> possible = check(call); !possible)
        return possible.error();
    const QByteArray name = call.name.toUtf8();
    ipc::PostMessage message;
    message.number = call.number;
    message.name = name;
    message.payload = call.payload.bytes();
    if (pending.answered || pending.waiter)
        message.flags |= ipc::PostWantsAnswer;
    switch (call.kind) {
    case ProcessCall::Kind::Write:
        message.kind = ipc::PostKind::WriteTo;
        break;
    case ProcessCall::Kind::Read:
        message.kind = ipc::PostKind::ReadFrom;
        message.timeoutMs = quint32(std::clamp(call.timeout, std::chrono::milliseconds(0), longestTimeout).count());
        break;
    case ProcessCall::Kind::Push:
        message.kind = ipc::PostKind::Push;
        message.flags |= quint8(call.payload.isMap() ? ipc::PostMap : 0);
        break;
    }
    return send(message, std::move(pending));
}

Result<quint64> PostClient::send(ipc::PostMessage message, Pending pending)
{
    const quint64 id = m_nextId.fetch_add(1, std::memory_order_relaxed);
    const bool isAnswered = pending.answered || pending.waiter;
    if (isAnswered) {
        const std::lock_guard lock(m_pendingMutex);
        m_pending.emplace(id, std::move(pending));
    }
    const Result<void> left = m_port.send([&](QByteArray &out) { ipc::appendPost(out, id, message); });
    if (!left) {
        takePending(id);
        return left.error();
    }
    return id;
}

Outcome PostClient::call(const ProcessCall &call, const ProcessAnswer &answered)
{
    const Result<quint64> sent = request(call, {answered, {}});
    if (sent)
        return {};
    if (answered)
        // As if the broker had refused it: authors have one place for refusals.
        QMetaObject::invokeMethod(
            &m_home, [answered, error = sent.error()] { tell(answered, error); }, Qt::QueuedConnection);
    return sent.error();
}

Result<Payload> PostClient::callAndWait(const ProcessCall &call)
{
    const auto waiter = std::make_shared<Waiter>();
    const Result<quint64> sent = request(call, {{}, waiter});
    if (!sent)
        return sent.error();
    const bool isRead = call.kind == ProcessCall::Kind::Read;
    const bool isAnswered = m_port.wait(*waiter, isRead ? call.timeout + answerGrace : call.timeout);
    takePending(*sent);
    if (!isAnswered) {
        return Error(Error::Timeout,
                     QStringLiteral("the server has not answered within %1 ms; it may do what was asked "
                                    "later")
                         .arg(call.timeout.count()));
    }
    const Result<Answer> outcome = waiter->outcome();
    if (!outcome)
        return outcome.error();
    return outcome->payload;
}

Result<quint64> PostClient::ask(ipc::PostMessage message)
{
    message.flags |= ipc::PostWantsAnswer;
    return send(message, {{}, std::make_shared<Waiter>()});
}

Result<PostClient::Answer> PostClient::awaitAnswer(quint64 id, std::chrono::milliseconds timeout)
{
    std::shared_ptr<Waiter> waiter;
    {
        // It may have been answered already, and then it is still there: see answered().
        const std::lock_guard lock(m_pendingMutex);
        if (const auto found = m_pending.find(id); found != m_pending.end())
            waiter = found->second.waiter;
    }
    const bool isAnswered = waiter && m_port.wait(*waiter, timeout + answerGrace);
    takePending(id);
    if (!isAnswered)
        return Error(Error::Timeout, QStringLiteral("the server has not answered"));
    return waiter->outcome();
}

void PostClient::hurry(quint64 id)
{
    ipc::PostMessage message;
    message.kind = ipc::PostKind::Cancel;
    std::ignore = m_port.send([&](QByteArray &out) { ipc::appendPost(out, id, message); });
}

void PostClient::limit(quint64 id, std::chrono::milliseconds time)
{
    const std::lock_guard lock(m_pendingMutex);
    if (const auto found = m_pending.find(id); found != m_pending.end() && found->second.waiter)
        found->second.waiter->expectBy(std::chrono::steady_clock::now() + time);
}

int PostClient::countOf(ipc::ChildRole role, const QString &name) const
{
    if (role == ipc::ChildRole::Worker)
        return m_workers.load(std::memory_order_relaxed);
    if (role == ipc::ChildRole::TaskWorker)
        return m_taskWorkers.load(std::memory_order_relaxed);
    return m_plan.countOf(role, name);
}

Outcome PostClient::sendMessage(const ProcessAddress &to, const Payload &payload)
{
    const ipc::ChildRole role = roleOf(to.kind);
    const int count = countOf(role, to.name);
    if (to.number < -1)
        return Error(Error::Invalid, QStringLiteral("there is no process with the number %1").arg(to.number));
    if (count == 0 && role == ipc::ChildRole::Process)
        return noProcess(to.name);
    if (to.number >= count || count == 0) {
        return Error(
            Error::NotFound,
            QStringLiteral("there is no such process: %1; there are %2 of the kind").arg(to.toString()).arg(count));
    }
    if (m_application.messageHandlers.empty()) {
        return Error(Error::NotFound, QStringLiteral("no plugin takes messages: give one a function with "
                                                     "Application::onMessage()"));
    }
    if (const Result<void> possible = checkPost(payload); !possible)
        return possible;
    const QByteArray name = to.name.toUtf8();
    ipc::PostMessage message;
    message.kind = ipc::PostKind::Message;
    message.flags = payload.isMap() ? ipc::PostMap : 0;
    message.role = role;
    message.number = to.number;
    message.name = name;
    message.payload = payload.bytes();
    return m_port.send([&](QByteArray &out) { ipc::appendPost(out, 0, message); });
}

std::optional<PostClient::Pending> PostClient::takePending(quint64 id)
{
    const std::lock_guard lock(m_pendingMutex);
    auto found = m_pending.extract(id);
    return found ? std::optional(std::move(found.mapped())) : std::nullopt;
}

bool PostClient::isAwaited(const ipc::Frame &frame) const
{
    const Result<ipc::PostMessage> message = ipc::decodePost(frame.payload);
    if (!message || message->kind != ipc::PostKind::Answer)
        return false;
    const std::lock_guard lock(m_pendingMutex);
    const auto found = m_pending.find(frame.id);
    return found != m_pending.end() && found->second.waiter;
}

void PostClient::frameReceived(const ipc::Frame &frame)
{
    const Result<ipc::PostMessage> message = ipc::decodePost(frame.payload);
    if (!message)
        qCCritical(logWorker).noquote() << message.error().message();
    else if (message->kind == ipc::PostKind::Answer)
        answered(frame.id, *message);
    else if (message->kind == ipc::PostKind::Message)
        messageArrived(*message);
}

void PostClient::tell(const ProcessAnswer &answered, const Result<Payload> &answer)
{
    try {
        answered(answer);
    } catch (...) {
        qCCritical(logWorker).noquote() << "what was to hear of a process's pipe or queue threw:"
                                        << textOfCurrentException();
    }
}

void PostClient::answered(quint64 id, const ipc::PostMessage &message)
{
    Result<Answer> outcome = Answer();
    if (message.code != 0) {
        outcome = Error(Error::Code(message.code - 1), QString::fromUtf8(message.payload));
    } else {
        const bool isMap = (message.flags & ipc::PostMap) != 0;
        outcome = Answer{PayloadAccess::make(isMap, message.payload.toByteArray()), message.item};
    }
    Pending pending;
    {
        const std::lock_guard lock(m_pendingMutex);
        const auto found = m_pending.find(id);
        if (found != m_pending.end())
            pending = found->second;
        // One that is waited for is taken away by who waits.
        if (found != m_pending.end() && !pending.waiter)
            m_pending.erase(found);
    }
    if (pending.waiter) {
        pending.waiter->answer(outcome);
    } else if (pending.answered) {
        tell(pending.answered, outcome ? Result<Payload>(outcome->payload) : Result<Payload>(outcome.error()));
    } else if (!outcome) {
        logRefusal(outcome.error());
    }
}

void PostClient::messageArrived(const ipc::PostMessage &message)
{
    // It stays with the broker then, for the successor.
    if (!m_isOpen)
        return;
    ipc::PostMessage begun;
    begun.kind = ipc::PostKind::Begun;
    begun.item = message.item;
    tell(begun);
    // Before the handler runs, which may be its end.
    m_channel->flush();
    const bool isMap = (message.flags & ipc::PostMap) != 0;
    const ProcessMessage arrived{addressOf({message.role, message.number, QString::fromUtf8(message.name)}),
                                 PayloadAccess::make(isMap, message.payload.toByteArray())};
    callMessageHandlers(m_application.messageHandlers, arrived,
                        [](const QString &problem) { qCCritical(logWorker).noquote() << problem; });
}

void PostClient::logRefusal(const Error &error)
{
    if (const std::optional<QString> others = m_refusals.pass())
        qCWarning(logWorker).noquote().nospace()
            << "what was sent to a process was refused: " << error.message() << *others;
}

} // namespace Quern::worker
