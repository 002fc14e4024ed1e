#pragma once

#include "admin/protocol/linedecoder.h"
#include "admin/protocol/message.h"

#include <Quern/result.h>

#include <QLocalServer>
#include <QObject>

#include <memory>
#include <unordered_map>

class QLocalSocket;

namespace Quern::admin {

/// The management protocol over a local socket, for the user that runs the server and for root. Knows no meaning: it
/// hands requests on and carries replies and events back. Lives in the admin thread; others reach it by queued calls.
class ControlServer final : public QObject
{
    Q_OBJECT
public:
    static constexpr int MaxClients = 64;
    /// A client that does not read is cut off when this many bytes wait for it.
    static constexpr qint64 MaxPendingOutput = 4 * 1024 * 1024;

    explicit ControlServer(QObject *parent = nullptr);
    ~ControlServer() override;

    /// \a path is absolute and at most 107 bytes, in a directory that only the user can enter. A socket file that a
    /// dead server left there is replaced: the caller holds the pid lock.
    Result<void> listen(const QString &path);
    /// Sends what waits, as far as it goes in \a patience, and closes all.
    void close(std::chrono::milliseconds patience);

    void sendReply(quint64 client, const Quern::admin::Reply &reply);
    void sendEvent(quint64 client, const Quern::admin::Event &event);
    /// The same; outputTaken() follows, once, when the client has taken all that was sent to it.
    void sendPaced(quint64 client, const Quern::admin::Event &event);

Q_SIGNALS:
    /// Exactly one sendReply() is expected for it.
    void requestReceived(quint64 client, const Quern::admin::Request &request);
    void clientGone(quint64 client);
    void outputTaken(quint64 client);

private:
    struct Client
    {
        QLocalSocket *socket = nullptr; ///< child of the server
        LineDecoder decoder;
        bool isPaced = false; ///< outputTaken() is due
    };

    void acceptClients();
    void readFrom(quint64 client);
    void handleLine(quint64 client, const QByteArray &line);
    void send(quint64 client, const QJsonObject &message);
    void bytesWritten(quint64 client);
    void dismiss(quint64 client);

    QLocalServer m_server;
    std::unordered_map<quint64, Client> m_clients;
    quint64 m_serial = 0;
};

} // namespace Quern::admin
