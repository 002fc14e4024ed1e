#pragma once

#include "admin/protocol/connectionmessages.h"

#include <vector>

namespace Quern::app {

class ReactorPool;

/// What all reactors have counted of one listener, since the start.
struct ListenerTotals
{
    quint64 opened = 0; ///< connections
    quint64 closed = 0; ///< of these
    quint64 messagesReceived = 0;
    quint64 messagesSent = 0;
    quint64 bytesReceived = 0;
    quint64 bytesSent = 0;

    void add(const ListenerTotals &other);
};

/// Each at the place of its port's number. Any thread.
std::vector<ListenerTotals> listenerTotals(const ReactorPool &reactors);

/// The same with what they are, for the management protocol.
QList<admin::ListenerDescription> listenerList(const ReactorPool &reactors);

} // namespace Quern::app
