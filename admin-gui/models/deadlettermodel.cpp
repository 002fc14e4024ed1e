#include "admin-gui/models/deadlettermodel.h"

#include "admin-gui/models/format.h"

#include <QMap>

namespace Quern::console {

namespace {

using admin::DeadLetter;
using admin::TaskStoreStatus;

Column<DeadLetter> momentColumn(const QString &title, QDateTime DeadLetter::*time)
{
    Column<DeadLetter> column{title, [time](const DeadLetter &letter) { return format::moment(letter.*time); },
                              by<DeadLetter>(time)};
    column.toolTip = [time](const DeadLetter &letter) { return format::exactMoment(letter.*time); };
    return column;
}

Column<TaskStoreStatus> countColumn(const QString &title, qint64 TaskStoreStatus::*count)
{
    return numberColumn<TaskStoreStatus>(
        title, [count](const TaskStoreStatus &store) { return format::count(store.*count); }, count);
}

} // namespace

DeadLetterModel::DeadLetterModel(QObject *parent)
    : RecordModel([](const DeadLetter &letter) { return letter.id; }, parent)
{
    Column<DeadLetter> kind{tr("Kind"), [](const DeadLetter &letter) {
                                return letter.kind == DeadLetter::Kind::Task ? tr("task") : tr("event");
                            }};
    Column<DeadLetter> name{tr("Name"), [](const DeadLetter &letter) { return letter.name; }};
    Column<DeadLetter> id = numberColumn<DeadLetter>(
        tr("Id"), [](const DeadLetter &letter) { return letter.id; },
        [](const DeadLetter &letter) { return letter.id.toULongLong(); });
    Column<DeadLetter> error{tr("Error"), [](const DeadLetter &letter) { return format::oneLine(letter.error); }};
    error.tone = [](const DeadLetter &) { return Tone::Bad; };
    error.toolTip = [](const DeadLetter &letter) { return letter.error; };
    Column<DeadLetter> attempts = numberColumn<DeadLetter>(
        tr("Attempts"), [](const DeadLetter &letter) { return format::count(letter.attempts); }, &DeadLetter::attempts);
    Column<DeadLetter> size = numberColumn<DeadLetter>(
        tr("Size"), [](const DeadLetter &letter) { return format::bytes(letter.payloadBytes); },
        &DeadLetter::payloadBytes);
    Column<DeadLetter> store{tr("Store"), [](const DeadLetter &letter) {
                                 return letter.store == DeadLetter::Store::Memory ? tr("memory") : tr("database");
                             }};
    setColumns({kind, name, id, error, attempts, momentColumn(tr("Created"), &DeadLetter::createdAt),
                momentColumn(tr("Given up"), &DeadLetter::buriedAt), size, store});
}

QMap<QString, int> DeadLetterModel::countByName() const
{
    QMap<QString, int> counts;
    forEach([&counts](const DeadLetter &letter) { ++counts[letter.name]; });
    return counts;
}

TaskStoreModel::TaskStoreModel(QObject *parent)
    : RecordModel([](const TaskStoreStatus &store) { return store.name; }, parent)
{
    Column<TaskStoreStatus> dead = countColumn(tr("Dead"), &TaskStoreStatus::dead);
    dead.tone = [](const TaskStoreStatus &store) { return store.dead > 0 ? Tone::Warning : Tone::Plain; };
    setColumns({{tr("Store"),
                 [](const TaskStoreStatus &store) {
                     if (store.name == QStringLiteral("memory"))
                         return tr("memory");
                     return store.name == QStringLiteral("database") ? tr("database") : store.name;
                 }},
                countColumn(tr("Queued"), &TaskStoreStatus::queued),
                countColumn(tr("Delayed"), &TaskStoreStatus::delayed),
                countColumn(tr("Running"), &TaskStoreStatus::running),
                dead});
}

} // namespace Quern::console
