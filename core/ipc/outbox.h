#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <vector>

namespace Quern::ipc {

/// Bytes that lie in memory of their own, which \a owner keeps alive.
struct SharedBytes
{
    QByteArray owner;
    QByteArrayView bytes;

    /// \a bytes is all or a part of \a owner. Memory that QByteArray only borrows, as of a literal or fromRawData(), is
    /// copied, since nobody knows how long it lives.
    static SharedBytes of(const QByteArray &owner, QByteArrayView bytes);
};

/// Output gathered for one write: small frames copied behind each other, and large parts by reference in between. Has
/// no thread of its own and no lock.
class Outbox
{
public:
    /// A part smaller than this, in bytes, is cheaper to copy.
    static constexpr qsizetype MinShared = 4 * 1024;

    /// Where frames are appended.
    QByteArray &frames() { return m_frames; }
    /// The next bytes after all appended so far.
    void append(const SharedBytes &part);

    qsizetype size() const { return m_frames.size() + m_sharedSize - m_sent; }
    bool isEmpty() const { return size() == 0; }

    /// Writes to the socket \a fd as much as the kernel takes at once, and forgets it. Errors count as nothing taken.
    void sendTo(int fd);
    void clear();

private:
    struct Part
    {
        qsizetype place; ///< in m_frames, before which it stands
        SharedBytes shared;
    };

    void forgetSent();

    QByteArray m_frames;
    std::vector<Part> m_parts;
    qsizetype m_sharedSize = 0;
    qsizetype m_sent = 0; ///< bytes from the front that have left
};

} // namespace Quern::ipc
