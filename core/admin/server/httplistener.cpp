#include "admin/server/httplistener.h"

#include "admin/server/httpconnection.h"

#include <QLoggingCategory>
#include <QSslSocket>
#include <QTimerEvent>

#include <unistd.h>

#include <memory>

namespace Quern::admin {

Q_DECLARE_LOGGING_CATEGORY(logAdmin)

namespace {

/// How long nobody is accepted after the system had no descriptor for one.
constexpr int pauseMilliseconds = 500;

} // namespace

HttpListener::HttpListener(const QObject *parser, Guard guard, QObject *parent)
    : QTcpServer(parent)
    , m_parser(parser)
    , m_guard(std::move(guard))
{
    connect(this, &QTcpServer::acceptError, this, &HttpListener::acceptFailed);
}

void HttpListener::incomingConnection(qintptr descriptor)
{
    std::unique_ptr<QTcpSocket> socket(m_tls ? new QSslSocket : new QTcpSocket);
    if (!socket->setSocketDescriptor(descriptor)) {
        ::close(int(descriptor));
        return;
    }
    HttpConnection *connection = m_guard(socket.get());
    if (!connection)
        return;
    socket->setParent(this);
    socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    if (auto *tls = qobject_cast<QSslSocket *>(socket.release())) {
        tls->setSslConfiguration(*m_tls);
        connect(tls, &QSslSocket::encrypted, connection, [this, connection] { introduce(connection); });
        tls->startServerEncryption();
        return;
    }
    introduce(connection);
}

void HttpListener::introduce(HttpConnection *connection)
{
    connection->begin(m_parser);
    addPendingConnection(connection->socket());
}

/// Qt accepts nobody any more after an error, or would ask for one connection without end.
void HttpListener::acceptFailed()
{
    qCWarning(logAdmin).noquote() << "cannot accept a client of the management API:" << errorString();
    pauseAccepting();
    m_pause.start(pauseMilliseconds, this);
}

void HttpListener::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_pause.timerId())
        return;
    m_pause.stop();
    // Once it is closed there is nothing to accept from.
    if (isListening())
        resumeAccepting();
}

} // namespace Quern::admin
