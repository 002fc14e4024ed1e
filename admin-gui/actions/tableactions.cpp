#include "admin-gui/actions/tableactions.h"

#include "admin-gui/models/celltext.h"
#include "admin-gui/models/format.h"
#include "admin/protocol/methods.h"

#include <QCoreApplication>

namespace Quern::console::tableactions {

namespace {

constexpr qsizetype longestShown = 80;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::TableActions)
};

QString shownKey(const QByteArray &key)
{
    return format::oneLine(celltext::ofBytes(key), longestShown);
}

} // namespace

ServerAction setRow(const QString &table, const admin::TableRow &row)
{
    return {.title = Text::tr("Set row %1 of %2").arg(shownKey(row.key.bytes), table),
            .method = admin::Methods::tableSet,
            .calls = {admin::TableRowChange{table, row.key, row.values}.toJson()}};
}

ServerAction setRows(const QString &table, const QList<admin::TableRow> &rows)
{
    ServerAction action{.title = Text::tr("Set %n row(s) of %1", nullptr, int(rows.size())).arg(table),
                        .method = admin::Methods::tableSet,
                        .calls = {}};
    for (const admin::TableRow &row : rows)
        action.calls.append(admin::TableRowChange{table, row.key, row.values}.toJson());
    return action;
}

ServerAction deleteRows(const QString &table, const QList<QByteArray> &keys)
{
    const int count = int(keys.size());
    ServerAction action{.title = Text::tr("Delete %n row(s) of %1", nullptr, count).arg(table),
                        .method = admin::Methods::tableDelete,
                        .calls = {},
                        .warning =
                            Text::tr("%n row(s) of the table %1 are deleted, for all processes of the server, and "
                                     "cannot be brought back.",
                                     nullptr, count)
                                .arg(table),
                        .confirmText = Text::tr("Delete %n row(s)", nullptr, count)};
    if (count == 1)
        action.warning += QStringLiteral("\n\n") + Text::tr("The key: %1").arg(shownKey(keys.constFirst()));
    for (const QByteArray &key : keys)
        action.calls.append(admin::TableRowReference{table, {key}}.toJson());
    return action;
}

ServerAction setAtomic(const QString &name, qint64 value)
{
    return {.title = Text::tr("Set the atomic %1 to %2").arg(name).arg(value),
            .method = admin::Methods::atomicSet,
            .calls = {admin::AtomicValue{name, {value}}.toJson()}};
}

} // namespace Quern::console::tableactions
