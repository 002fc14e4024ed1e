#pragma once

#include <Quern/error.h>

#include <QJsonObject>
#include <QObject>

namespace Quern::console {

/// Carries the messages of the management protocol to one server and back, once: after closed() it is done with. Lives
/// in the thread of its Link.
class Transport : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    /// opened() or closed() follows, the latter also where nobody answers; how long that may take is the caller's to
    /// say.
    virtual void open() = 0;
    /// Only after opened().
    virtual void send(const QJsonObject &message) = 0;
    /// Of what has been sent and has not left: bytes.
    virtual qint64 waitingBytes() const = 0;

Q_SIGNALS:
    void opened();
    void received(const QJsonObject &message);
    /// It is over, and nothing follows. Error::Permission: the server does not let anybody in with this token;
    /// Error::Protocol: what answers does not speak the protocol.
    void closed(const Quern::Error &reason);

protected:
    /// Ends it: closed() follows, once, however often this is called.
    void close(const Error &reason);
    bool isClosed() const { return m_isClosed; }
    /// Whatever the socket still has to say is not heard any more.
    virtual void abort() = 0;

private:
    bool m_isClosed = false;
};

} // namespace Quern::console
