#include "app/server/controlclient.h"

#include "admin/protocol/methods.h"
#include "app/server/waitingline.h"

#include <QThread>

namespace Quern::app {

namespace {

using Clock = std::chrono::steady_clock;

/// The pid lock is there a moment before the control socket, and a moment longer.
constexpr std::chrono::milliseconds appearTimeout = std::chrono::seconds(1);
constexpr unsigned long pollMilliseconds = 20;

int millisecondsUntil(Clock::time_point deadline)
{
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    return int(std::max<qint64>(left.count(), 0));
}

Error serverGone()
{
    return Error(Error::Unavailable, QStringLiteral("the server has closed the connection"));
}

} // namespace

Result<void> ControlClient::connectTo(const QString &path)
{
    const Clock::time_point deadline = Clock::now() + appearTimeout;
    while (true) {
        m_socket.connectToServer(path);
        if (m_socket.waitForConnected(int(callTimeout.count())))
            return {};
        const QLocalSocket::LocalSocketError error = m_socket.error();
        const bool absent = error == QLocalSocket::ServerNotFoundError || error == QLocalSocket::ConnectionRefusedError;
        if (!absent)
            return Error(Error::Unavailable,
                         QStringLiteral("cannot reach the server at %1: %2").arg(path, m_socket.errorString()));
        if (Clock::now() >= deadline)
            return Error(
                Error::Unavailable,
                QStringLiteral("the server is starting or stopping: it does not listen at %1; try again").arg(path));
        QThread::msleep(pollMilliseconds);
    }
}

Result<QJsonObject> ControlClient::call(QLatin1StringView method, const QJsonObject &params,
                                        std::chrono::milliseconds patience)
{
    admin::Request request;
    request.id = ++m_serial;
    request.method = method;
    request.params = params;
    m_socket.write(admin::encodeLine(request.toJson()));
    m_socket.flush();
    const Clock::time_point deadline = Clock::now() + patience;
    while (true) {
        const Result<admin::ServerMessage> message = receive(deadline);
        if (!message)
            return message.error();
        const auto *reply = std::get_if<admin::Reply>(&*message);
        if (reply && reply->id == request.id)
            return reply->outcome;
    }
}

Result<admin::Operation> ControlClient::follow(const admin::OperationReference &reference, const Progress &progress,
                                               const std::function<void()> &waiting)
{
    const Clock::time_point deadline = Clock::now() + reference.patience;
    const Result<QJsonObject> first = call(admin::Methods::operationWatch, reference.toJson());
    if (!first)
        return first.error();
    Result<admin::Operation> operation = admin::Operation::fromJson(*first);
    qsizetype shown = 0;
    while (operation) {
        for (; shown < operation->steps.size(); ++shown)
            progress(operation->steps.at(shown).text);
        if (operation->state != admin::Operation::State::Running)
            break;
        const Result<admin::ServerMessage> message = receive(std::min(deadline, Clock::now() + WaitingLine::Interval));
        if (!message && message.error().code() == Error::Timeout && Clock::now() < deadline) {
            waiting();
            continue;
        }
        if (!message)
            return message.error();
        if (const auto *event = std::get_if<admin::Event>(&*message))
            operation = admin::Operation::fromJson(event->data);
    }
    return operation;
}

Result<admin::Event> ControlClient::nextEvent(std::chrono::milliseconds patience)
{
    const Clock::time_point deadline = Clock::now() + patience;
    while (true) {
        const Result<admin::ServerMessage> message = receive(deadline);
        if (!message)
            return message.error();
        if (const auto *event = std::get_if<admin::Event>(&*message))
            return *event;
    }
}

Result<admin::ServerMessage> ControlClient::receive(Clock::time_point deadline)
{
    while (true) {
        const Result<std::optional<QByteArray>> line = m_decoder.next();
        if (!line)
            return line.error();
        if (*line) {
            const Result<QJsonObject> json = admin::decodeLine(**line);
            return json ? admin::serverMessageFromJson(*json) : Result<admin::ServerMessage>(json.error());
        }
        if (m_socket.bytesAvailable() == 0 && !m_socket.waitForReadyRead(millisecondsUntil(deadline))) {
            if (m_socket.state() != QLocalSocket::ConnectedState)
                return serverGone();
            return Error(Error::Timeout, QStringLiteral("the server does not answer"));
        }
        m_decoder.append(m_socket.readAll());
    }
}

} // namespace Quern::app
