#include "protocol/framed/packagesplitter.h"

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace Quern::protocol::framed {

namespace {

constexpr char overLimit[] = "package over package_max_length";

/// Where the first \a mark in \a bytes ends; -1 if there is none.
qsizetype endOfMark(QByteArrayView mark, QByteArrayView bytes)
{
    const std::string_view text(bytes.data(), size_t(bytes.size()));
    const size_t at = text.find(std::string_view(mark.data(), size_t(mark.size())));
    return at == std::string_view::npos ? -1 : qsizetype(at) + mark.size();
}

/// Where in \a bytes a \a mark ends that begins in \a before, which holds no whole one; -1 if there is none. Looks at
/// no more than the edges of both, so that a package costs the same however many reads it comes in.
qsizetype endOfCutMark(QByteArrayView mark, QByteArrayView before, QByteArrayView bytes)
{
    const qsizetype edge = mark.size() - 1;
    const QByteArrayView tail = before.last(qMin(edge, before.size()));
    const QByteArrayView head = bytes.first(qMin(edge, bytes.size()));
    std::array<char, 2 * Framing::MaxEndMark> seam;
    std::memcpy(seam.data(), tail.data(), size_t(tail.size()));
    std::memcpy(seam.data() + tail.size(), head.data(), size_t(head.size()));
    const qsizetype end = endOfMark(mark, QByteArrayView(seam.data(), tail.size() + head.size()));
    return end < 0 ? -1 : end - tail.size();
}

} // namespace

PackageSplitter::Step PackageSplitter::feed(QByteArrayView bytes)
{
    release();
    if (m_reason)
        return {bytes.size(), State::Failed};
    if (bytes.isEmpty())
        return {};
    switch (m_framing.mode) {
    case Framing::Mode::EndMark:
        return feedCheck(bytes);
    case Framing::Mode::EndMarkSplit:
        return feedSplit(bytes);
    case Framing::Mode::LengthPrefix:
        return feedLength(bytes);
    case Framing::Mode::None:
        break;
    }
    return complete(bytes, bytes.size());
}

PackageSplitter::Step PackageSplitter::feedCheck(QByteArrayView bytes)
{
    if (bytes.size() > qsizetype(m_framing.maxLength) - m_buffer.size())
        return fail(bytes.size(), overLimit);
    if (m_buffer.isEmpty())
        return bytes.endsWith(m_framing.endMark) ? complete(bytes, bytes.size()) : keep(bytes);
    m_buffer.append(bytes);
    if (!m_buffer.endsWith(m_framing.endMark))
        return {bytes.size(), State::Incomplete};
    m_package = m_buffer;
    return {bytes.size(), State::Complete};
}

PackageSplitter::Step PackageSplitter::feedSplit(QByteArrayView bytes)
{
    // A mark behind the limit is as bad as none.
    const qsizetype room = qsizetype(m_framing.maxLength) - m_buffer.size();
    const QByteArrayView allowed = bytes.first(qMin(room, bytes.size()));
    qsizetype end = m_buffer.isEmpty() ? -1 : endOfCutMark(m_framing.endMark, m_buffer, allowed);
    if (end < 0)
        end = endOfMark(m_framing.endMark, allowed);
    if (end >= 0)
        return complete(bytes, end);
    return bytes.size() > room ? fail(bytes.size(), overLimit) : keep(bytes);
}

PackageSplitter::Step PackageSplitter::feedLength(QByteArrayView bytes)
{
    const qsizetype header = m_framing.headerBytes();
    const qsizetype before = m_buffer.size();
    if (before + bytes.size() < header)
        return keep(bytes);
    qsizetype taken = 0;
    QByteArrayView start = bytes;
    if (before > 0) {
        taken = qMax<qsizetype>(header - before, 0);
        m_buffer.append(bytes.first(taken));
        start = m_buffer;
    }
    const qsizetype length = packageBytes(start);
    if (length == 0)
        return {bytes.size(), State::Failed};
    const qsizetype missing = length - m_buffer.size();
    Step step = bytes.size() - taken < missing ? keep(bytes.sliced(taken)) : complete(bytes.sliced(taken), missing);
    step.consumed += taken;
    return step;
}

qsizetype PackageSplitter::packageBytes(QByteArrayView header)
{
    const std::optional<quint64> value = m_framing.lengthIn(header.sliced(qsizetype(m_framing.lengthOffset)));
    const char *reason = nullptr;
    if (!value)
        reason = "package with a negative length";
    else if (*value > m_framing.maxLength - m_framing.bodyOffset)
        reason = overLimit;
    else if (qsizetype(*value + m_framing.bodyOffset) < m_framing.headerBytes())
        reason = "package shorter than its own header";
    if (reason) {
        fail(0, reason);
        return 0;
    }
    return qsizetype(*value + m_framing.bodyOffset);
}

PackageSplitter::Step PackageSplitter::complete(QByteArrayView bytes, qsizetype length)
{
    if (m_buffer.isEmpty()) {
        m_package = bytes.first(length);
    } else {
        m_buffer.append(bytes.first(length));
        m_package = m_buffer;
    }
    return {length, State::Complete};
}

PackageSplitter::Step PackageSplitter::keep(QByteArrayView bytes)
{
    m_buffer.append(bytes);
    return {bytes.size(), State::Incomplete};
}

PackageSplitter::Step PackageSplitter::fail(qsizetype consumed, const char *reason)
{
    m_buffer = QByteArray();
    m_reason = reason;
    return {consumed, State::Failed};
}

QByteArray PackageSplitter::takePackage()
{
    const QByteArrayView package = std::exchange(m_package, {});
    return m_buffer.isEmpty() ? package.toByteArray() : std::exchange(m_buffer, {});
}

void PackageSplitter::release()
{
    if (m_package.isNull())
        return;
    m_package = {};
    m_buffer = QByteArray();
}

} // namespace Quern::protocol::framed
