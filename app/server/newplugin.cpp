#include "app/server/newplugin.h"

#include "app/server/installation.h"

#include <Quern/global.h>

#include <QDir>
#include <QFileInfo>
#include <QRegularExpression>
#include <QStandardPaths>

#include <cerrno>

#include <sys/stat.h>

namespace Quern::app {

namespace {

constexpr qsizetype longestName = 64;

/// What CMake, C++ or the SDK has given a meaning to.
bool isTaken(const QString &name)
{
    static const QRegularExpression taken(
        QStringLiteral("\\A(all|all_build|clean|edit_cache|help|install|list_install_components|package|package_source|"
                       "preinstall|rebuild_cache|run_tests|test|zero_check|quern|qt|null|eof)\\z"),
        QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression classOfQt(QStringLiteral("\\AQ[A-Z]"));
    return taken.match(name).hasMatch() || classOfQt.match(name).hasMatch();
}

} // namespace

Result<NewPlugin> NewPlugin::named(const QString &name)
{
    static const QRegularExpression wellFormed(QStringLiteral("\\A[A-Za-z][A-Za-z0-9_-]*\\z"));
    if (!wellFormed.match(name).hasMatch())
        return Error(Error::Invalid,
                     tr("\"%1\" cannot be the name of a plugin: begin with a letter, and go on with letters, digits, "
                        "'_' and '-'")
                         .arg(name));
    if (name.size() > longestName)
        return Error(Error::Invalid,
                     tr("the name has %1 characters: use %2 at most").arg(name.size()).arg(longestName));
    if (isTaken(name))
        return Error(Error::Invalid,
                     tr("\"%1\" has a meaning of its own for CMake, Qt or Quern: choose another name").arg(name));
    return NewPlugin(name);
}

QString NewPlugin::className() const
{
    QString result;
    bool isFirst = true; // of a word
    for (const QChar c : m_name) {
        const bool isSeparator = c == u'-' || c == u'_';
        if (!isSeparator)
            result += isFirst ? c.toUpper() : c;
        isFirst = isSeparator;
    }
    return result;
}

TemplateWriter::Values NewPlugin::values() const
{
    return {{QStringLiteral("NAME"), m_name},
            {QStringLiteral("CLASS"), className()},
            {QStringLiteral("ABI"), QString::number(QUERN_ABI_VERSION)},
            {QStringLiteral("VERSION"), QStringLiteral(QUERN_VERSION).section(u'.', 0, 1)},
            {QStringLiteral("CONFIGURE"), nextsteps::configureCommand()},
            {QStringLiteral("QUERN"), nextsteps::quernCommand()}};
}

Result<void> NewPlugin::writeInto(const QString &directory) const
{
    const QString folder = QDir(directory).absoluteFilePath(m_name);
    if (::mkdir(QFile::encodeName(folder).constData(), 0777) != 0) {
        if (errno == EEXIST)
            return Error(Error::Exists, tr("%1 exists already: choose another name, or move it away").arg(folder));
        return Error(Error::Permission, tr("the folder %1 cannot be made: %2. Go to a folder where you may write.")
                                            .arg(folder, qt_error_string(errno)));
    }
    const Result<void> written = TemplateWriter(folder).write(QStringLiteral("plugin"), {}, values());
    if (!written)
        QDir(folder).removeRecursively(); // half a plugin would only be in the way of the next try
    return written;
}

QString nextsteps::shellWord(const QString &word)
{
    static const QRegularExpression plain(QStringLiteral("\\A[A-Za-z0-9_./+=:@%-]+\\z"));
    if (plain.match(word).hasMatch())
        return word;
    return u'\'' + QString(word).replace(u'\'', QStringLiteral("'\\''")) + u'\'';
}

QString nextsteps::configureCommand()
{
    const QString prefix = installation::prefix();
    // CMake looks there by itself.
    if (prefix == QStringLiteral("/usr") || prefix == QStringLiteral("/usr/local"))
        return QStringLiteral("cmake -B build");
    return QStringLiteral("cmake -B build -DCMAKE_PREFIX_PATH=%1").arg(shellWord(prefix));
}

QString nextsteps::quernCommand()
{
    const QString found = QStandardPaths::findExecutable(QStringLiteral("quern"));
    const QString running = installation::program();
    return QFileInfo(found).canonicalFilePath() == running ? QStringLiteral("quern") : shellWord(running);
}

QString nextsteps::missingSdk()
{
    const QString package = installation::prefix() + QStringLiteral("/lib/cmake/Quern/QuernConfig.cmake");
    if (QFileInfo::exists(package))
        return QString();
    return QCoreApplication::translate("Quern::app::NewPlugin",
                                       "The SDK of this server is not installed (%1 is missing): install it first, "
                                       "with cmake --install and the component sdk.")
        .arg(package);
}

} // namespace Quern::app
