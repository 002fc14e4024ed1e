#include "ipc/outbox.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>

namespace Quern::ipc {

namespace {

/// Pieces of one write; the kernel takes up to 1024 (IOV_MAX).
constexpr std::size_t maxPieces = 64;
/// An outbox that grew beyond this for a burst gives its memory back.
constexpr qsizetype keptCapacity = 512 * 1024;

} // namespace

SharedBytes SharedBytes::of(const QByteArray &owner, QByteArrayView bytes)
{
    if (owner.capacity() > 0)
        return {owner, bytes};
    const QByteArray copy = bytes.toByteArray();
    return {copy, copy};
}

void Outbox::append(const SharedBytes &part)
{
    if (part.bytes.size() < MinShared) {
        m_frames.append(part.bytes);
        return;
    }
    m_parts.push_back({m_frames.size(), part});
    m_sharedSize += part.bytes.size();
}

void Outbox::sendTo(int fd)
{
    while (!isEmpty()) {
        std::array<iovec, maxPieces> pieces;
        std::size_t count = 0;
        qsizetype skip = m_sent;
        qsizetype offered = 0;
        const auto offer = [&](QByteArrayView bytes) {
            const qsizetype skipped = qMin(skip, bytes.size());
            skip -= skipped;
            bytes = bytes.sliced(skipped);
            if (bytes.isEmpty() || count == maxPieces)
                return;
            pieces[count++] = {const_cast<char *>(bytes.data()), size_t(bytes.size())};
            offered += bytes.size();
        };
        qsizetype place = 0;
        for (const Part &part : m_parts) {
            offer(QByteArrayView(m_frames).sliced(place, part.place - place));
            offer(part.shared.bytes);
            place = part.place;
        }
        offer(QByteArrayView(m_frames).sliced(place));

        msghdr message = {};
        message.msg_iov = pieces.data();
        message.msg_iovlen = count;
        const ssize_t sent = ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            m_sent += sent;
        if (sent < offered)
            break;
    }
    if (isEmpty())
        clear();
    else
        forgetSent();
}

void Outbox::forgetSent()
{
    // While the other side takes its time, new output is appended: what has left must not pile up before it.
    std::size_t gone = 0;
    for (const Part &part : m_parts) {
        const qsizetype end = part.place + part.shared.bytes.size();
        if (end > m_sent)
            break;
        m_sent -= part.shared.bytes.size();
        m_sharedSize -= part.shared.bytes.size();
        ++gone;
    }
    const qsizetype limit = gone < m_parts.size() ? m_parts[gone].place : m_frames.size();
    const qsizetype frames = qMin(m_sent, limit);
    m_parts.erase(m_parts.begin(), m_parts.begin() + std::ptrdiff_t(gone));
    m_frames.remove(0, frames);
    m_sent -= frames;
    for (Part &part : m_parts)
        part.place -= frames;
}

void Outbox::clear()
{
    if (m_frames.capacity() > keptCapacity)
        m_frames = QByteArray();
    else
        m_frames.resize(0);
    m_parts.clear();
    m_sharedSize = 0;
    m_sent = 0;
}

} // namespace Quern::ipc
