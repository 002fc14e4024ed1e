#include "app/server/initcommand.h"

#include "app/server/newplugin.h"
#include "app/server/templatewriter.h"
#include "app/server/terminal.h"

#include <QCoreApplication>
#include <QDir>
#include <QRegularExpression>

namespace Quern::app {

namespace {

constexpr int failed = 1;

QString tr(const char *text)
{
    return QCoreApplication::translate("Quern::app::InitCommand", text);
}

/// A name that CMake takes for a project: that of the folder, as far as it can be one.
QString projectName(const QString &directory)
{
    static const QRegularExpression other(QStringLiteral("[^A-Za-z0-9_-]"));
    const QString name = QDir(directory).dirName().remove(other);
    return name.isEmpty() ? QStringLiteral("site") : name;
}

Result<void> writeProject(TemplateWriter &writer, const NewPlugin &plugin, const QString &directory)
{
    TemplateWriter::Values values = plugin.values();
    values.insert(QStringLiteral("PROJECT"), projectName(directory));
    if (const Result<void> written = writer.write(QStringLiteral("init"), {}, values); !written)
        return written;
    // The project has its own.
    const QStringList others = {QStringLiteral("quern.toml"), QStringLiteral(".gitignore"),
                                QStringLiteral("README.md")};
    return writer.write(QStringLiteral("plugin"), QStringLiteral("plugins/") + plugin.name(), values, others);
}

QString listed(const QStringList &paths)
{
    return QStringLiteral("    ") + paths.join(QStringLiteral("\n    "));
}

} // namespace

int runInitCommand(const CommandLine &line)
{
    const QString given = line.words.value(0);
    const QString directory = QDir::cleanPath(QDir::current().absoluteFilePath(given));
    const Result<NewPlugin> plugin = NewPlugin::named(QStringLiteral("hello"));
    TemplateWriter writer(directory);
    const Result<void> written = writeProject(writer, *plugin, directory);
    if (!writer.written().isEmpty())
        terminal::say(tr("Written in %1:\n%2").arg(directory, listed(writer.written())));
    if (!writer.kept().isEmpty())
        terminal::say(tr("There already, and left alone:\n%1").arg(listed(writer.kept())));
    if (!written) {
        terminal::complain(written.error().message());
        return failed;
    }
    const QString enter = given.isEmpty() ? QString() : QStringLiteral("    cd %1\n").arg(nextsteps::shellWord(given));
    terminal::say(tr("\nNext, and in README.md as well:\n\n"
                     "%1"
                     "    %2\n"
                     "    cmake --build build\n"
                     "    ctest --test-dir build --output-on-failure\n"
                     "    %3 start\n"
                     "    curl http://127.0.0.1:5200/%4\n")
                      .arg(enter, nextsteps::configureCommand(), nextsteps::quernCommand(), plugin->name()));
    if (const QString missing = nextsteps::missingSdk(); !missing.isEmpty())
        terminal::complain(missing);
    return 0;
}

} // namespace Quern::app
