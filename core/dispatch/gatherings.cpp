#include "dispatch/gatherings.h"

#include <algorithm>

namespace Quern::dispatch {

namespace {

auto memberOf(const LiveConnection *connection, const QByteArray &name, bool isRoom)
{
    return std::find_if(connection->members.begin(), connection->members.end(), [&](const auto &member) {
        return member->gathering->isRoom == isRoom && member->gathering->name == name;
    });
}

} // namespace

void Gatherings::enter(ByName &gatherings, LiveConnection *connection, const QByteArray &name, bool isRoom)
{
    std::unique_ptr<Gathering> &gathering = gatherings[name];
    if (!gathering) {
        gathering = std::make_unique<Gathering>();
        gathering->name = name;
        gathering->isRoom = isRoom;
    }
    auto member = std::make_unique<Member>();
    member->connection = connection;
    member->gathering = gathering.get();
    gathering->members.append(member.get());
    connection->members.push_back(std::move(member));
}

bool Gatherings::join(LiveConnection *connection, const QByteArray &room)
{
    if (memberOf(connection, room, true) != connection->members.end())
        return true;
    const auto isRoom = [](const auto &member) { return member->gathering->isRoom; };
    if (connection->members.size() >= MaxRooms &&
        std::count_if(connection->members.begin(), connection->members.end(), isRoom) >= std::ptrdiff_t(MaxRooms))
        return false;
    enter(m_rooms, connection, room, true);
    return true;
}

void Gatherings::leave(LiveConnection *connection, const QByteArray &room)
{
    const auto place = memberOf(connection, room, true);
    if (place != connection->members.end())
        remove(connection, std::size_t(place - connection->members.begin()));
}

void Gatherings::bind(LiveConnection *connection, const QByteArray &user)
{
    for (std::size_t i = 0; i < connection->members.size(); ++i) {
        if (!connection->members[i]->gathering->isRoom) {
            remove(connection, i);
            break;
        }
    }
    if (!user.isEmpty())
        enter(m_users, connection, user, false);
}

void Gatherings::leaveAll(LiveConnection *connection)
{
    while (!connection->members.empty())
        remove(connection, connection->members.size() - 1);
    connection->members.shrink_to_fit();
}

void Gatherings::remove(LiveConnection *connection, std::size_t place)
{
    Gathering *gathering = connection->members[place]->gathering;
    std::swap(connection->members[place], connection->members.back());
    connection->members.pop_back();
    if (gathering->members.isEmpty())
        (gathering->isRoom ? m_rooms : m_users).erase(QByteArray(gathering->name));
}

std::vector<quint64> Gatherings::members(const QByteArray &name, bool isRoom) const
{
    std::vector<quint64> found;
    const ByName &gatherings = isRoom ? m_rooms : m_users;
    const auto place = gatherings.find(name);
    if (place == gatherings.end())
        return found;
    const auto &members = place->second->members;
    for (const Member *member = members.first(); member; member = members.next(member))
        found.push_back(member->connection->id);
    return found;
}

} // namespace Quern::dispatch
