#pragma once

#include "dispatch/liveconnection.h"

#include <QByteArray>
#include <QHash>

#include <memory>
#include <unordered_map>

namespace Quern::dispatch {

struct Gathering
{
    QByteArray name;
    bool isRoom = true; ///< else those of a user
    base::IntrusiveList<Member, MemberTag> members;
};

/// The rooms and users of one reactor's connections. A gathering is there while somebody is in it. Lives in its reactor
/// thread.
class Gatherings
{
public:
    /// A connection is in as many rooms at most.
    static constexpr std::size_t MaxRooms = 1000;

    /// False if it is in too many rooms already; fine if it is in this one.
    bool join(LiveConnection *connection, const QByteArray &room);
    void leave(LiveConnection *connection, const QByteArray &room);
    /// In place of the user that it was bound to; empty: to none.
    void bind(LiveConnection *connection, const QByteArray &user);
    /// It leaves all.
    void leaveAll(LiveConnection *connection);

    /// The ids of those who are in it now.
    std::vector<quint64> members(const QByteArray &name, bool isRoom) const;
    std::size_t size() const { return m_rooms.size() + m_users.size(); }

private:
    struct NameHash
    {
        std::size_t operator()(const QByteArray &name) const { return qHash(name); }
    };
    using ByName = std::unordered_map<QByteArray, std::unique_ptr<Gathering>, NameHash>;

    static void enter(ByName &gatherings, LiveConnection *connection, const QByteArray &name, bool isRoom);
    void remove(LiveConnection *connection, std::size_t place);

    ByName m_rooms;
    ByName m_users;
};

} // namespace Quern::dispatch
