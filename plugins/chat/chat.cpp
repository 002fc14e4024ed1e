#include "chat.h"

#include "messages.h"
#include "origins.h"
#include "page.h"
#include "person.h"
#include "presence.h"

#include <Quern/server.h>

#include <stdexcept>

using Quern::Connection;
using Quern::ConnectionId;
using Quern::Error;
using Quern::MessageType;
using Quern::Request;
using Quern::Result;

namespace {

constexpr int maxRooms = 100;
constexpr int refusedCode = 4000; ///< the client may not come back with the same name and room

/// Has the server log what went wrong. Someone who has left meanwhile is nothing to speak of.
void check(const Result<void> &done)
{
    if (!done && done.error().code() != Error::NotFound)
        throw std::runtime_error(done.error().message().toStdString());
}

void tellRoom(const Person &person, const QByteArray &message, ConnectionId except = {})
{
    check(Quern::server().pushToRoom(person.serverRoom(), message, MessageType::Text, except));
}

void refuse(const Connection &connection, const QString &text)
{
    check(connection.push(errorMessage(text)));
    check(connection.close(refusedCode, text));
}

void opened(const Connection &connection, const Request &request)
{
    const Result<QString> name = Person::tidyName(request.query("name"));
    if (!name) {
        refuse(connection, name.error().message());
        return;
    }
    const Person person{request.param("room").toUtf8(), *name};
    if (!hasPlaceFor(person.room, maxRooms)) {
        refuse(connection, QStringLiteral("There are %1 rooms already: join one of them.").arg(maxRooms));
        return;
    }
    check(connection.bind(person.toUser()));
    check(connection.join(person.serverRoom()));
    // The client answers "here". By then it is in the room and in the list of connections, on whichever thread of the
    // server that is: whoever joins at the same moment has it in the list, or hears of it, or both.
    check(connection.push(welcomeMessage(person)));
}

void received(const Connection &connection, const Quern::Message &message)
{
    const std::optional<Person> person = Person::fromUser(connection.user());
    if (!person) {
        check(connection.push(errorMessage(QStringLiteral("Wait for the welcome before you send anything."))));
        return;
    }
    const Result<Wish> wish = readWish(message);
    if (!wish) {
        check(connection.push(errorMessage(wish.error().message())));
        return;
    }
    switch (wish->kind) {
    case Wish::Kind::Here:
        tellRoom(*person, joinedMessage(person->name), connection.id());
        [[fallthrough]];
    case Wish::Kind::Who:
        check(connection.push(hereMessage(namesIn(person->room))));
        break;
    case Wish::Kind::Say:
        // To the sender as well: so everybody sees one order, and the sender that it has arrived.
        tellRoom(*person, saidMessage(person->name, wish->text));
        break;
    case Wish::Kind::Typing:
        tellRoom(*person, typingMessage(person->name), connection.id());
        break;
    }
}

void closed(const Connection &connection, const Quern::CloseReason &)
{
    const std::optional<Person> person = Person::fromUser(connection.user());
    // Another tab of the same person may still be there.
    if (person && !isHere(*person))
        tellRoom(*person, leftMessage(person->name));
}

} // namespace

void Chat::install(Quern::Application &app)
{
    installPage(app);
    app.webSocket(QByteArray("/chat/:room(") + Person::RoomPattern + ')')
        .subprotocols({QByteArrayLiteral("quern.chat")})
        .use(originCheck(originsOf(app.settings())))
        .onOpen(opened)
        .onMessage(received)
        .onClose(closed);
}
