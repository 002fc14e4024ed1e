#pragma once

#include "ipc/frame.h"
#include "ipc/messages.h"
#include "sdk/src/request_p.h"

#include <Quern/result.h>

#include <QExplicitlySharedDataPointer>

namespace Quern::worker {

/// A request as it came out of its frame.
struct ReadRequest
{
    QExplicitlySharedDataPointer<RequestPrivate> request;
    ipc::ClaimTicket ticket;
    quint64 bodyMissing = 0;     ///< bytes that follow in further frames; not of a streamed one
    bool isBodyStreamed = false; ///< the body is no part of the request: it follows until RequestEnd
    QByteArrayView firstPart;    ///< of a streamed body; points into the request
};

/// Reads a Request \a frame. All but the journey's worker and reactor is filled in. Error::Protocol if the frame, or
/// the layout of its body, is malformed.
Result<ReadRequest> readRequest(const ipc::Frame &frame);

/// Reads the opening request of a WebSocket with the number \a id, as encodeRequest() has made it.
Result<QExplicitlySharedDataPointer<RequestPrivate>> readHandshake(quint64 id, QByteArrayView encoded);

} // namespace Quern::worker
