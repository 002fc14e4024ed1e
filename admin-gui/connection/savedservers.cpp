#include "admin-gui/connection/savedservers.h"

#include <QSettings>

#include <algorithm>

namespace Quern::console {

namespace {

const QString listKey = QStringLiteral("servers");
const QString nameKey = QStringLiteral("name");
const QString addressKey = QStringLiteral("address");
const QString lastKey = QStringLiteral("lastServer");

} // namespace

QList<SavedServer> SavedServers::list() const
{
    QSettings settings;
    QList<SavedServer> servers;
    const int count = settings.beginReadArray(listKey);
    for (int i = 0; i < count; ++i) {
        settings.setArrayIndex(i);
        const Result<ServerAddress> address = ServerAddress::parse(settings.value(addressKey).toString());
        if (address)
            servers.append({settings.value(nameKey).toString(), *address});
    }
    return servers;
}

std::optional<SavedServer> SavedServers::find(const ServerAddress &address) const
{
    for (const SavedServer &server : list()) {
        if (server.address == address)
            return server;
    }
    return std::nullopt;
}

void SavedServers::put(const SavedServer &server)
{
    QList<SavedServer> servers = list();
    const auto known = std::find_if(servers.begin(), servers.end(),
                                    [&server](const SavedServer &each) { return each.address == server.address; });
    if (known != servers.end())
        *known = server;
    else
        servers.append(server);
    write(servers);
}

void SavedServers::remove(const ServerAddress &address)
{
    QList<SavedServer> servers = list();
    servers.removeIf([&address](const SavedServer &each) { return each.address == address; });
    write(servers);
}

void SavedServers::write(const QList<SavedServer> &list)
{
    QSettings settings;
    settings.remove(listKey);
    settings.beginWriteArray(listKey, int(list.size()));
    for (int i = 0; i < int(list.size()); ++i) {
        settings.setArrayIndex(i);
        settings.setValue(nameKey, list.at(i).name);
        settings.setValue(addressKey, list.at(i).address.text());
    }
    settings.endArray();
}

std::optional<ServerAddress> SavedServers::last() const
{
    const Result<ServerAddress> address = ServerAddress::parse(QSettings().value(lastKey).toString());
    return address ? std::optional(*address) : std::nullopt;
}

void SavedServers::setLast(const ServerAddress &address)
{
    QSettings().setValue(lastKey, address.text());
}

} // namespace Quern::console
