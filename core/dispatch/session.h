#pragma once

#include "dispatch/answers.h"
#include "dispatch/clientsession.h"
#include "dispatch/dispatcher.h"
#include "protocol/http/requestdecoder.h"

namespace Quern::dispatch {

/// One client connection that speaks HTTP/1.x: marries the connection and the codec, gives requests to the dispatcher
/// and its answers to the client, one after the other in the order of arrival. Lives in its reactor thread.
class Session final : public ClientSession, public ResponseReceiver
{
public:
    /// Pipelined input kept while a request is under way, in bytes, read or yet to be read; reading then pauses.
    static constexpr qsizetype MaxCarry = 64 * 1024;
    /// Output that may wait for the client before the worker is asked for more, in bytes, while there is memory.
    static constexpr qint64 OutputLowMark = 128 * 1024;
    /// Input read and thrown away after a refusal, in bytes, so that the client can read the answer before the
    /// connection breaks; as much as the longest body if that is more.
    static constexpr qsizetype MinLinger = 1024 * 1024;

    Session(base::FileDescriptor fd, ReactorPort *port, const net::Peer &peer, quint64 connectionId, SessionHost *host);
    ~Session() override;

    /// Begins to read. Call it, or startRefused(), once, when the host has taken the session in.
    void start();
    /// There are too many connections: answers 503 to whatever comes, and closes.
    void startRefused();
    void waitExpired() override;
    /// Closes the connection now if it is idle, else after the present answer.
    void drain() override;
    void leave() override { drain(); }
    void abort() override;

private:
    using ExchangePtr = std::unique_ptr<Exchange>;
    struct Rare;

    const HttpSettings &settings() const { return m_port->http; }

    void bytesReceived(QByteArrayView bytes) override;
    void inputEnded() override;
    void outputProgressed(qint64 pending) override;
    void connectionLost() override;

    void responseStarted(quint64 requestId, const ResponseStart &start) override;
    void responseContinued(quint64 requestId, QByteArrayView bodyPart) override;
    void responseEnded(quint64 requestId, QByteArrayView trailers) override;
    void responseFailed(quint64 requestId, int status, metrics::RouteNumber route) override;
    void responseBroken(quint64 requestId) override;
    void workerLeaves(quint64 requestId) override;
    void bodyProgressed(quint64 requestId) override;

    // Input: bytes → exchanges.
    bool mayParse() const;
    void parse(QByteArrayView bytes);
    void parseCarry();
    void headArrived();
    void bodyArrived();
    void messageArrived();
    /// Encodes the request and gives it its turn, unless it is refused after all.
    /// As a request carries it; empty if the client has shown none.
    QByteArray clientCertificate() const;
    void complete(ExchangePtr exchange, const protocol::http::RequestHead &head, QByteArray body,
                  const QByteArray &layout);
    void takeTurn(ExchangePtr exchange);
    /// Whether it opens a WebSocket, as far as the server can tell; false if it is refused for that.
    bool checkUpgrade(Exchange &exchange, const protocol::http::RequestHead &head, bool hasBody);
    /// \a problem: what is worth a warning beyond the reason.
    void refuse(const protocol::http::Refusal &refusal, const QString &problem = {});
    /// An exchange for the request that is arriving and will not be dispatched: for the log and the kind of error page.
    ExchangePtr unreadExchange();
    bool isStreamingBody() const { return m_exchange && !m_exchange->isBodyComplete; }
    /// Whether the handler has given all of its answer, although the client may not have it yet.
    bool isAnswerSettled() const
    {
        return m_exchange->isAnswered || (m_exchange->status != 0 && !m_exchange->isAnswerStreamed);
    }

    // Output: exchanges → bytes.
    void start(ExchangePtr exchange);
    /// The worker has accepted a WebSocket: another session goes on with the connection.
    void upgrade(const ResponseStart &start);
    bool answerWithMetrics();
    bool answerWithStaticFile();
    /// Whether \a start, an error of the application, has been replaced: its path is that of a static file.
    bool refuseStaticMethod(const ResponseStart &start);
    void answerError(int status, QByteArrayView headerBlock = {});
    /// Gives the present exchange a number, by which its error page and the log name it.
    void number(Exchange &exchange);
    /// After each step of an answer: is it complete, has it left, what comes next?
    void progressAnswer();
    void conclude();
    /// For the metrics and the log: it has come to its end.
    void noteExchange(const Exchange &exchange);
    void startNext();
    void grantMore();
    Rare &rare();

    void closeAfterOutput();
    void linger();
    void end();
    /// What the client has done.
    enum class Progress { None, Input, Output };
    /// After each event: closes if nothing more can come, else begins the wait that is due.
    void settle(Progress progress);

    std::unique_ptr<net::Connection> m_connection;
    protocol::http::RequestDecoder m_decoder;
    ExchangePtr m_exchange;       ///< whose answer is due
    std::unique_ptr<Rare> m_rare; ///< what most connections never need
    QByteArray m_carry;           ///< read, not yet parsed
    quint64 m_connectionId;
    qsizetype m_lingered = 0;
    quint32 m_requestCount = 0;   ///< whose heads have been read
    bool m_isPeerTrusted = false; ///< it is a proxy of ours
    bool m_inputDone = false;     ///< the last request of this connection has been read
    bool m_hasExchange = false;   ///< the message that is arriving has one already
    bool m_headWaits = false;     ///< the decoder holds a head whose body may only be read when its turn has come
    bool m_awaitsUpgrade = false; ///< what follows may be frames of a WebSocket
    bool m_closing = false;       ///< no more requests; the connection closes when its output has left
    bool m_lingering = false;     ///< output is shut down; waiting for the client to close
    bool m_ended = false;
};

} // namespace Quern::dispatch
