#include "messages.h"

#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using Quern::Error;

namespace {

/// MaxText with each unit written as "\u1234", and room for the rest.
constexpr qsizetype maxBytes = 6 * MaxText + 512;

QByteArray message(QLatin1StringView type, QJsonObject members = {})
{
    members.insert(QStringLiteral("type"), type);
    return QJsonDocument(members).toJson(QJsonDocument::Compact);
}

QByteArray messageOf(QLatin1StringView type, const QString &name)
{
    return message(type, {{QStringLiteral("name"), name}});
}

Error invalid(const QString &text)
{
    return Error(Error::Invalid, text);
}

Quern::Result<Wish> readSaying(const QJsonObject &object)
{
    const QString text = object.value(QStringLiteral("text")).toString().trimmed();
    if (text.isEmpty())
        return invalid(QStringLiteral("There is no text to say."));
    if (text.size() > MaxText)
        return invalid(QStringLiteral("That is too long: %1 signs are the most.").arg(MaxText));
    return Wish{Wish::Kind::Say, text};
}

} // namespace

Quern::Result<Wish> readWish(const Quern::Message &received)
{
    if (!received.isText())
        return invalid(QStringLiteral("Send text, not binary messages."));
    if (received.payload.size() > maxBytes)
        return invalid(QStringLiteral("That is too long: %1 signs are the most.").arg(MaxText));
    const QJsonDocument document = QJsonDocument::fromJson(received.toByteArray());
    if (!document.isObject())
        return invalid(QStringLiteral("Send JSON objects."));
    const QString type = document.object().value(QStringLiteral("type")).toString();
    if (type == u"say")
        return readSaying(document.object());
    if (type == u"here")
        return Wish{Wish::Kind::Here, {}};
    if (type == u"who")
        return Wish{Wish::Kind::Who, {}};
    if (type == u"typing")
        return Wish{Wish::Kind::Typing, {}};
    return invalid(QStringLiteral("The type of a message is \"here\", \"who\", \"say\" or \"typing\"."));
}

QByteArray welcomeMessage(const Person &person)
{
    return message(QLatin1StringView("welcome"), {{QStringLiteral("room"), QString::fromUtf8(person.room)},
                                                  {QStringLiteral("name"), person.name},
                                                  {QStringLiteral("longest"), MaxText}});
}

QByteArray hereMessage(const QStringList &names)
{
    return message(QLatin1StringView("here"),
                   {{QStringLiteral("names"), QJsonArray::fromStringList(names.first(qMin(names.size(), MaxNames)))},
                    {QStringLiteral("count"), names.size()}});
}

QByteArray joinedMessage(const QString &name)
{
    return messageOf(QLatin1StringView("joined"), name);
}

QByteArray leftMessage(const QString &name)
{
    return messageOf(QLatin1StringView("left"), name);
}

QByteArray typingMessage(const QString &name)
{
    return messageOf(QLatin1StringView("typing"), name);
}

QByteArray saidMessage(const QString &name, const QString &text)
{
    return message(QLatin1StringView("said"), {{QStringLiteral("name"), name},
                                               {QStringLiteral("text"), text},
                                               {QStringLiteral("at"), QDateTime::currentMSecsSinceEpoch()}});
}

QByteArray errorMessage(const QString &text)
{
    return message(QLatin1StringView("error"), {{QStringLiteral("text"), text}});
}
