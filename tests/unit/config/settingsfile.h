#pragma once

#include "config/loader.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

/// A settings file in a directory of its own, which is the current one while this lives.
class SettingsFile
{
public:
    SettingsFile()
    {
        if (!m_directory.isValid() || !QDir::setCurrent(m_directory.path()))
            qFatal("no temporary directory");
        ++s_alive;
    }
    ~SettingsFile()
    {
        --s_alive;
        QDir::setCurrent(m_before);
    }
    Q_DISABLE_COPY_MOVE(SettingsFile)

    QString directory() const { return m_directory.path(); }

    static void write(const QString &path, const QByteArray &bytes)
    {
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
            qFatal("cannot write %s", qPrintable(path));
    }

    /// Loads \a bytes as "quern.toml", named like that.
    static Quern::Result<Quern::config::Settings> load(const QByteArray &bytes)
    {
        if (s_alive == 0)
            qFatal("it would be written into somebody's folder");
        write(QStringLiteral("quern.toml"), bytes);
        return Quern::config::load(QStringLiteral("quern.toml"));
    }

private:
    static inline int s_alive = 0;

    QString m_before = QDir::currentPath();
    QTemporaryDir m_directory;
};

/// What is wrong; empty if nothing is.
inline QString messageOf(const Quern::Result<Quern::config::Settings> &settings)
{
    return settings ? QString() : settings.error().message();
}

/// That \a toml is no settings file, for what \a expected begins to say.
inline void checkRefused(const QByteArray &toml, const QString &expected)
{
    const SettingsFile file;
    const QString text = messageOf(SettingsFile::load(toml));
    QVERIFY2(text.startsWith(expected), qPrintable(text));
}
