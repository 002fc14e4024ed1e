#include "tasks/sqlite/taskrow.h"

#include <QRegularExpression>
#include <QVariant>

#include <algorithm>
#include <array>

namespace Quern::tasks {

namespace {

struct Column
{
    const char *name;
    const char *type;
};

// The order of bindTask() and readTask().
constexpr std::array columns = {
    Column{"id", "INTEGER"},
    Column{"priority", "INTEGER NOT NULL"},
    Column{"due", "INTEGER NOT NULL"},
    Column{"kind", "INTEGER NOT NULL"},
    Column{"name", "TEXT"},
    Column{"is_map", "INTEGER NOT NULL"},
    Column{"payload", "BLOB"},
    Column{"spill", "TEXT"},
    Column{"unique_key", "BLOB"},
    Column{"tries", "INTEGER NOT NULL"},
    Column{"attempts", "INTEGER NOT NULL"},
    Column{"timeout", "INTEGER NOT NULL"},
    Column{"first_delay", "INTEGER NOT NULL"},
    Column{"longest_delay", "INTEGER NOT NULL"},
    Column{"factor", "REAL NOT NULL"},
    Column{"jitter", "INTEGER NOT NULL"},
    Column{"resume_at", "INTEGER NOT NULL"},
    Column{"sender", "INTEGER NOT NULL"},
    Column{"tells_sender", "INTEGER NOT NULL"},
    Column{"created", "INTEGER NOT NULL"},
    Column{"error", "TEXT"},
};

QString definition(const QString &key)
{
    QStringList list;
    for (const Column &column : columns)
        list += QStringLiteral("%1 %2").arg(QLatin1StringView(column.name), QLatin1StringView(column.type));
    list.first() += key;
    return list.join(QStringLiteral(", "));
}

/// Null for an empty one, which costs no byte and stands in no index.
QVariant orNull(const QByteArray &bytes)
{
    return bytes.isEmpty() ? QVariant(QMetaType(QMetaType::QByteArray)) : QVariant(bytes);
}

QVariant textOrNull(const QString &text)
{
    return text.isEmpty() ? QVariant(QMetaType(QMetaType::QString)) : QVariant(text);
}

} // namespace

QStringList taskSchema()
{
    return {
        QStringLiteral("CREATE TABLE task (%1)").arg(definition(QStringLiteral(" PRIMARY KEY"))),
        // Ends with the id, as every index does.
        QStringLiteral("CREATE INDEX task_due ON task (priority, due)"),
        QStringLiteral("CREATE UNIQUE INDEX task_unique ON task (unique_key) WHERE unique_key IS NOT NULL"),
        QStringLiteral("CREATE INDEX task_spill ON task (spill) WHERE spill IS NOT NULL"),
        QStringLiteral("CREATE TABLE dead (number INTEGER PRIMARY KEY AUTOINCREMENT, buried INTEGER NOT NULL, %1)")
            .arg(definition(QStringLiteral(" NOT NULL"))),
        QStringLiteral("CREATE INDEX dead_id ON dead (id)"),
        QStringLiteral("CREATE INDEX dead_name ON dead (name)"),
        QStringLiteral("CREATE INDEX dead_spill ON dead (spill) WHERE spill IS NOT NULL"),
    };
}

QString taskColumns()
{
    return taskColumnsWith({});
}

QString taskColumnsWith(const QStringList &changed)
{
    QStringList list;
    for (const Column &column : columns) {
        const QString name = QString::fromLatin1(column.name);
        const QString start = name + QStringLiteral(" = ");
        const QStringList found = changed.filter(QRegularExpression(u'^' + QRegularExpression::escape(start)));
        list += found.isEmpty() ? name : found.constFirst().mid(start.size());
    }
    return list.join(QStringLiteral(", "));
}

QString taskPlaceholders()
{
    return QStringList(QStringList::size_type(columns.size()), QStringLiteral("?")).join(QStringLiteral(", "));
}

void bindTask(QSqlQuery &query, const TaskRecord &record)
{
    int place = 0;
    const auto bind = [&query, &place](const QVariant &value) { query.bindValue(place++, value); };
    bind(qint64(record.id));
    bind(int(record.priority));
    bind(record.dueMs);
    bind(int(record.kind));
    bind(textOrNull(QString::fromUtf8(record.name)));
    bind(int(record.isMap));
    bind(orNull(record.payload));
    bind(textOrNull(QString::fromLatin1(record.spillFile)));
    bind(orNull(record.uniqueKey));
    bind(record.tries);
    bind(record.attempts);
    bind(qint64(record.timeout.count()));
    bind(qint64(record.backOff.first.count()));
    bind(qint64(record.backOff.longest.count()));
    bind(double(record.backOff.factor));
    bind(int(record.backOff.jitterPercent));
    bind(record.resumeAt);
    bind(record.sender);
    bind(int(record.tellsSender));
    bind(record.createdMs);
    bind(textOrNull(record.lastError));
}

TaskRecord readTask(const QSqlQuery &query)
{
    int place = 0;
    const auto value = [&query, &place] { return query.value(place++); };
    TaskRecord record;
    record.id = quint64(value().toLongLong());
    record.priority = quint8(std::clamp<int>(value().toInt(), 0, highestPriority));
    record.dueMs = value().toLongLong();
    record.kind = TaskKind(value().toInt());
    record.name = value().toString().toUtf8();
    record.isMap = value().toBool();
    record.payload = value().toByteArray();
    record.spillFile = value().toString().toLatin1();
    record.uniqueKey = value().toByteArray();
    record.tries = value().toUInt();
    record.attempts = value().toUInt();
    record.timeout = std::chrono::milliseconds(value().toLongLong());
    record.backOff.first = std::chrono::milliseconds(value().toLongLong());
    record.backOff.longest = std::chrono::milliseconds(value().toLongLong());
    record.backOff.factor = float(value().toDouble());
    record.backOff.jitterPercent = quint8(value().toUInt());
    record.resumeAt = value().toUInt();
    record.sender = value().toInt();
    record.tellsSender = value().toBool();
    record.createdMs = value().toLongLong();
    record.lastError = value().toString();
    return record;
}

} // namespace Quern::tasks
