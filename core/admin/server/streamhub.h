#pragma once

#include "admin/server/accesstokens.h"
#include "admin/server/transport.h"

#include <QBasicTimer>
#include <QDeadlineTimer>
#include <QPointer>
#include <QTcpSocket>
#include <QWebSocket>

#include <chrono>
#include <unordered_map>
#include <vector>

namespace Quern::admin {

class HttpConnection;

/// What the streams together and one of them may take.
struct StreamLimits
{
    std::size_t maxStreams = 64;
    qint64 maxOutput = 4 << 20; ///< bytes that wait for one that does not read: with more to come it is cut off
    int maxInFlight = 16;       ///< requests of one that wait for their replies
    std::chrono::milliseconds handshakeTimeout{5'000};
    std::chrono::milliseconds pingInterval{20'000}; ///< how often a client is asked whether it is there
    std::chrono::milliseconds pongTimeout{20'000};  ///< of silence after that; then it is taken for dead
};

/// The WebSockets on which the protocol's messages travel as they are: Request, Reply, Event, one JSON object a text
/// message. Lives in the admin thread.
class StreamHub final : public QObject
{
    Q_OBJECT
public:
    explicit StreamHub(const StreamLimits &limits, QObject *parent = nullptr);
    ~StreamHub() override;

    bool hasRoom() const { return m_streams.size() < m_limits.maxStreams; }
    /// Makes a WebSocket of \a connection for \a caller, whose head has been judged. There is room.
    void adopt(HttpConnection *connection, const TokenHolder &holder, const Caller &caller);
    /// Closes the streams of those who hold none of \a tokens any more.
    void keep(const AccessTokens &tokens);

    bool has(quint64 client) const { return m_streams.contains(client); }
    void sendReply(quint64 client, const Reply &reply);
    void sendEvent(quint64 client, const Event &event);
    /// See Transport.
    void sendPaced(quint64 client, const Event &event);
    void close(std::chrono::milliseconds patience);

Q_SIGNALS:
    /// As those of Transport.
    void requestReceived(const Quern::admin::Caller &caller, const Quern::admin::Request &request);
    void requestRefused(const Quern::admin::Caller &caller, const Quern::admin::Request &request);
    void clientGone(quint64 client);
    void outputTaken(quint64 client);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Stream
    {
        Caller caller;
        TokenHolder holder;
        QPointer<QTcpSocket> socket;
        QWebSocket *webSocket = nullptr; ///< null during the handshake
        bool isAsked = true;             ///< something is due from the client: its handshake, or a pong
        QDeadlineTimer due;              ///< for that, or for the next ping
        bool isPaced = false;            ///< outputTaken() is due
        int inFlight = 0;
    };

    std::vector<quint64> clients() const;
    void upgraded(quint64 client, QWebSocket *webSocket);
    void textReceived(quint64 client, const QString &text);
    void send(quint64 client, const QJsonObject &message);
    void bytesWritten(quint64 client);
    void heard(quint64 client);
    void look(quint64 client, Stream &stream);
    void dismiss(quint64 client);

    StreamLimits m_limits;
    std::unordered_map<quint64, Stream> m_streams; ///< by Caller::client
    std::vector<QPointer<QTcpSocket>> m_leaving;   ///< that go when the event loop turns
    QBasicTimer m_timer;
};

} // namespace Quern::admin
