#pragma once

#include "ipc/channel.h"
#include "ipc/frame.h"
#include "sdk/src/request_p.h"

#include <QExplicitlySharedDataPointer>

#include <functional>
#include <memory>
#include <unordered_map>

namespace Quern::worker {

/// The bodies of requests that are still arriving while their handlers run. Each is here from its request until its
/// end, even if its answer has left before: what nobody takes is dropped then. Lives in the worker's main thread.
class StreamedBodies
{
public:
    using Failed = std::function<void(quint64 id, const QString &problem)>;

    /// \a failed is told when a handler's callback throws.
    explicit StreamedBodies(Failed failed) : m_failed(std::move(failed)) {}
    ~StreamedBodies();
    Q_DISABLE_COPY_MOVE(StreamedBodies)

    /// Whether the body of \a id streams.
    bool contains(quint64 id) const { return m_bodies.contains(id); }
    /// The request is claimed: \a firstPart of its body is there, and \a channel may send more. \a keep is let go when
    /// the body has ended.
    void begin(RequestPrivate &request, QByteArrayView firstPart, ipc::Channel &channel, std::shared_ptr<void> keep);
    /// Gives \a request, of a route that takes its body in parts, the body that came whole.
    void beginWhole(RequestPrivate &request) const;

    void partArrived(const ipc::Frame &frame);
    /// RequestEnd: complete, with trailers.
    void ended(const ipc::Frame &frame);
    /// The rest will not come. Does nothing for an unknown one.
    void cancel(quint64 id);

    /// Nobody waits for the answer of \a request: its handler is told so, even if all of its body has come.
    static void cancel(const RequestPrivate &request);
    /// The answer of \a request is out: its handler is given nothing more.
    static void discard(const RequestPrivate &request);

private:
    struct Body
    {
        QExplicitlySharedDataPointer<RequestPrivate> request;
        std::shared_ptr<BodyInbox> inbox;
        std::shared_ptr<void> keep;
    };

    Failed m_failed;
    std::unordered_map<quint64, Body> m_bodies;
};

} // namespace Quern::worker
