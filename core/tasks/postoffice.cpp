#include "tasks/postoffice.h"

#include "tasks/log.h"

#include <QTimerEvent>

#include <algorithm>

namespace Quern::tasks {

namespace {

/// Longer waits are broken off: a channel is not open for ever.
constexpr std::chrono::milliseconds longestWait = std::chrono::hours(24);

PostRequest requestOf(const BrokerLink &link, quint64 id, const ipc::PostMessage &message)
{
    const auto wait = std::min(std::chrono::milliseconds(message.timeoutMs), longestWait);
    return {link.info().childId, id, std::chrono::steady_clock::now() + wait};
}

Error noProcess(const QString &name)
{
    return Error(Error::NotFound, QStringLiteral("there is no process \"%1\" any more").arg(name));
}

} // namespace

PostOffice::PostOffice(const ipc::ProcessPlan &plan)
{
    reconfigure(plan);
}

void PostOffice::addLink(BrokerLink &link)
{
    m_links[link.info().childId] = &link;
}

void PostOffice::removeLink(quint64 childId)
{
    const auto found = m_links.find(childId);
    if (found == m_links.end())
        return;
    const ipc::ChildIdentity who = found->second->info().who;
    m_links.erase(found);
    forEachPipe([childId](PostPipe &pipe) { pipe.waiters().forget(childId); });
    for (auto &[name, process] : m_processes) {
        if (process.queue && process.queue->forget(childId) > 0) {
            qCCritical(logTasks).noquote().nospace()
                << "an item of the queue of process \"" << name << "\" is dropped: " << PostQueue::MaxDeaths
                << " processes have died with it in their hands, the last of them " << who.text();
        }
    }
    if (const auto receiver = m_receivers.find(who.text()); receiver != m_receivers.end())
        receiver->second.mailbox.forget(childId);
    m_isChanged = true;
}

void PostOffice::received(BrokerLink &link, quint64 id, const ipc::PostMessage &message)
{
    const PostRequest request = requestOf(link, id, message);
    m_isChanged = true;
    switch (message.kind) {
    case ipc::PostKind::Open:
        mailboxOf(link.info().who).open(request.childId);
        break;
    case ipc::PostKind::Close:
        mailboxOf(link.info().who).close(request.childId);
        // Behind all that was sent to it before.
        settle(request, message.flags, {}, {});
        break;
    case ipc::PostKind::Begun:
        mailboxOf(link.info().who).begun(request.childId, message.item);
        break;
    case ipc::PostKind::WriteTo:
        if (Process *process = addressed(message, request)) {
            if (PostPipe *pipe = pipeOf(*process, Direction::Input, message.number, request))
                settle(request, message.flags, process->entry.name, pipe->write(message.payload.toByteArray()));
        }
        break;
    case ipc::PostKind::ReadFrom:
        if (Process *process = addressed(message, request)) {
            if (PostPipe *pipe = pipeOf(*process, Direction::Output, message.number, request)) {
                pipe->read(request);
                watch(request);
            }
        }
        break;
    case ipc::PostKind::ProcessWrites:
        if (PostPipe *pipe = ownPipe(link, Direction::Output, request))
            settle(request, message.flags, link.info().who.name, pipe->write(message.payload.toByteArray()));
        break;
    case ipc::PostKind::ProcessReads:
        if (PostPipe *pipe = ownPipe(link, Direction::Input, request)) {
            pipe->read(request);
            watch(request);
        }
        break;
    case ipc::PostKind::Push:
        push(message, request);
        break;
    case ipc::PostKind::Pop:
        pop(link, message, request);
        break;
    case ipc::PostKind::Done:
        if (Process *process = processNamed(link.info().who.name); process && process->queue)
            process->queue->done(request.childId, message.item);
        break;
    case ipc::PostKind::Cancel:
        cancel(request);
        break;
    case ipc::PostKind::Message:
        this->message(link, message);
        break;
    case ipc::PostKind::Answer:
        break; // nobody was asked
    }
}

void PostOffice::reply(const PostRequest &request, const PostReply &reply)
{
    const auto link = m_links.find(request.childId);
    if (link == m_links.end())
        return;
    ipc::PostMessage answer;
    answer.kind = ipc::PostKind::Answer;
    answer.flags = reply.isMap ? ipc::PostMap : 0;
    answer.item = reply.item;
    QByteArray text;
    if (reply.outcome) {
        answer.payload = *reply.outcome;
    } else {
        text = reply.outcome.error().message().toUtf8();
        answer.code = quint8(reply.outcome.error().code() + 1);
        answer.payload = text;
    }
    link->second->channel().sendWith([&](QByteArray &out) { ipc::appendPost(out, request.id, answer); });
}

void PostOffice::refuse(const PostRequest &request, const Error &error)
{
    reply(request, {error});
}

void PostOffice::settle(const PostRequest &request, quint8 flags, const QString &name, const Result<void> &outcome)
{
    if (!outcome)
        refuse(request, Error(outcome.error().code(),
                              QStringLiteral("process \"%1\": %2").arg(name, outcome.error().message())));
    else if ((flags & ipc::PostWantsAnswer) != 0)
        reply(request, {});
}

PostOffice::Process *PostOffice::processNamed(const QString &name)
{
    const auto found = m_processes.find(name);
    return found == m_processes.end() ? nullptr : &found->second;
}

PostOffice::Process *PostOffice::addressed(const ipc::PostMessage &message, const PostRequest &request)
{
    const QString name = QString::fromUtf8(message.name);
    Process *process = processNamed(name);
    if (!process)
        refuse(request, noProcess(name));
    return process;
}

PostPipe *PostOffice::pipeOf(Process &process, Direction direction, int number, const PostRequest &request)
{
    std::vector<PostPipe> &pipes = direction == Direction::Input ? process.input : process.output;
    const std::size_t place = std::size_t(std::max(number, 0));
    if (place < pipes.size())
        return &pipes[place];
    refuse(request, process.entry.pipe == ipc::PipeKind::None
                        ? Error(Error::Invalid,
                                QStringLiteral("process \"%1\" has no pipe: write pipe = \"stream\" in its [[process]]")
                                    .arg(process.entry.name))
                        : noProcess(QStringLiteral("%1 %2").arg(process.entry.name).arg(number)));
    return nullptr;
}

PostPipe *PostOffice::ownPipe(const BrokerLink &link, Direction direction, const PostRequest &request)
{
    const ipc::ChildIdentity &who = link.info().who;
    Process *process = who.role == ipc::ChildRole::Process ? processNamed(who.name) : nullptr;
    if (!process) {
        refuse(request, noProcess(who.name));
        return nullptr;
    }
    return pipeOf(*process, direction, who.number, request);
}

PostQueue *PostOffice::queueOf(Process &process, const PostRequest &request)
{
    if (!process.queue)
        refuse(request, Error(Error::Invalid,
                              QStringLiteral(
                                  "process \"%1\" has no queue: write queue = { mode = \"shared\" } in its [[process]]")
                                  .arg(process.entry.name)));
    return process.queue.get();
}

void PostOffice::push(const ipc::PostMessage &message, const PostRequest &request)
{
    Process *process = addressed(message, request);
    PostQueue *queue = process ? queueOf(*process, request) : nullptr;
    if (!queue)
        return;
    const bool isMap = (message.flags & ipc::PostMap) != 0;
    const Result<void> pushed = queue->push(std::max(message.number, 0), message.payload.toByteArray(), isMap);
    if (pushed)
        m_counters.pushed.store(m_counters.pushed + 1, std::memory_order_relaxed);
    settle(request, message.flags, process->entry.name, pushed);
}

void PostOffice::pop(const BrokerLink &link, const ipc::PostMessage &message, const PostRequest &request)
{
    const ipc::ChildIdentity &who = link.info().who;
    Process *process = who.role == ipc::ChildRole::Process ? processNamed(who.name) : nullptr;
    if (!process)
        refuse(request, noProcess(who.name));
    PostQueue *queue = process ? queueOf(*process, request) : nullptr;
    if (!queue)
        return;
    queue->pop(who.number, request, message.item);
    watch(request);
}

void PostOffice::cancel(const PostRequest &request)
{
    forEachPipe([&request](PostPipe &pipe) { pipe.waiters().cancel(request.childId, request.id); });
    for (auto &[name, process] : m_processes) {
        if (process.queue)
            process.queue->cancel(request.childId, request.id);
    }
}

void PostOffice::message(const BrokerLink &link, const ipc::PostMessage &message)
{
    const ipc::ChildIdentity &from = link.info().who;
    const Letter letter{0, from, message.payload.toByteArray(), (message.flags & ipc::PostMap) != 0};
    ipc::ChildIdentity to{message.role, message.number, QString::fromUtf8(message.name)};
    if (message.number >= 0) {
        deliver(to, letter);
        return;
    }
    const int count = m_plan.countOf(to.role, to.name);
    for (to.number = 0; to.number < count; ++to.number) {
        if (to != from)
            deliver(to, letter);
    }
}

void PostOffice::deliver(const ipc::ChildIdentity &to, const Letter &letter)
{
    const bool isThere = to.number < m_plan.countOf(to.role, to.name);
    const Result<void> added = isThere ? mailboxOf(to).add(letter)
                                       : Result<void>(Error(Error::NotFound, QStringLiteral("there is none any more")));
    std::atomic<quint64> &counter = added ? m_counters.messages : m_counters.messagesRefused;
    counter.store(counter + 1, std::memory_order_relaxed);
    if (!added)
        tellRefusal(to.text(), added.error());
}

Mailbox &PostOffice::mailboxOf(const ipc::ChildIdentity &who)
{
    const auto send = [this](quint64 childId, const Letter &letter) { sendLetter(childId, letter); };
    return m_receivers.try_emplace(who.text(), Receiver{who, Mailbox(send)}).first->second.mailbox;
}

void PostOffice::sendLetter(quint64 childId, const Letter &letter)
{
    const auto link = m_links.find(childId);
    if (link == m_links.end())
        return;
    const QByteArray name = letter.from.name.toUtf8();
    ipc::PostMessage message;
    message.kind = ipc::PostKind::Message;
    message.flags = letter.isMap ? ipc::PostMap : 0;
    message.role = letter.from.role;
    message.number = letter.from.number;
    message.item = letter.sequence;
    message.name = name;
    message.payload = letter.payload;
    link->second->channel().sendWith([&](QByteArray &out) { ipc::appendPost(out, 0, message); });
}

} // namespace Quern::tasks
