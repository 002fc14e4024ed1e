#pragma once

#include "admin-gui/connection/transport.h"

#include <QUrl>
#include <QWebSocket>

namespace Quern::console {

/// Over the WebSocket of a server's management API.
class StreamTransport final : public Transport
{
    Q_OBJECT
public:
    /// \a token: who asks; empty: nobody.
    StreamTransport(const QUrl &url, const QString &token, QObject *parent = nullptr);

    void open() override;
    void send(const QJsonObject &message) override;
    qint64 waitingBytes() const override { return m_socket.bytesToWrite(); }

protected:
    void abort() override { m_socket.abort(); }

private:
    void read(const QString &text);
    void failed();
    void disconnected();

    const QUrl m_url;
    const QString m_token;
    QWebSocket m_socket;
    bool m_isOpen = false;
};

} // namespace Quern::console
