#include "admin-gui/actions/taskactions.h"

#include "admin/protocol/methods.h"

#include <QCoreApplication>

namespace Quern::console::taskactions {

namespace {

using Scope = admin::DeadLetterSelection::Scope;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::TaskActions)
};

QList<QJsonObject> callsFor(const QStringList &ids)
{
    QList<QJsonObject> calls;
    for (const QString &id : ids)
        calls.append(admin::DeadLetterSelection{Scope::One, id, {}}.toJson());
    return calls;
}

QJsonObject selectionOf(const QString &name)
{
    return admin::DeadLetterSelection{name.isEmpty() ? Scope::All : Scope::Named, {}, name}.toJson();
}

} // namespace

ServerAction retry(const QStringList &ids)
{
    return {.title = Text::tr("Retry %n dead letter(s)", nullptr, int(ids.size())),
            .method = admin::Methods::taskRetry,
            .calls = callsFor(ids),
            .doneText = Text::tr("They wait to be tried again.")};
}

ServerAction drop(const QStringList &ids)
{
    const int count = int(ids.size());
    return {.title = Text::tr("Drop %n dead letter(s)", nullptr, count),
            .method = admin::Methods::taskDrop,
            .calls = callsFor(ids),
            .warning = Text::tr("%n dead letter(s) are forgotten, with their payloads, and cannot be brought back.",
                                nullptr, count),
            .confirmText = Text::tr("Drop %n dead letter(s)", nullptr, count),
            .doneText = Text::tr("They are gone.")};
}

ServerAction retryAll(const QString &name)
{
    return {.title = name.isEmpty() ? Text::tr("Retry all dead letters")
                                    : Text::tr("Retry all dead letters of “%1”").arg(name),
            .method = admin::Methods::taskRetry,
            .calls = {selectionOf(name)},
            .doneText = Text::tr("They wait to be tried again.")};
}

ServerAction dropAll(const QString &name, const QString &count)
{
    ServerAction action{.title = name.isEmpty() ? Text::tr("Drop all dead letters")
                                                : Text::tr("Drop all dead letters of “%1”").arg(name),
                        .method = admin::Methods::taskDrop,
                        .calls = {selectionOf(name)},
                        .warning = {},
                        .doneText = Text::tr("They are gone.")};
    const QString those = name.isEmpty() ? Text::tr("All dead letters are forgotten, with their payloads: %1.")
                                         : Text::tr("All dead letters of “%2” are forgotten, with their payloads: %1.");
    action.warning = (name.isEmpty() ? those.arg(count) : those.arg(count, name)) + QStringLiteral("\n\n") +
                     Text::tr("Those that come until then are as well. They cannot be brought back.");
    action.confirmText = action.title;
    return action;
}

} // namespace Quern::console::taskactions
