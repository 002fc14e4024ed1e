#include "process_p.h"

#include "application_p.h"
#include "exceptiontext_p.h"
#include "httpsyntax_p.h"
#include "server_p.h"

#include <stdexcept>
#include <tuple>

namespace Quern {

namespace {

constexpr qsizetype maxName = 64;

std::string processTitle(QByteArrayView name)
{
    return "process " + quoted(name);
}

void give(std::function<void()> &place, std::function<void()> &handler, const ProcessSpec &spec, const char *call)
{
    if (!handler)
        throw std::invalid_argument(processTitle(spec.name) + " is given an empty function in " + call);
    if (place)
        throw std::invalid_argument(processTitle(spec.name) + " has an " + call + " already");
    place = std::move(handler);
}

ProcessCall callOf(ProcessCall::Kind kind, const ProcessHandle &handle, const Payload &payload,
                   std::chrono::milliseconds timeout)
{
    return {kind, handle.name(), handle.number(), payload, timeout};
}

Posted<void> post(const ProcessCall &call, const ProcessAnswer &answered)
{
    const Outcome outcome = serverBackend().callProcess(call, answered);
    if (outcome)
        return Posted<void>(outcome);
    const bool isPush = call.kind == ProcessCall::Kind::Push;
    Posted<void> posted(outcome.error(),
                        QStringLiteral("what is for the %1 of process \"%2\"")
                            .arg(isPush ? QStringLiteral("queue") : QStringLiteral("pipe"), call.name));
    // It is told of it, too; but where there is no server, nobody is.
    if (answered && outcome.error().code() != Error::Unavailable)
        std::ignore = posted.ok();
    return posted;
}

ProcessAnswer answerOf(ProcessHandle::Accepted accepted)
{
    if (!accepted)
        return {};
    return [accepted = std::move(accepted)](const Result<Payload> &answer) {
        accepted(answer ? Result<void>() : Result<void>(answer.error()));
    };
}

} // namespace

ProcessBackend::~ProcessBackend() = default;

ProcessAddress ProcessAddress::worker(int number)
{
    return {Kind::Worker, number};
}

ProcessAddress ProcessAddress::taskWorker(int number)
{
    return {Kind::TaskWorker, number};
}

ProcessAddress ProcessAddress::timer()
{
    return {Kind::Timer, 0};
}

ProcessAddress ProcessAddress::process(const QString &name, int number)
{
    return {Kind::Process, number, name};
}

QString ProcessAddress::toString() const
{
    const bool isOne = number >= 0;
    switch (kind) {
    case Kind::Worker:
        return isOne ? QStringLiteral("worker %1").arg(number) : QStringLiteral("all workers");
    case Kind::TaskWorker:
        return isOne ? QStringLiteral("task worker %1").arg(number) : QStringLiteral("all task workers");
    case Kind::Timer:
        return QStringLiteral("timer");
    case Kind::Process:
        return isOne ? QStringLiteral("process %1 %2").arg(name).arg(number)
                     : QStringLiteral("all processes %1").arg(name);
    case Kind::None:
        break;
    }
    return QStringLiteral("no process");
}

QString Process::name() const
{
    return d->name();
}

int Process::number() const
{
    return d->number();
}

int Process::count() const
{
    return d->count();
}

const QVariantMap &Process::parameters() const
{
    return d->parameters();
}

bool Process::isStopRequested() const
{
    return d->isStopRequested();
}

bool Process::waitForStop(std::chrono::milliseconds time) const
{
    return d->waitForStop(time);
}

Result<QByteArray> Process::read(std::chrono::milliseconds timeout)
{
    return d->read(timeout);
}

Outcome Process::write(const QByteArray &bytes)
{
    return d->write(bytes);
}

Result<Payload> Process::pop(std::chrono::milliseconds timeout)
{
    return d->pop(timeout);
}

ProcessHandler &ProcessHandler::onReload(std::function<void()> handler)
{
    d->checkOpen("ProcessHandler::onReload()");
    give(m_spec->reload, handler, *m_spec, "onReload()");
    return *this;
}

ProcessHandler &ProcessHandler::onStop(std::function<void()> handler)
{
    d->checkOpen("ProcessHandler::onStop()");
    give(m_spec->stop, handler, *m_spec, "onStop()");
    return *this;
}

Posted<void> ProcessHandle::write(const QByteArray &bytes, Accepted accepted) const
{
    return post(callOf(ProcessCall::Kind::Write, *this, bytes, {}), answerOf(std::move(accepted)));
}

Outcome ProcessHandle::writeAndWait(const QByteArray &bytes, std::chrono::milliseconds timeout) const
{
    const Result<Payload> answer =
        serverBackend().callProcessAndWait(callOf(ProcessCall::Kind::Write, *this, bytes, timeout));
    return answer ? Outcome() : Outcome(answer.error());
}

Posted<void> ProcessHandle::read(Chunk chunk, std::chrono::milliseconds timeout) const
{
    if (!chunk)
        return Error(Error::Invalid, QStringLiteral("a read() needs a function that takes what comes"));
    const auto answered = [chunk = std::move(chunk)](const Result<Payload> &answer) {
        chunk(answer ? Result<QByteArray>(answer->bytes()) : Result<QByteArray>(answer.error()));
    };
    return post(callOf(ProcessCall::Kind::Read, *this, {}, timeout), answered);
}

Result<QByteArray> ProcessHandle::readAndWait(std::chrono::milliseconds timeout) const
{
    const Result<Payload> answer =
        serverBackend().callProcessAndWait(callOf(ProcessCall::Kind::Read, *this, {}, timeout));
    if (!answer)
        return answer.error();
    return answer->bytes();
}

Posted<void> ProcessHandle::push(const Payload &payload, Accepted accepted) const
{
    return post(callOf(ProcessCall::Kind::Push, *this, payload, {}), answerOf(std::move(accepted)));
}

Outcome ProcessHandle::pushAndWait(const Payload &payload, std::chrono::milliseconds timeout) const
{
    const Result<Payload> answer =
        serverBackend().callProcessAndWait(callOf(ProcessCall::Kind::Push, *this, payload, timeout));
    return answer ? Outcome() : Outcome(answer.error());
}

ProcessHandle Server::process(QByteArrayView name, int number) const
{
    return ProcessHandle(QString::fromUtf8(name), number);
}

ProcessHandler Application::process(QByteArrayView name, std::function<void(Process &)> run)
{
    d->checkOpen("the registration of " + processTitle(name));
    if (name.isEmpty() || name.size() > maxName || !name.isValidUtf8())
        throw std::invalid_argument(processTitle(name) + " has a name that is not possible: 1 to 64 bytes of UTF-8");
    if (!run)
        throw std::invalid_argument(processTitle(name) + " has an empty function");
    if (const ProcessSpec *taken = d->processNamed(name))
        throw std::invalid_argument(processTitle(name) + " of plugin " + quoted(d->plugin.toUtf8()) +
                                    " has the name of one of plugin " + quoted(taken->plugin.toUtf8()) +
                                    ": rename or remove one of them");
    ProcessSpec &added = d->processes.emplace_back();
    added.name = name.toByteArray();
    added.plugin = d->plugin;
    added.run = std::move(run);
    return ProcessHandler(d, &added);
}

void Application::onMessage(std::function<void(const ProcessMessage &)> handler)
{
    d->checkOpen("onMessage()");
    if (!handler)
        throw std::invalid_argument("onMessage() of plugin " + quoted(d->plugin.toUtf8()) +
                                    " is given an empty function");
    d->messageHandlers.push_back({d->plugin, std::move(handler)});
}

const ProcessSpec *ApplicationPrivate::processNamed(QByteArrayView name) const
{
    const auto found =
        std::find_if(processes.begin(), processes.end(), [name](const ProcessSpec &each) { return each.name == name; });
    return found == processes.end() ? nullptr : &*found;
}

Result<void> checkPostSize(qsizetype size)
{
    if (size <= MaxPostSize)
        return {};
    return Error(Error::TooLarge,
                 QStringLiteral("%1 bytes are more than the %2 that a pipe, a queue or a message takes "
                                "at once: put them into a file and send its name")
                     .arg(size)
                     .arg(MaxPostSize));
}

Result<void> checkPost(const Payload &payload)
{
    if (!payload.problem().isEmpty())
        return Error(Error::Invalid, payload.problem());
    return checkPostSize(payload.bytes().size());
}

void callMessageHandlers(const std::vector<MessageSpec> &handlers, const ProcessMessage &message,
                         const std::function<void(const QString &)> &failed)
{
    for (const MessageSpec &handler : handlers) {
        try {
            handler.call(message);
        } catch (...) {
            failed(QStringLiteral("onMessage() of plugin %1 threw: %2").arg(handler.plugin, textOfCurrentException()));
        }
    }
}

} // namespace Quern
