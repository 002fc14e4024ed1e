#pragma once

#include <Quern/result.h>

#include <QCoreApplication>
#include <QHash>
#include <QString>
#include <QStringList>

namespace Quern::app {

/// Writes folders of files from templates that are compiled into the program, see resources/templates: "dot-" at the
/// front of a file's name becomes '.', ".in" at its end is dropped, and @NAME@ in names and texts is replaced. Never
/// overwrites a file.
class TemplateWriter
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::TemplateWriter)
public:
    using Values = QHash<QString, QString>; ///< "NAME" → "shop"

    /// \a directory is where everything is written; it is made if it is not there.
    explicit TemplateWriter(const QString &directory) : m_directory(directory) {}

    /// Writes the template \a name into \a folder of the directory (empty: the directory itself), but for the files
    /// \a except. Error::Io or Error::Permission, with the place, if a file cannot be written: those before it stay.
    Result<void> write(const QString &name, const QString &folder, const Values &values,
                       const QStringList &except = {});

    /// Paths within the directory, in the order written; and of those that were there already.
    const QStringList &written() const { return m_written; }
    const QStringList &kept() const { return m_kept; }

private:
    Result<void> writeFile(const QString &source, const QString &path, const Values &values);

    QString m_directory;
    QStringList m_written;
    QStringList m_kept;
};

} // namespace Quern::app
