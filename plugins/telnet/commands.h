#pragma once

#include <Quern/connectionid.h>

#include <QString>

/// The name that [[socket]] entries call the plugin's handler by.
constexpr const char *HandlerName = "telnet";
constexpr int MaxLine = 500; ///< UTF-16 units of one command

/// A line, taken apart: "say hello" is "say" and "hello".
struct Command
{
    explicit Command(const QString &line);

    QString word; ///< in small letters
    QString rest;
};

/// Who has sent a command.
struct Caller
{
    QString name;           ///< "127.0.0.1:40312", for the others
    QString port;           ///< of the connection; empty for a datagram
    Quern::ConnectionId id; ///< null for a datagram
};

/// The answer to each command that is the same for connections and datagrams, without a line end. What begins with "? "
/// tells what was wrong with it.
QString answerTo(const Command &command, const Caller &caller);
