#pragma once

#include "dispatch/livesession.h"
#include "protocol/framed/packagesplitter.h"

namespace Quern::dispatch {

/// A TCP or Unix stream connection that speaks a protocol of the application's own. Lives in its reactor thread.
class StreamSession final : public LiveSession
{
public:
    StreamSession(std::unique_ptr<net::Connection> connection, ReactorPort *port, const net::Peer &peer,
                  SessionHost *host);

    /// Call it once, when the host has taken the session in.
    void start();
    void close(int code, QByteArrayView reason, ipc::Closer closer) override;

private:
    void tlsEstablished() override;
    /// Handlers hear of it.
    void begin();
    void bytesReceived(QByteArrayView bytes) override;
    void inputEnded() override;
    void parse(QByteArrayView bytes);
    void parseRest() override;
    void packageArrived(QByteArray package);
    void write(Outgoing &message) override;
    void outputGone() override;
    Wait quietWait() const override;
    void quietTooLong() override;
    /// The client has ended its half: closes when all that it has sent has been handled.
    void closeIfDone();

    std::shared_ptr<const protocol::framed::Framing> m_framing; ///< a reload leaves it as it is
    protocol::framed::PackageSplitter m_splitter;
    QByteArray m_carry; ///< read, not yet parsed
};

} // namespace Quern::dispatch
