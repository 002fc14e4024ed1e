#pragma once

#include <QAbstractHttpServer>

#include <functional>

class QTcpSocket;

namespace Quern::admin {

/// Qt HTTP Server as far as it is needed: reads requests whose heads HttpConnection has judged, and hands their bodies
/// on. Lives in the admin thread.
class HttpParser final : public QAbstractHttpServer
{
    Q_OBJECT
public:
    using Serve = std::function<void(QTcpSocket *socket, const QByteArray &body)>;

    explicit HttpParser(Serve serve, QObject *parent = nullptr);

protected:
    bool handleRequest(const QHttpServerRequest &request, QTcpSocket *socket) override;
    void missingHandler(const QHttpServerRequest &request, QTcpSocket *socket) override;

private:
    Serve m_serve;
};

} // namespace Quern::admin
