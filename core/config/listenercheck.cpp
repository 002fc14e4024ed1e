#include "config/listenercheck.h"

#include "config/text.h"

#include <algorithm>

namespace Quern::config {

void ListenerCheck::add(const QString &key, SocketType type, const QList<WrittenAddress> &addresses)
{
    ++m_tables;
    for (const WrittenAddress &written : addresses)
        m_listeners.append({key, type == SocketType::Udp, m_tables, written});
}

void ListenerCheck::tell(Problems &problems) const
{
    if (m_listeners.size() > mostListeners) {
        const Listener &tooMuch = m_listeners.at(mostListeners);
        problems.add(tooMuch.written.line, tooMuch.key,
                     Text::tr("%1 addresses to listen on are more than the %2 of one server; remove some")
                         .arg(m_listeners.size())
                         .arg(mostListeners));
        return;
    }
    for (auto second = m_listeners.begin(); second != m_listeners.end(); ++second) {
        // Its line has a mistake already, and what could be read of it may not be what is meant.
        if (problems.concern(second->key, second->written.line))
            continue;
        const auto first = std::find_if(m_listeners.begin(), second,
                                        [second](const Listener &listener) { return isInTheWay(listener, *second); });
        if (first != second)
            problems.add(second->written.line, second->key, reason(*first, *second));
    }
}

bool ListenerCheck::isInTheWay(const Listener &one, const Listener &other)
{
    const ListenAddress &address = one.written.address;
    // A path is one file, whatever kind of socket it is.
    const bool isOneTransport = one.isDatagram == other.isDatagram || address.kind == ListenAddress::Unix;
    return isOneTransport && address.overlaps(other.written.address);
}

QString ListenerCheck::reason(const Listener &first, const Listener &second)
{
    const ListenAddress &address = first.written.address;
    const bool isSame = address.host == second.written.address.host;
    const QString &shown = second.written.shown;
    if (isSame && first.table == second.table)
        return Text::tr("%1 is listed twice; remove one").arg(shown);
    const QString place = first.written.line > 0
                              ? Text::tr("%1 of line %2").arg(first.written.shown).arg(first.written.line)
                              : Text::tr("the default of [server], %1").arg(first.written.shown);
    const QString mend =
        address.kind == ListenAddress::Unix ? Text::tr("choose another path") : Text::tr("choose another port");
    return (isSame ? Text::tr("%1 is the address of %2, too; %3") : Text::tr("%1 overlaps %2; %3"))
        .arg(shown, place, mend);
}

} // namespace Quern::config
