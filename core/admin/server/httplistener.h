#pragma once

#include <QSslConfiguration>
#include <QTcpServer>

#include <QBasicTimer>

#include <functional>
#include <optional>

namespace Quern::admin {

class HttpConnection;

/// One address on which the API is served. Each socket is guarded before anybody else hears of it; with TLS that is
/// after its handshake. Lives in the admin thread.
class HttpListener final : public QTcpServer
{
    Q_OBJECT
public:
    /// Guards a socket; null if there is no room for it.
    using Guard = std::function<HttpConnection *(QTcpSocket *socket)>;

    /// \a parser is told of the sockets, see QAbstractHttpServer::bind().
    HttpListener(const QObject *parser, Guard guard, QObject *parent = nullptr);

    /// New connections speak TLS from now on.
    void setTls(const QSslConfiguration &configuration) { m_tls = configuration; }
    bool isTls() const { return m_tls.has_value(); }

protected:
    void incomingConnection(qintptr descriptor) override;
    void timerEvent(QTimerEvent *event) override;

private:
    void introduce(HttpConnection *connection);
    void acceptFailed();

    const QObject *m_parser;
    Guard m_guard;
    std::optional<QSslConfiguration> m_tls;
    QBasicTimer m_pause; ///< until accepting is tried again
};

} // namespace Quern::admin
