#include "protocol/http/authority.h"

#include "protocol/http/bytes.h"

#include <algorithm>

namespace Quern::protocol::http {

bool isHostAndPort(QByteArrayView authority)
{
    qsizetype end = 0;
    if (authority.startsWith('[')) {
        end = firstNotIn(LiteralByte, authority, 1);
        if (end == 1 || end == authority.size() || authority[end] != ']')
            return false;
        ++end;
    } else {
        end = firstNotIn(RegNameByte, authority);
    }
    if (end == authority.size())
        return true;
    if (authority[end] != ':')
        return false;
    const QByteArrayView port = authority.sliced(end + 1);
    return port.size() <= 5 && std::all_of(port.begin(), port.end(), isDigit);
}

} // namespace Quern::protocol::http
