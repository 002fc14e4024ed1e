#include "protocol/websocket/utf8.h"

#include <cstring>

namespace Quern::protocol::websocket {

bool Utf8Validator::feed(QByteArrayView bytes)
{
    constexpr quint64 highBits = 0x8080808080808080;
    const char *at = bytes.data();
    const char *const end = at + bytes.size();
    while (at != end) {
        if (m_left == 0) {
            quint64 word = 0;
            while (end - at >= 8) {
                std::memcpy(&word, at, sizeof word);
                if ((word & highBits) != 0)
                    break;
                at += 8;
            }
            while (at != end && static_cast<quint8>(*at) < 0x80)
                ++at;
            if (at == end)
                return true;
            if (!begin(static_cast<quint8>(*at)))
                return false;
            ++at;
            continue;
        }
        const quint8 byte = static_cast<quint8>(*at);
        if (byte < m_lowest || byte > m_highest)
            return false;
        m_lowest = 0x80;
        m_highest = 0xbf;
        --m_left;
        ++at;
    }
    return true;
}

/// RFC 3629 §4: the bytes that may begin a character of several, and what narrows the second byte.
bool Utf8Validator::begin(quint8 lead)
{
    if (lead < 0xc2 || lead > 0xf4)
        return false;
    m_left = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    m_lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    m_highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return true;
}

} // namespace Quern::protocol::websocket
