#include "config/environment.h"

#include "config/readfile.h"
#include "config/text.h"

#include <QFileInfo>

namespace Quern::config {

Environment::Environment(const QProcessEnvironment &process) : m_process(process) {}

Result<void> Environment::readFiles(const QString &folder, const QString &name)
{
    const QString usual = folder.isEmpty() ? QStringLiteral(".env") : folder + QStringLiteral("/.env");
    Result<void> outcome;
    if (!name.isEmpty()) {
        const QString path = usual + u'.' + name;
        if (QFileInfo(path).isDir())
            outcome = Error(Error::Invalid,
                            Text::tr("%1: is a directory; make it a file, or leave out -e %2").arg(path, name));
        else if (QFileInfo::exists(path))
            outcome = readFile(path);
        else
            outcome = Error(Error::NotFound,
                            Text::tr("%1: there is no such file; make it, or leave out -e %2").arg(path, name));
    }
    if (const QFileInfo file(usual); file.exists() && !file.isDir()) {
        if (const Result<void> read = readFile(usual); outcome && !read)
            outcome = read;
    }
    if (!outcome)
        m_failure = outcome.error();
    return outcome;
}

Result<void> Environment::readFile(const QString &path)
{
    if (!QFileInfo(path).isFile())
        return Error(Error::Invalid,
                     Text::tr("%1: is a pipe or a device; write the variables into a plain file").arg(path));
    const Result<QByteArray> bytes = config::readFile(path, longestDotenv);
    if (!bytes)
        return bytes.error();
    const Result<QList<DotenvEntry>> entries = parseDotenv(*bytes, path);
    if (!entries)
        return entries.error();
    m_files.append(path);
    QMap<QString, Variable> own;
    for (const DotenvEntry &entry : *entries) {
        if (!own.contains(entry.name) && !m_variables.contains(entry.name))
            m_order.append(entry.name);
        own.insert(entry.name, {entry.value, QStringLiteral("%1:%2").arg(path, QString::number(entry.line))});
    }
    // A file that was read before has precedence.
    own.insert(m_variables);
    m_variables = own;
    return {};
}

std::optional<Environment::Variable> Environment::find(const QString &name) const
{
    if (m_process.contains(name))
        return Variable{m_process.value(name), Text::tr("the environment")};
    const auto it = m_variables.find(name);
    return it == m_variables.end() ? std::nullopt : std::optional(*it);
}

QList<std::pair<QString, QString>> Environment::fromFiles() const
{
    QList<std::pair<QString, QString>> variables;
    for (const QString &name : m_order) {
        if (!m_process.contains(name))
            variables.append({name, m_variables.value(name).value});
    }
    return variables;
}

} // namespace Quern::config
