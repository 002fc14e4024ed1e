#pragma once

#include "ipc/channel.h"

#include <QByteArray>

namespace Quern::ipc {

/// Sends one body in parts, never more than the receiver has granted. Lives in its channel's thread.
class BodySender
{
public:
    /// \a type is RequestBody or ResponseBody. \a sent bytes of \a body have left with the head, and the receiver takes
    /// \a credit bytes before it grants more.
    BodySender(FrameType type, quint64 id, QByteArray body, qsizetype sent, qsizetype credit);

    /// The part that leaves with the head.
    static QByteArrayView firstPart(QByteArrayView body) { return body.first(qMin(body.size(), MaxBodyPart)); }

    /// Sends what credit allows. Returns true once the whole body has been handed to \a channel.
    bool pump(Channel &channel);
    /// The receiver takes \a bytes more; see creditOf().
    void grant(quint32 bytes) { m_credit += bytes; }

private:
    QByteArray m_body;
    quint64 m_id;
    qsizetype m_sent;
    qsizetype m_credit; ///< offset up to which the receiver has granted
    FrameType m_type;
};

/// Sends a Credit frame for the body of \a id. Shape: u32 bytes, little-endian.
void sendCredit(Channel &channel, quint64 id, quint32 bytes);
/// Reads one; Error::Protocol if the payload has another size.
Result<quint32> creditOf(QByteArrayView payload);

} // namespace Quern::ipc
