#pragma once

#include "dispatch/livesession.h"
#include "protocol/websocket/decoder.h"
#include "protocol/websocket/extension.h"

#include <optional>

namespace Quern::dispatch {

/// A connection that has been upgraded to WebSocket (RFC 6455): marries the connection and the codec. Lives in its
/// reactor thread.
class WebSocketSession final : public LiveSession
{
public:
    /// What the opening handshake has led to.
    struct Opening
    {
        QByteArray pattern;    ///< of its route
        QByteArray request;    ///< the opening request, as ipc::encodeRequest() made it
        quint64 requestId = 0; ///< of it
        quint64 childId = 0;   ///< the worker that has accepted it
        std::optional<protocol::websocket::DeflateAgreement> deflate;
    };

    /// \a connection has got the answer to the handshake.
    WebSocketSession(std::unique_ptr<net::Connection> connection, ReactorPort *port, const net::Peer &peer,
                     SessionHost *host, const Opening &opening);
    ~WebSocketSession() override;

    /// Call it once, when the host has taken the session in. \a begun is what the client has sent already.
    void start(Opening opening, QByteArrayView begun);
    void close(int code, QByteArrayView reason, ipc::Closer closer) override;

private:
    struct Context;

    void bytesReceived(QByteArrayView bytes) override;
    void inputEnded() override;
    void parse(QByteArrayView bytes);
    void parseRest() override;
    void act(protocol::websocket::Decoder::Step step);
    void peerCloses(int code, const QByteArray &reason);
    void fails(int code, const QByteArray &reason);
    void sendClose(int code, QByteArrayView reason);
    void sendControl(protocol::websocket::Opcode opcode, QByteArrayView payload);
    void write(Outgoing &message) override;
    void outputGone() override;
    Wait quietWait() const override;
    void quietTooLong() override;
    protocol::websocket::MessageLimits limits() const;

    std::unique_ptr<Context> m_context; ///< of permessage-deflate with context takeover
    protocol::websocket::Decoder m_decoder;
    QByteArray m_carry;      ///< read, not yet parsed
    quint8 m_windowBits = 0; ///< for what is sent compressed; 0: nothing is
    bool m_isPinged = false;
    bool m_isCloseSent = false;
    bool m_isOver = false; ///< both have said that they close: the connection ends when the output has left
};

} // namespace Quern::dispatch
