#pragma once

#include "config/dotenv.h"

#include <Quern/result.h>

#include <QList>
#include <QMap>
#include <QProcessEnvironment>
#include <QString>
#include <QStringList>

#include <optional>
#include <utility>

namespace Quern::config {

/// The variables that ${NAME} may name: those of the process, then of .env.<name>, then of .env. A plain value; any
/// thread.
class Environment
{
public:
    struct Variable
    {
        QString value;
        QString place; ///< ".env:2", "the environment"
    };

    explicit Environment(const QProcessEnvironment &process = QProcessEnvironment::systemEnvironment());

    /// Reads .env, if it is there and no directory (as of a Python environment), and, unless \a name is empty,
    /// .env.\a name, which must be there. \a folder is as people gave it, and "" the working directory. After an error
    /// what could be read holds, and failure() has it.
    Result<void> readFiles(const QString &folder, const QString &name);
    const std::optional<Error> &failure() const { return m_failure; }

    std::optional<Variable> find(const QString &name) const;
    /// The files that were read, as messages name them; the first has precedence.
    const QStringList &files() const { return m_files; }
    /// What the files set and the process has not: for child processes. In the order of the files, each name once.
    QList<std::pair<QString, QString>> fromFiles() const;

private:
    Result<void> readFile(const QString &path);

    QProcessEnvironment m_process;
    QMap<QString, Variable> m_variables; ///< of the files
    QStringList m_order;                 ///< their names
    QStringList m_files;
    std::optional<Error> m_failure;
};

} // namespace Quern::config
