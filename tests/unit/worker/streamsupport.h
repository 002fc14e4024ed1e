#pragma once

#include "fakemaster.h"

namespace WorkerTest {

inline QByteArray bytesOf(qsizetype size)
{
    QByteArray body(size, Qt::Uninitialized);
    for (qsizetype i = 0; i < size; ++i)
        body[i] = char(i * 31 + i / 1'000);
    return body;
}

inline Quern::Result<Quern::ipc::ResponseMessage> headOf(const FakeMaster &master, quint64 id)
{
    const std::optional<Reply> reply = master.awaitReply(id);
    static QByteArray payload; // what the message's views point into
    payload = reply ? reply->payload : QByteArray();
    return Quern::ipc::decodeResponse(payload);
}

inline QList<FrameType> typesOf(const FakeMaster &master, quint64 id)
{
    QList<FrameType> types;
    const QList<Reply> replies = master.wires[0]->replies();
    for (const Reply &reply : replies) {
        if (reply.id == id)
            types.append(reply.type);
    }
    return types;
}

} // namespace WorkerTest
