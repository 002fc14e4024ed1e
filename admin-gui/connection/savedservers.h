#pragma once

#include "admin-gui/connection/serveraddress.h"

#include <QList>
#include <QString>

#include <optional>

namespace Quern::console {

/// A server that the user has given a name.
struct SavedServer
{
    QString name;
    ServerAddress address;

    bool operator==(const SavedServer &) const = default;
};

/// The servers of this user, kept by QSettings from one console to the next. Tokens are not among what is kept here.
class SavedServers
{
public:
    /// In the order in which they were saved first. What cannot be read is left out.
    QList<SavedServer> list() const;
    std::optional<SavedServer> find(const ServerAddress &address) const;
    /// Makes it known, or gives it another name.
    void put(const SavedServer &server);
    void remove(const ServerAddress &address);

    /// The one that was looked at last.
    std::optional<ServerAddress> last() const;
    void setLast(const ServerAddress &address);

private:
    static void write(const QList<SavedServer> &list);
};

} // namespace Quern::console
