#pragma once

#include "admin/protocol/message.h"

#include <optional>

namespace Quern::admin {

/// Bytes of a local socket → lines. Lives in any one thread.
class LineDecoder
{
public:
    explicit LineDecoder(qsizetype longestLine = longestMessage) : m_longestLine(longestLine) {}

    /// Takes what was read. Call it with what one read gave, then next() until it gives nullopt: between calls the
    /// decoder holds one unfinished line at most.
    void append(QByteArrayView bytes);

    /// The next line without its '\n'; nullopt if none is complete. Error::TooLarge once a line is longer than the
    /// bound, whether it has ended or not; every further call gives the same, and the connection is to be closed.
    Result<std::optional<QByteArray>> next();

private:
    qsizetype m_longestLine; ///< bytes without '\n'
    QByteArray m_bytes;
    qsizetype m_lineStart = 0;
    qsizetype m_searched = 0; ///< no '\n' between m_lineStart and here
};

} // namespace Quern::admin
