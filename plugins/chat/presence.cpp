#include "presence.h"

#include <Quern/server.h>

#include <QSet>

#include <optional>

namespace {

constexpr int pageSize = 1000;

/// Calls \a visit for each person of the chat until it returns false.
template <typename Visit>
void walk(Visit visit)
{
    Quern::ConnectionId from;
    do {
        const Quern::ConnectionPage page = Quern::server().connections(from, pageSize);
        for (const Quern::ConnectionInfo &connection : page.connections) {
            const std::optional<Person> person = Person::fromUser(connection.user);
            if (person && !visit(*person))
                return;
        }
        from = page.next;
    } while (!from.isNull());
}

} // namespace

QStringList namesIn(QByteArrayView room)
{
    QSet<QString> names;
    walk([&](const Person &person) {
        if (person.room == room)
            names.insert(person.name);
        return true;
    });
    QStringList sorted(names.cbegin(), names.cend());
    sorted.sort();
    return sorted;
}

bool isHere(const Person &wanted)
{
    bool found = false;
    walk([&](const Person &person) {
        found = person == wanted;
        return !found;
    });
    return found;
}

bool hasPlaceFor(QByteArrayView room, int most)
{
    QSet<QByteArray> rooms;
    walk([&](const Person &person) {
        rooms.insert(person.room);
        return person.room != room;
    });
    return rooms.size() < most || rooms.contains(room.toByteArray());
}
