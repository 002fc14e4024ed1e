#pragma once

#include "admin-gui/connection/transport.h"
#include "admin/protocol/linedecoder.h"

#include <QLocalSocket>

namespace Quern::console {

/// Over the control socket of a server on this machine.
class LocalTransport final : public Transport
{
    Q_OBJECT
public:
    explicit LocalTransport(const QString &path, QObject *parent = nullptr);

    void open() override;
    void send(const QJsonObject &message) override;
    qint64 waitingBytes() const override { return m_socket.bytesToWrite(); }

protected:
    void abort() override { m_socket.abort(); }

private:
    void read();
    void failed(QLocalSocket::LocalSocketError error);

    const QString m_path;
    QLocalSocket m_socket;
    admin::LineDecoder m_decoder;
};

} // namespace Quern::console
