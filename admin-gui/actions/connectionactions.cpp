#include "admin-gui/actions/connectionactions.h"

#include "admin-gui/models/format.h"
#include "admin/protocol/methods.h"

#include <QCoreApplication>

#include <algorithm>

namespace Quern::console::connectionactions {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::ConnectionActions)
};

/// Of the users, so many are named: a question has to be read.
constexpr qsizetype mostNamed = 5;

QString userOf(const QString &user, qsizetype count)
{
    return count == 1 ? Text::tr("of %1").arg(user) : Text::tr("of %1 (%2)").arg(user, format::count(count));
}

} // namespace

QString whose(const QList<Connection> &connections)
{
    if (connections.size() == 1) {
        const Connection &only = connections.constFirst();
        return only.user.isEmpty() ? Text::tr("Connection %1 of no user, from %2").arg(only.id).arg(only.place())
                                   : Text::tr("Connection %1 of %2, from %3").arg(only.id).arg(only.user, only.place());
    }
    QHash<QString, qsizetype> counts;
    for (const Connection &each : connections)
        ++counts[each.user];
    const qsizetype ofNobody = counts.take(QString());
    QStringList users = counts.keys();
    std::sort(users.begin(), users.end(), [&counts](const QString &a, const QString &b) {
        return counts.value(a) != counts.value(b) ? counts.value(a) > counts.value(b) : a < b;
    });
    QStringList parts;
    for (const QString &user : users.mid(0, mostNamed))
        parts.append(userOf(user, counts.value(user)));
    if (users.size() > mostNamed)
        parts.append(Text::tr("of %n more user(s)", nullptr, int(users.size() - mostNamed)));
    if (ofNobody > 0)
        parts.append(Text::tr("%1 of no user").arg(format::count(ofNobody)));
    return Text::tr("%n connection(s)", nullptr, int(connections.size())) + QStringLiteral(": ") +
           parts.join(QStringLiteral(", "));
}

ServerAction close(const QList<Connection> &connections, int code, const QString &reason)
{
    ServerAction action{.title = connections.size() == 1
                                     ? Text::tr("Close connection %1").arg(connections.constFirst().id)
                                     : Text::tr("Close %n connection(s)", nullptr, int(connections.size())),
                        .method = admin::Methods::connectionClose,
                        .calls = {},
                        .confirmText = Text::tr("Close %n connection(s)", nullptr, int(connections.size()))};
    action.warning =
        Text::tr("To be closed: %1.\n\nEach goes when what was sent to it before has left. A client may connect again.")
            .arg(whose(connections));
    for (const Connection &each : connections)
        action.calls.append(admin::ConnectionClosing{QString::number(each.id), code, reason}.toJson());
    return action;
}

ServerAction push(const QList<Connection> &connections, const QString &text)
{
    ServerAction action{.title = connections.size() == 1
                                     ? Text::tr("Push to connection %1").arg(connections.constFirst().id)
                                     : Text::tr("Push to %n connection(s)", nullptr, int(connections.size())),
                        .method = admin::Methods::connectionPush,
                        .calls = {},
                        .doneText = Text::tr("Sent.")};
    for (const Connection &each : connections)
        action.calls.append(admin::ConnectionMessage{QString::number(each.id), text}.toJson());
    return action;
}

} // namespace Quern::console::connectionactions
