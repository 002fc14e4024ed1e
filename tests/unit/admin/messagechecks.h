#pragma once

#include "admin/protocol/message.h"

#include <QTest>

// What the tests of the protocol's messages share.

namespace Quern::admin {

/// \a message is \a line on the wire, and is read from it again.
template <typename Message>
void compare(const Message &message, const QByteArray &line)
{
    QCOMPARE(encodeLine(message.toJson()), line);
    const Result<Message> read = Message::fromJson(*decodeLine(line));
    QVERIFY2(read.ok(), read ? "" : qPrintable(read.error().message()));
    QVERIFY(read->toJson() == message.toJson());
}

/// What is wrong with \a line, which is to be a Message.
template <typename Message>
QString mistakeOf(const QByteArray &line)
{
    const Result<Message> read = Message::fromJson(*decodeLine(line));
    return read ? QStringLiteral("none") : read.error().message();
}

} // namespace Quern::admin
