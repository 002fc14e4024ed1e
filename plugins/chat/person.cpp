#include "person.h"

#include <QChar>
#include <QList>

#include <algorithm>

using Quern::Error;

namespace {

constexpr QByteArrayView prefix("chat/");

} // namespace

QByteArray Person::toUser() const
{
    return serverRoom() + '/' + name.toUtf8();
}

std::optional<Person> Person::fromUser(QByteArrayView user)
{
    if (!user.startsWith(prefix))
        return std::nullopt;
    const QByteArrayView rest = user.sliced(prefix.size());
    // A room has no '/', a name may.
    const qsizetype end = rest.indexOf('/');
    if (end <= 0)
        return std::nullopt;
    return Person{rest.first(end).toByteArray(), QString::fromUtf8(rest.sliced(end + 1))};
}

QByteArray Person::serverRoom() const
{
    return prefix.toByteArray() + room;
}

Quern::Result<QString> Person::tidyName(const QString &wanted)
{
    const QString name = wanted.simplified().normalized(QString::NormalizationForm_C);
    if (name.isEmpty())
        return Error(Error::Invalid, QStringLiteral("Tell a name to join with."));
    const QList<uint> signs = name.toUcs4();
    if (signs.size() > MaxName || name.toUtf8().size() > MaxNameBytes)
        return Error(Error::Invalid, QStringLiteral("That name is too long: %1 signs are the most, fewer if they are "
                                                    "rare ones.")
                                         .arg(MaxName));
    // Such as those that turn the direction of writing: they make one name look like another.
    if (!std::all_of(signs.begin(), signs.end(), [](uint sign) { return QChar::isPrint(sign); }))
        return Error(Error::Invalid, QStringLiteral("That name has signs that cannot be seen: leave them out."));
    return name;
}
