#pragma once

#include "base/clock.h"
#include "dispatch/filesender.h"
#include "dispatch/outputbudget.h"
#include "dispatch/pendingrequest.h"
#include "dispatch/spoolfile.h"
#include "protocol/http/requesthead.h"
#include "protocol/websocket/extension.h"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace Quern::dispatch {

/// What the answer to a WebSocket's opening handshake needs to know of it.
struct UpgradeOffer
{
    QByteArray accept; ///< value of Sec-WebSocket-Accept
    std::optional<protocol::websocket::DeflateAgreement> deflate;
};

/// One request of a session, from the end of its head to the last byte of its answer. Lives in its reactor thread.
struct Exchange
{
    /// What the client asked for: views into payload, valid as long as this exchange. Empty if the request was refused
    /// before its head was read.
    ipc::RequestMessage request() const;
    /// The same for what works on heads.
    protocol::http::RequestHead head() const;

    QByteArray payload;              ///< encoded by ipc::encodeRequest(); shared with the order
    RequestOrder order;              ///< until it is submitted
    std::vector<SpoolFile> files;    ///< that hold its body
    base::MonotonicTime received;    ///< when it was complete; of one that is streamed, at first its head
    base::MonotonicTime awaited;     ///< since when its answer is; later, if it was pipelined behind another
    const char *refusedBecause = ""; ///< a constant, for developers
    int refusedWith = 0;             ///< a status, if it is not to be dispatched but answered by the server itself

    quint64 requestId = 0;  ///< the dispatcher's; 0 before it is submitted
    int workerId = -1;      ///< which answered; -1: the master
    int status = 0;         ///< of the answer; 0: it has not begun
    quint64 bodyLeft = 0;   ///< of the answer: to come from the worker; ipc::UnknownLength or less if that is unknown
    quint64 bodyBytes = 0;  ///< of the answer: given to the connection
    quint32 ungranted = 0;  ///< body bytes that have come and that the worker may replace once the client has them
    qint64 outstanding = 0; ///< body bytes that the worker may send without being asked again
    base::MonotonicTime begun;             ///< when the head of the answer was written
    OutputReservation output;              ///< memory for the answer
    OutputReservation handover;            ///< the same, since its worker is to leave
    std::unique_ptr<FileSender> file;      ///< while the answer is a file
    std::unique_ptr<UpgradeOffer> upgrade; ///< if it may become a WebSocket

    /// For the ReactorMeter.
    metrics::RouteNumber route = metrics::RequestMeter::RefusedRoute;
    metrics::HttpMethod method = metrics::HttpMethod::Other;
    quint8 minorVersion = 1;
    bool isHead = false;
    bool keepAlive = true;
    bool isBodyStreamed = false; ///< the request's
    bool isBodyComplete = true;  ///< the request's
    bool mayBeStatic = false;    ///< there may be a file for it
    bool isAnswerStreamed = false;
    bool isChunked = false;      ///< the answer is framed in chunks
    bool isEndedByClose = false; ///< the answer ends with its connection
    bool isSlow = false;         ///< the client takes its time
    bool isConnectionReused = false;
    bool isAnswered = false; ///< all of the answer has been given to the connection
};

/// The value of the first field \a name (lower case) of \a request; null if there is none. A view into the request.
QByteArrayView firstFieldOf(const ipc::RequestMessage &request, std::string_view name);
/// The values of all fields \a name (lower case) of \a request, joined with ", ".
QByteArray fieldOf(const ipc::RequestMessage &request, std::string_view name);

} // namespace Quern::dispatch
