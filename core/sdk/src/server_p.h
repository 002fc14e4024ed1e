#pragma once

#include "process_p.h"

#include <Quern/server.h>

namespace Quern {

/// What stands behind server(): the worker's, or that of a test. Any thread.
class QUERN_EXPORT ServerBackend : public Server
{
public:
    ~ServerBackend() override;

    /// Sends \a bytes to where a datagram has come from: \a peer as the event named it, and the number of the port and
    /// of the reactor that took it.
    virtual Outcome reply(int port, int reactor, const QByteArray &peer, QByteArrayView bytes) = 0;
    /// What a ProcessHandle asks for. \a answered is called in the main thread, unless it is empty.
    virtual Outcome callProcess(const ProcessCall &call, const ProcessAnswer &answered) = 0;
    /// The same, and waits for the answer.
    virtual Result<Payload> callProcessAndWait(const ProcessCall &call) = 0;
};

/// Has server() return \a backend from now on, which outlives all threads that may ask; null: nobody's. Returns the one
/// of before.
QUERN_EXPORT ServerBackend *setServer(ServerBackend *backend);
/// The one that server() returns.
ServerBackend &serverBackend();

/// Error::Invalid unless \a code may be given to Server::close() for a WebSocket.
QUERN_EXPORT Result<void> checkCloseCode(int code);
/// Error::Invalid if the name of a room, or of a user, has a length that is not possible.
QUERN_EXPORT Result<void> checkRoomName(QByteArrayView room);
QUERN_EXPORT Result<void> checkUserName(QByteArrayView user);
/// Error::Invalid if a text message is not UTF-8.
QUERN_EXPORT Result<void> checkMessage(QByteArrayView message, MessageType type);
/// What of \a reason is sent: it is cut between two characters.
QUERN_EXPORT QByteArray closeReasonBytes(const QString &reason);

} // namespace Quern
