#pragma once

#include <QByteArrayView>

namespace Quern::protocol::websocket {

/// Checks UTF-8 (RFC 3629) that comes in pieces: no overlong forms, no surrogates, nothing above U+10FFFF. One per
/// text; a value type of three bytes.
class Utf8Validator
{
public:
    /// Checks on. False with the first byte that cannot be part of a valid text, however it may go on; then the
    /// validator is used no more.
    [[nodiscard]] bool feed(QByteArrayView bytes);
    /// Whether the text may end here, rather than within a character.
    bool isComplete() const { return m_left == 0; }

private:
    bool begin(quint8 lead);

    quint8 m_left = 0;      ///< bytes of the character in progress that are to come
    quint8 m_lowest = 0x80; ///< what the next of them may be: after some leads less than 0x80–0xBF
    quint8 m_highest = 0xbf;
};

} // namespace Quern::protocol::websocket
