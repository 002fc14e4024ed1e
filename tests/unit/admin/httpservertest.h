#pragma once

#include "admin/server/httpserver.h"

#include <QList>
#include <QTcpServer>
#include <QTcpSocket>
#include <QWebSocket>

#include <memory>

using namespace Quern;
using namespace Quern::admin;
using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

inline const QByteArray token(40, 't');
inline const QByteArray bearer = "Authorization: Bearer " + token + "\r\n";
inline const QByteArray upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Of an answer; 0 if there is none.
int statusIn(const QByteArray &bytes);
QByteArray bodyIn(const QByteArray &bytes);

/// Each test has a server of its own, with short deadlines, whose only token is an admin's.
class HttpServerTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

protected:
    struct Asked
    {
        Caller caller;
        Request request;
    };

    QTcpSocket *connectTo();
    QTcpSocket *send(const QByteArray &line, const QByteArray &fields = {});
    std::unique_ptr<QWebSocket> openStream();

    /// A server of other settings, in place of the one before.
    void serve(const HttpServerSettings &settings);

    HttpServerSettings m_settings;
    std::unique_ptr<HttpServer> m_server;
    QList<Asked> m_asked;
    QList<quint64> m_gone;
    quint16 m_port = 0;
};
