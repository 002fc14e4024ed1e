#pragma once

#include <Quern/error.h>

#include <QList>
#include <QString>

namespace Quern::config {

/// Collects what is wrong with one settings file, so that all of it is told at once.
class Problems
{
public:
    /// \a fileName begins each line, as the user gave it.
    explicit Problems(QString fileName);

    /// \a key as in "server.worker_num"; \a text says what is wrong and the mend.
    void add(int line, const QString &key, const QString &text);
    /// "unknown key", with the one of \a known that was probably meant.
    void addUnknownKey(int line, const QString &key, const QString &name, const QStringList &known);

    bool isEmpty() const { return m_problems.isEmpty(); }
    bool concern(const QString &key) const;
    bool concern(const QString &key, int line) const;
    /// Error::Invalid, one line a problem in the order of the file: "quern.toml:9: server.worker_num: must be …".
    Error toError() const;

private:
    struct Problem
    {
        int line;
        QString key;
        QString text;
    };

    QString m_fileName;
    QList<Problem> m_problems;
};

} // namespace Quern::config
