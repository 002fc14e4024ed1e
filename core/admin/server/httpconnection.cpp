#include "admin/server/httpconnection.h"

#include "admin/server/clientaddress.h"
#include "admin/server/httptls.h"

#include <QSslSocket>
#include <QTimer>
#include <QTimerEvent>

#include <sys/socket.h>

#include <algorithm>

namespace Quern::admin {

namespace {

/// What may wait unread beside a head or a body.
constexpr qint64 slack = 8 * 1024;

} // namespace

HttpConnection::HttpConnection(QTcpSocket *socket, const HttpLimits &limits, Judge judge)
    : QObject(socket)
    , m_socket(socket)
    , m_network(networkOf(socket->peerAddress()))
    , m_limits(limits)
    , m_judge(std::move(judge))
{
    socket->setReadBufferSize(HeadReader::LongestHead + slack);
    connect(socket, &QAbstractSocket::disconnected, socket, &QObject::deleteLater);
    connect(socket, &QAbstractSocket::disconnected, this, &HttpConnection::gone);
    wait(limits.requestTimeout);
}

HttpConnection *HttpConnection::of(const QTcpSocket *socket)
{
    return socket->findChild<HttpConnection *>(QString(), Qt::FindDirectChildrenOnly);
}

void HttpConnection::begin(const QObject *parser)
{
    m_parser = parser;
    m_phase = Phase::Head;
    // Connected before the parser's: it is called first, and may keep the bytes from it.
    connect(m_socket, &QIODevice::readyRead, this, &HttpConnection::look);
    // With TLS, bytesWritten() comes before what was encrypted is counted as waiting.
    if (auto *tls = qobject_cast<QSslSocket *>(m_socket))
        connect(tls, &QSslSocket::encryptedBytesWritten, this, &HttpConnection::outputSent);
    else
        connect(m_socket, &QIODevice::bytesWritten, this, &HttpConnection::outputSent);
    wait(m_limits.requestTimeout);
}

void HttpConnection::look()
{
    switch (m_phase) {
    case Phase::Head:
        readHead();
        break;
    case Phase::Lingering:
        throwAway();
        break;
    case Phase::Handshake:
    case Phase::Body:
    case Phase::Last:
    case Phase::Released:
        break;
    }
}

/// Whatever the parser has not read yet is new to the reader as well: the parser takes all of a head that is not
/// complete, and stops behind the request otherwise.
void HttpConnection::readHead()
{
    const QByteArray bytes = m_socket->peek(m_reader.room());
    const bool hadBegun = m_reader.hasBegun();
    const qsizetype taken = m_reader.take(bytes);
    // Not by empty lines: who sends nothing else stays idle.
    if (!hadBegun && m_reader.hasBegun())
        wait(m_limits.requestTimeout);
    const auto read = m_reader.head();
    if (const auto *refusal = std::get_if<Refusal>(&read)) {
        refuse(HttpAnswer::ofRefusal(*refusal), {});
        return;
    }
    const auto &head = std::get<std::optional<RequestHead>>(read);
    if (!head) {
        // The parser would read on behind what has been looked at.
        if (m_socket->bytesAvailable() > bytes.size())
            refuse(HttpAnswer::ofError(431, "too-large", QStringLiteral("the head is too long")), {});
        return;
    }
    m_phase = Phase::Body;
    m_hasMore = m_socket->bytesAvailable() > taken;
    if (m_places.size() >= m_limits.pipelineDepth)
        refuse(HttpAnswer::ofError(503, "busy", QStringLiteral("too many requests wait on this connection")), {});
    else
        m_judge(*this, *head);
}

void HttpConnection::accept(const RequestHead &head, const AnswerForm &form)
{
    m_accepted = reserve(form);
    m_bodyBytes = head.contentLength;
    m_socket->setReadBufferSize(HeadReader::LongestHead + head.contentLength + slack + 1);
    const bool isNext = m_places.size() == 1;
    if (head.expectsContinue && head.contentLength > 0 && isNext)
        m_socket->write("HTTP/1.1 100 Continue\r\n\r\n");
}

quint64 HttpConnection::requestComplete()
{
    const quint64 place = std::exchange(m_accepted, 0);
    if (place == 0)
        return 0;
    m_reader.reset();
    m_phase = Phase::Head;
    m_timer.stop();
    // Another size than before: then the socket reads on, if it had stopped.
    m_socket->setReadBufferSize(HeadReader::LongestHead + slack);
    if (m_places.back().form.isLast)
        stopReading();
    return place;
}

void HttpConnection::refuse(const HttpAnswer &answer, const AnswerForm &form, std::chrono::milliseconds delay)
{
    const quint64 place = reserve({form.hasBody, true, form.origin});
    stopReading();
    if (delay.count() == 0) {
        this->answer(place, answer);
        return;
    }
    QTimer::singleShot(delay, this, [this, place, answer] { this->answer(place, answer); });
}

QTcpSocket *HttpConnection::release()
{
    m_phase = Phase::Released;
    m_timer.stop();
    m_sendTimer.stop();
    QObject::disconnect(m_socket, &QIODevice::readyRead, m_parser, nullptr);
    QObject::disconnect(m_socket, nullptr, this, nullptr);
    if (m_socket->isTransactionStarted())
        m_socket->rollbackTransaction();
    return m_socket;
}

quint64 HttpConnection::reserve(const AnswerForm &form)
{
    m_places.push_back({++m_lastPlace, form, {}});
    return m_lastPlace;
}

void HttpConnection::stopReading()
{
    m_phase = Phase::Last;
    m_timer.stop();
    // A slot that is disconnected while the signal is under way is not called any more.
    QObject::disconnect(m_socket, &QIODevice::readyRead, m_parser, nullptr);
}

void HttpConnection::answer(quint64 place, const HttpAnswer &answer)
{
    const auto found =
        std::find_if(m_places.begin(), m_places.end(), [place](const Place &each) { return each.id == place; });
    if (found == m_places.end() || found->bytes)
        return;
    found->bytes = encodeAnswer(answer, found->form);
    sendAnswers();
}

void HttpConnection::sendAnswers()
{
    while (!m_places.empty() && m_places.front().bytes && m_socket->state() == QAbstractSocket::ConnectedState) {
        const qint64 waiting = pendingOutput();
        if (waiting > 0 && waiting + m_places.front().bytes->size() > m_limits.maxOutput) {
            abort();
            return;
        }
        m_socket->write(*m_places.front().bytes);
        m_places.pop_front();
    }
    if (pendingOutput() > 0 && !m_sendTimer.isActive())
        m_sendTimer.start(int(m_limits.sendTimeout.count()), this);
    if (m_places.empty() && m_phase == Phase::Head && !m_reader.hasBegun()) {
        m_idleSince = std::chrono::steady_clock::now();
        wait(m_limits.idleTimeout);
    }
    if (m_places.empty() && m_phase == Phase::Last && pendingOutput() == 0)
        linger();
}

void HttpConnection::outputSent()
{
    if (pendingOutput() > 0) {
        m_sendTimer.start(int(m_limits.sendTimeout.count()), this);
        return;
    }
    m_sendTimer.stop();
    if (m_places.empty() && m_phase == Phase::Last)
        linger();
}

/// Closing a socket with unread bytes would reset it, and the client might never see the answer.
void HttpConnection::linger()
{
    m_phase = Phase::Lingering;
    if (m_socket->isTransactionStarted())
        m_socket->commitTransaction();
    ::shutdown(int(m_socket->socketDescriptor()), SHUT_WR);
    wait(m_limits.lingerTimeout);
    throwAway();
}

void HttpConnection::throwAway()
{
    m_socket->skip(m_socket->bytesAvailable());
    // It reads on, if it had stopped since it was full.
    m_socket->setReadBufferSize(m_socket->readBufferSize() == slack ? slack + 1 : slack);
}

void HttpConnection::timerEvent(QTimerEvent *event)
{
    const bool isTooSlow = event->timerId() == m_timer.timerId() &&
                           (m_phase == Phase::Body || (m_phase == Phase::Head && m_reader.hasBegun()));
    if (!isTooSlow) {
        abort();
        return;
    }
    m_timer.stop();
    // One that was accepted, and is not all there, keeps its place.
    const auto late = HttpAnswer::ofError(408, "timeout", QStringLiteral("the request was not complete in time"));
    if (const quint64 place = std::exchange(m_accepted, 0); place != 0) {
        m_places.back().form.isLast = true;
        stopReading();
        answer(place, late);
    } else {
        refuse(late, {});
    }
}

std::optional<std::chrono::steady_clock::time_point> HttpConnection::idleSince() const
{
    if (!m_places.empty() || m_phase != Phase::Head || m_reader.hasBegun() || pendingOutput() > 0)
        return std::nullopt;
    return m_idleSince;
}

bool HttpConnection::isEncrypted() const
{
    return qobject_cast<QSslSocket *>(m_socket) != nullptr;
}

qint64 HttpConnection::pendingOutput() const
{
    return admin::pendingOutput(m_socket);
}

void HttpConnection::abort()
{
    m_timer.stop();
    m_sendTimer.stop();
    m_socket->abort();
}

} // namespace Quern::admin
