#include "admin-gui/connection/transport.h"

namespace Quern::console {

void Transport::close(const Error &reason)
{
    if (m_isClosed)
        return;
    m_isClosed = true;
    abort();
    Q_EMIT closed(reason);
}

} // namespace Quern::console
