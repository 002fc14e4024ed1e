#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

#include <optional>

/// Somebody in a room. A value type.
///
/// Workers come and go and share no memory, so who somebody is must not lie in one of them. It is written into the
/// user that the connection is bound to, which the server keeps and gives to whoever handles its next event.
struct Person
{
    /// A room's name fits this, so it needs no check of its own behind the route.
    static constexpr const char *RoomPattern = "[a-z0-9-]{1,24}";
    static constexpr int MaxName = 24;      ///< letters and other signs
    static constexpr int MaxNameBytes = 32; ///< in UTF-8, so that a user holds room and name

    QByteArray room; ///< "lobby"
    QString name;    ///< "Ann"; two connections of one name in a room are one person to the others

    bool operator==(const Person &) const = default;

    /// Shape: "chat/" room "/" name.
    QByteArray toUser() const;
    /// Nothing if \a user is none of the chat's.
    static std::optional<Person> fromUser(QByteArrayView user);
    /// What the server calls the room, so that it is none of another plugin's.
    QByteArray serverRoom() const;

    /// A name as others see it: without space around and within, composed (NFC). Error::Invalid, with a text for its
    /// owner, if it is empty, too long or has signs that cannot be seen.
    static Quern::Result<QString> tidyName(const QString &wanted);
};
