#include "ipc/bodystream.h"

#include <QtEndian>

namespace Quern::ipc {

BodySender::BodySender(FrameType type, quint64 id, QByteArray body, qsizetype sent, qsizetype credit)
    : m_body(std::move(body))
    , m_id(id)
    , m_sent(sent)
    , m_credit(credit)
    , m_type(type)
{
}

bool BodySender::pump(Channel &channel)
{
    while (m_sent < m_body.size() && m_sent < m_credit) {
        const qsizetype part = qMin(MaxBodyPart, qMin(m_body.size(), m_credit) - m_sent);
        channel.sendWith([&](QByteArray &out) { appendFrame(out, m_type, 0, m_id, 0, part); },
                         SharedBytes::of(m_body, QByteArrayView(m_body).sliced(m_sent, part)));
        m_sent += part;
    }
    return m_sent >= m_body.size();
}

void sendCredit(Channel &channel, quint64 id, quint32 bytes)
{
    char payload[4];
    qToLittleEndian(bytes, payload);
    channel.send(FrameType::Credit, id, QByteArrayView(payload, sizeof payload));
}

Result<quint32> creditOf(QByteArrayView payload)
{
    if (payload.size() != 4)
        return Error(Error::Protocol, QStringLiteral("malformed Credit message"));
    return qFromLittleEndian<quint32>(payload.data());
}

} // namespace Quern::ipc
