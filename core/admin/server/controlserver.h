#pragma once

#include "admin/protocol/linedecoder.h"
#include "admin/server/transport.h"

#include <Quern/result.h>

#include <QBasicTimer>
#include <QLocalServer>

#include <memory>
#include <unordered_map>

class QLocalSocket;

namespace Quern::admin {

/// The management protocol over a local socket, for the user that runs the server and for root, who may ask for all.
class ControlServer final : public Transport
{
    Q_OBJECT
public:
    static constexpr int MaxClients = 64;
    /// A client that does not read is cut off when there is more for it while this many bytes wait.
    static constexpr qint64 MaxPendingOutput = 4 * 1024 * 1024;

    explicit ControlServer(QObject *parent = nullptr);
    ~ControlServer() override;

    /// \a path is absolute and at most 106 bytes, in a directory that only the user can enter. A socket file that is
    /// there, of a dead server or of one that this takes the place of, is replaced, at no moment of which nobody
    /// listens there: the caller holds the pid lock. To be called again when another server has had the path meanwhile.
    Result<void> listen(const QString &path);
    /// Another server listens at the path now: its file is left there.
    void leaveFile() { m_path.clear(); }
    void close(std::chrono::milliseconds patience) override;

    void sendReply(quint64 client, const Quern::admin::Reply &reply) override;
    void sendEvent(quint64 client, const Quern::admin::Event &event) override;
    void sendPaced(quint64 client, const Quern::admin::Event &event) override;

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Client
    {
        QLocalSocket *socket = nullptr; ///< child of the server
        QString name;                   ///< see Caller
        LineDecoder decoder;
        bool isPaced = false; ///< outputTaken() is due
    };

    void acceptClients();
    /// QLocalServer stops listening when it cannot accept, for want of a descriptor say.
    void listenAgain();
    void readFrom(quint64 client);
    void handleLine(quint64 client, const QByteArray &line);
    void send(quint64 client, const QJsonObject &message);
    void bytesWritten(quint64 client);
    void dismiss(quint64 client);

    QLocalServer m_server;
    QString m_path; ///< of the socket file that is removed in the end
    QBasicTimer m_look;
    bool m_isDeaf = false; ///< and has told it
    std::unordered_map<quint64, Client> m_clients;
};

} // namespace Quern::admin
