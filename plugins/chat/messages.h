#pragma once

#include "person.h"

#include <Quern/connection.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QString>
#include <QStringList>

/// What client and server tell each other: one JSON object a message, described in README.md.

constexpr int MaxText = 2000; ///< UTF-16 units, as a browser counts them
constexpr int MaxNames = 200; ///< of a list; the rest is a number

/// What a client asks for.
struct Wish
{
    enum class Kind {
        Here,   ///< has been welcomed: tell the others, and who is there
        Who,    ///< who is there
        Say,    ///< text, to all
        Typing, ///< tell the others that something is being written
    };

    Kind kind = Kind::Who;
    QString text; ///< of Say: not empty, MaxText at most
};

/// Error::Invalid, with a text for the client, if \a message is no wish.
Quern::Result<Wish> readWish(const Quern::Message &message);

QByteArray welcomeMessage(const Person &person);
QByteArray hereMessage(const QStringList &names);
QByteArray joinedMessage(const QString &name);
QByteArray leftMessage(const QString &name);
QByteArray typingMessage(const QString &name);
/// With the time of now.
QByteArray saidMessage(const QString &name, const QString &text);
QByteArray errorMessage(const QString &text);
