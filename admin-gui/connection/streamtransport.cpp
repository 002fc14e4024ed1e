#include "admin-gui/connection/streamtransport.h"

#include "admin/protocol/endpoints.h"
#include "admin/protocol/message.h"

#include <QJsonDocument>
#include <QNetworkRequest>
#include <QRegularExpression>
#include <QWebSocketHandshakeOptions>

namespace Quern::console {

namespace {

/// Nothing that a server sends is longer than a message.
constexpr quint64 longestFrame = quint64(admin::longestMessage);

/// The status of an answer that is no 101, from Qt's words for it; 0 if they tell of something else.
int statusIn(const QString &text)
{
    static const QRegularExpression status(QStringLiteral("status code: (\\d{3})"));
    return status.match(text).captured(1).toInt();
}

} // namespace

StreamTransport::StreamTransport(const QUrl &url, const QString &token, QObject *parent)
    : Transport(parent)
    , m_url(url)
    , m_token(token)
{
    m_socket.setMaxAllowedIncomingFrameSize(longestFrame);
    m_socket.setMaxAllowedIncomingMessageSize(longestFrame);
    connect(&m_socket, &QWebSocket::connected, this, [this] {
        m_isOpen = true;
        Q_EMIT opened();
    });
    connect(&m_socket, &QWebSocket::textMessageReceived, this, &StreamTransport::read);
    connect(&m_socket, &QWebSocket::disconnected, this, &StreamTransport::disconnected);
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    connect(&m_socket, &QWebSocket::errorOccurred, this, &StreamTransport::failed);
#else
    connect(&m_socket, qOverload<QAbstractSocket::SocketError>(&QWebSocket::error), this, &StreamTransport::failed);
#endif
}

void StreamTransport::open()
{
    QNetworkRequest request(m_url);
    if (!m_token.isEmpty())
        request.setRawHeader("Authorization", "Bearer " + m_token.toUtf8());
    QWebSocketHandshakeOptions options;
    options.setSubprotocols({admin::streamProtocol});
    m_socket.open(request, options);
}

void StreamTransport::send(const QJsonObject &message)
{
    m_socket.sendTextMessage(QString::fromUtf8(QJsonDocument(message).toJson(QJsonDocument::Compact)));
}

void StreamTransport::read(const QString &text)
{
    if (isClosed())
        return;
    const Result<QJsonObject> message = admin::decodeLine(text.toUtf8());
    if (message)
        Q_EMIT received(*message);
    else
        close(message.error());
}

void StreamTransport::failed()
{
    if (m_isOpen && m_socket.error() == QAbstractSocket::RemoteHostClosedError)
        return disconnected();
    const QString reason = m_socket.errorString();
    switch (statusIn(reason)) {
    case 0:
        return close(Error(Error::Unavailable, reason));
    case 401:
        return close(Error(Error::Permission, m_token.isEmpty() ? tr("the server wants a token")
                                                                : tr("the server does not know this token")));
    case 403:
        return close(Error(Error::Permission, tr("the server lets nobody in from here")));
    case 421:
        return close(Error(Error::Permission, tr("the server is not to be asked by the name %1; see its setting "
                                                 "admin.hosts")
                                                  .arg(m_url.host())));
    case 503:
        return close(Error(Error::Busy, tr("the server has no room for another console")));
    default:
        return close(Error(Error::Protocol,
                           tr("what answers at %1 is no management API of Quern (%2)").arg(m_url.authority(), reason)));
    }
}

void StreamTransport::disconnected()
{
    const QString reason = m_socket.closeReason();
    if (!m_isOpen)
        return close(Error(Error::Unavailable, m_socket.errorString()));
    close(Error(Error::Unavailable, reason.isEmpty() ? tr("the server has closed the connection") : reason));
}

} // namespace Quern::console
