#pragma once

#include "dispatch/httpsettings.h"
#include "net/tlscontext.h"
#include "protocol/framed/framing.h"

#include <QString>

#include <chrono>
#include <memory>

namespace Quern::dispatch {

/// How WebSocket and stream connections of a port are looked after. A plain value.
struct LiveSettings
{
    quint64 messageBytes = 2 << 20;                ///< the longest message, package or datagram
    qint64 outputBytes = 8 << 20;                  ///< output that may wait for one client; see LiveSession
    qint64 highWater = 1 << 20;                    ///< from so much waiting output on the buffer is full
    qint64 lowWater = 256 << 10;                   ///< down to so much it is empty again
    std::chrono::milliseconds idleTime{0};         ///< without a byte from the client; zero: any
    std::chrono::milliseconds pingInterval{30000}; ///< silence after which a WebSocket is pinged; zero: never
    std::chrono::milliseconds pongTimeout{10000};  ///< for the client to send anything then
    std::chrono::milliseconds checkInterval{1000}; ///< how often these times are looked at
    bool compression = true;                       ///< permessage-deflate
    bool contextTakeover = false;                  ///< with a memory of its own for each connection
    qint64 compressionMinLength = 256;             ///< bytes: a shorter message is sent as it is
};

/// One port that the server listens on, as its connections see it. A plain value.
struct Port
{
    enum class Kind { Http, Stream, Datagram };

    Kind kind = Kind::Http;
    int number = 0; ///< in the order of the settings
    QString name = QStringLiteral("main");
    QByteArray handler; ///< that plugins register; empty: the application's own routes
    HttpSettings http;  ///< its timeouts hold for the other kinds as well
    LiveSettings live;
    std::shared_ptr<const net::TlsContext> tls; ///< null: nothing is encrypted
    /// How the bytes of a Stream port are cut into packages.
    std::shared_ptr<const protocol::framed::Framing> framing = std::make_shared<const protocol::framed::Framing>();
};

} // namespace Quern::dispatch
