#include "admin-gui/connection/localtransport.h"

namespace Quern::console {

LocalTransport::LocalTransport(const QString &path, QObject *parent) : Transport(parent), m_path(path)
{
    connect(&m_socket, &QLocalSocket::connected, this, &Transport::opened);
    connect(&m_socket, &QLocalSocket::readyRead, this, &LocalTransport::read);
    connect(&m_socket, &QLocalSocket::errorOccurred, this, &LocalTransport::failed);
    connect(&m_socket, &QLocalSocket::disconnected, this,
            [this] { close(Error(Error::Unavailable, tr("the server has closed the connection"))); });
}

void LocalTransport::open()
{
    m_socket.connectToServer(m_path);
}

void LocalTransport::send(const QJsonObject &message)
{
    m_socket.write(admin::encodeLine(message));
}

void LocalTransport::read()
{
    m_decoder.append(m_socket.readAll());
    while (!isClosed()) {
        const Result<std::optional<QByteArray>> line = m_decoder.next();
        if (!line)
            return close(line.error());
        if (!*line)
            return;
        const Result<QJsonObject> message = admin::decodeLine(**line);
        if (!message)
            return close(message.error());
        Q_EMIT received(*message);
    }
}

void LocalTransport::failed(QLocalSocket::LocalSocketError error)
{
    switch (error) {
    case QLocalSocket::ServerNotFoundError:
    case QLocalSocket::ConnectionRefusedError:
        return close(Error(Error::Unavailable, tr("no server runs at %1").arg(m_path)));
    case QLocalSocket::SocketAccessError:
        return close(Error(Error::Permission, tr("%1 belongs to another user").arg(m_path)));
    case QLocalSocket::PeerClosedError:
        return close(Error(Error::Unavailable, tr("the server has closed the connection")));
    default:
        return close(Error(Error::Unavailable, m_socket.errorString()));
    }
}

} // namespace Quern::console
