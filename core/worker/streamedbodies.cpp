#include "worker/streamedbodies.h"

#include "ipc/bodystream.h"

namespace Quern::worker {

StreamedBodies::~StreamedBodies()
{
    // With the callbacks goes what they have captured, their own requests for instance.
    for (const auto &[id, body] : m_bodies)
        body.inbox->discard();
}

void StreamedBodies::begin(RequestPrivate &request, QByteArrayView firstPart, ipc::Channel &channel,
                           std::shared_ptr<void> keep)
{
    const quint64 id = request.id;
    auto inbox = std::make_shared<BodyInbox>(
        BodyInbox::Host{[&channel, id](quint32 bytes) { ipc::sendCredit(channel, id, bytes); },
                        [failed = m_failed, id](const QString &problem) { failed(id, problem); }});
    request.extra().inbox = inbox;
    m_bodies[id] = {QExplicitlySharedDataPointer<RequestPrivate>(&request), inbox, std::move(keep)};
    // What came with the head counts in the window.
    ipc::sendCredit(channel, id, quint32(ipc::RequestCredit - firstPart.size()));
    inbox->add(firstPart.toByteArray());
}

void StreamedBodies::beginWhole(RequestPrivate &request) const
{
    request.putIntoInbox([failed = m_failed, id = request.id](const QString &problem) { failed(id, problem); });
}

void StreamedBodies::partArrived(const ipc::Frame &frame)
{
    if (const auto body = m_bodies.find(frame.id); body != m_bodies.end())
        std::shared_ptr(body->second.inbox)->add(frame.payload.toByteArray());
}

void StreamedBodies::ended(const ipc::Frame &frame)
{
    const auto body = m_bodies.extract(frame.id);
    if (body.empty())
        return;
    if (!frame.payload.isEmpty())
        body.mapped().request->extra().trailers = frame.payload.toByteArray();
    body.mapped().inbox->end(true);
}

void StreamedBodies::cancel(quint64 id)
{
    const auto body = m_bodies.extract(id);
    if (!body.empty())
        body.mapped().inbox->end(false);
}

void StreamedBodies::cancel(const RequestPrivate &request)
{
    if (request.rare && request.rare->inbox)
        std::shared_ptr(request.rare->inbox)->end(false);
}

void StreamedBodies::discard(const RequestPrivate &request)
{
    if (request.rare && request.rare->inbox)
        std::shared_ptr(request.rare->inbox)->discard();
}

} // namespace Quern::worker
