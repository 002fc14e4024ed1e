#pragma once

#include "settingsfile.h"

#include "config/keytable.h"

#include <QSet>
#include <QTest>

#include <functional>

// For the tests of a table of keys such as [tasks]: each key is read, and none is forgotten.

using KeyCheck = std::function<bool(const Quern::config::ServerSettings &)>;

/// A line of the table, and whether it has been read.
struct KeyRow
{
    const char *line;
    KeyCheck isRead;

    QString key() const { return QString::fromUtf8(line).section(u' ', 0, 0); }
};

/// What is wrong; empty if nothing is.
inline QString messageOf(const Quern::Result<Quern::config::Settings> &settings)
{
    return settings ? QString() : settings.error().message();
}

/// The data of a test function that calls checkKeyRow().
inline void addKeyRows(const QList<KeyRow> &rows)
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<KeyCheck>("isRead");
    for (const KeyRow &row : rows)
        QTest::newRow(row.line) << QByteArray(row.line) << row.isRead;
}

inline void checkKeyRow(const QString &table)
{
    QFETCH(QByteArray, line);
    QFETCH(KeyCheck, isRead);
    const SettingsFile file;
    const auto settings = SettingsFile::load('[' + table.toUtf8() + "]\n" + line + '\n');
    QVERIFY2(settings.ok(), qPrintable(messageOf(settings)));
    QVERIFY(isRead(settings->server));
    const QString path = table + u'.' + KeyRow{line.constData(), {}}.key();
    QCOMPARE(settings->origins.value(path), QStringLiteral("quern.toml:2"));
}

inline void checkKeysAreCovered(const QString &table, const QList<KeyRow> &rows)
{
    QSet<QString> covered;
    for (const KeyRow &row : rows)
        covered += row.key();
    const QStringList known = Quern::config::findKeyTable(table)->names();
    QCOMPARE(covered, QSet<QString>(known.begin(), known.end()));
}
