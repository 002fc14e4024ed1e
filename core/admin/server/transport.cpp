#include "admin/server/transport.h"

#include <atomic>

namespace Quern::admin {

quint64 Transport::nextClient()
{
    static std::atomic<quint64> serial = 0;
    return ++serial;
}

} // namespace Quern::admin
