#pragma once

#include "config/listenreader.h"
#include "config/problems.h"
#include "config/settings.h"

#include <QList>
#include <QString>

namespace Quern::config {

/// Whether all that listens can listen at once. Takes the addresses of [server], of each [[socket]] and of [admin], in
/// this order, and tells of the later one of two.
class ListenerCheck
{
public:
    /// \a key as messages name it: "server.listen".
    void add(const QString &key, SocketType type, const QList<WrittenAddress> &addresses);

    /// Says which addresses are in each other's way, or that there are too many.
    void tell(Problems &problems) const;

private:
    struct Listener
    {
        QString key;
        bool isDatagram;
        int table; ///< which call of add() it came with
        WrittenAddress written;
    };

    static bool isInTheWay(const Listener &one, const Listener &other);
    static QString reason(const Listener &first, const Listener &second);

    QList<Listener> m_listeners;
    int m_tables = 0;
};

} // namespace Quern::config
