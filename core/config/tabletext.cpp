#include "config/tabletext.h"

#include "config/tomltext.h"

#include <QCoreApplication>

#include <algorithm>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

QString typeText(const ColumnSettings &column)
{
    switch (column.type) {
    case ColumnSettings::Type::Int:
        return column.bytes == 8 ? u"int"_s : u"int:%1"_s.arg(column.bytes);
    case ColumnSettings::Type::Float:
        return u"float"_s;
    case ColumnSettings::Type::String:
        break;
    }
    return u"string:%1"_s.arg(column.bytes);
}

QString columnsText(const QList<ColumnSettings> &columns)
{
    QStringList texts;
    for (const ColumnSettings &column : columns)
        texts.append(u"%1 = %2"_s.arg(tomlKey(column.name), quotedToml(typeText(column))));
    return u"{ "_s + texts.join(u", "_s) + u" }"_s;
}

template <typename Entry>
void addChanged(const QString &kind, const QList<Entry> &running, const QList<Entry> &loaded, QStringList &changed)
{
    const auto find = [](const QList<Entry> &entries, const QString &name) {
        return std::find_if(entries.cbegin(), entries.cend(),
                            [&name](const Entry &entry) { return entry.name == name; });
    };
    for (const Entry &entry : running) {
        const auto other = find(loaded, entry.name);
        if (other == loaded.cend() || *other != entry)
            changed.append(kind + u' ' + entry.name);
    }
    for (const Entry &entry : loaded) {
        if (find(running, entry.name) == running.cend())
            changed.append(kind + u' ' + entry.name);
    }
}

} // namespace

QList<TableSetting> tableSettings(const Settings &settings)
{
    QList<TableSetting> all;
    const auto add = [&all](const QString &table, qsizetype index, const QString &key, const QString &value,
                            const QString &defaultValue, const char *unit, const char *doc) {
        const QString path = u"%1[%2].%3"_s.arg(table).arg(index).arg(key);
        all.append({table, key, path, value, defaultValue, unit, doc, key == u"name"});
    };
    for (qsizetype i = 0; i < settings.tables.size(); ++i) {
        const TableSettings &table = settings.tables.at(i);
        add(u"table"_s, i, u"name"_s, quotedToml(table.name), {}, "",
            QT_TRANSLATE_NOOP("Quern::config", "What plugins look it up by."));
        add(u"table"_s, i, u"size"_s, QString::number(table.size), QString::number(TableSettings().size),
            QT_TRANSLATE_NOOP("Quern::config", "rows"),
            QT_TRANSLATE_NOOP("Quern::config", "How many rows it holds; memory is taken as they come."));
        add(u"table"_s, i, u"columns"_s, columnsText(table.columns), {}, "",
            QT_TRANSLATE_NOOP("Quern::config", "Names and types of its columns."));
    }
    for (qsizetype i = 0; i < settings.atomics.size(); ++i) {
        const AtomicSettings &atomic = settings.atomics.at(i);
        add(u"atomic"_s, i, u"name"_s, quotedToml(atomic.name), {}, "",
            QT_TRANSLATE_NOOP("Quern::config", "What plugins look it up by."));
        add(u"atomic"_s, i, u"value"_s, QString::number(atomic.value), QString::number(AtomicSettings().value), "",
            QT_TRANSLATE_NOOP("Quern::config", "What it is at the start."));
    }
    return all;
}

QStringList changedTables(const Settings &running, const Settings &loaded)
{
    QStringList changed;
    addChanged(u"table"_s, running.tables, loaded.tables, changed);
    addChanged(u"atomic"_s, running.atomics, loaded.atomics, changed);
    return changed;
}

void takeOverTables(const Settings &running, Settings &settings)
{
    settings.tables = running.tables;
    settings.atomics = running.atomics;
    const auto isTheirs = [](const QString &path) { return path.startsWith(u"table[") || path.startsWith(u"atomic["); };
    settings.origins.removeIf([&](const QMap<QString, QString>::iterator &entry) { return isTheirs(entry.key()); });
    settings.secrets.removeIf(isTheirs);
    for (auto it = running.origins.cbegin(); it != running.origins.cend(); ++it) {
        if (isTheirs(it.key()))
            settings.origins.insert(it.key(), it.value());
    }
    for (const QString &path : running.secrets) {
        if (isTheirs(path))
            settings.secrets.insert(path);
    }
}

} // namespace Quern::config
