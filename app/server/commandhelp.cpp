#include "app/server/commandline.h"
#include "app/server/commandtable.h"

namespace Quern::app {

namespace {

constexpr int lineWidth = 100;

QString tr(const char *text)
{
    return *text ? CommandLine::tr(text) : QString();
}

/// \a text in lines of lineWidth, all but the first begun by \a indent blanks.
QString wrapped(const QString &text, int indent)
{
    QString out;
    int column = indent;
    const QStringList words = text.split(u' ', Qt::SkipEmptyParts);
    for (const QString &word : words) {
        if (column > indent && column + 1 + word.size() > lineWidth) {
            out += u'\n' + QString(indent, u' ');
            column = indent;
        } else if (column > indent) {
            out += u' ';
            ++column;
        }
        out += word;
        column += int(word.size());
    }
    return out;
}

QString entry(const QString &term, int width, const QString &text)
{
    return QStringLiteral("  %1  %2\n").arg(term.leftJustified(width), wrapped(text, width + 4));
}

QString optionTerm(const OptionSpec &option)
{
    const QString shortName = QString::fromUtf16(option.shortName);
    QString term = shortName.isEmpty() ? QStringLiteral("    ") : shortName + QStringLiteral(", ");
    term += QString::fromUtf16(option.longName);
    if (*option.valueName)
        term += u' ' + QLatin1StringView(option.valueName);
    return term;
}

template <typename Predicate>
QString optionLines(Predicate isWanted)
{
    constexpr int width = 22;
    QString lines;
    for (const OptionSpec &option : optionTable()) {
        if (isWanted(option))
            lines += entry(optionTerm(option), width, tr(option.doc));
    }
    return lines + entry(QStringLiteral("-h, --help"), width, CommandLine::tr("show this help"));
}

QString helpOn(const CommandSpec &spec)
{
    const QString words = tr(spec.words);
    QString text = CommandLine::tr("Usage: quern %1").arg(QString::fromUtf16(spec.name));
    text += (words.isEmpty() ? QString() : u' ' + words) + CommandLine::tr(" [options]") + QStringLiteral("\n\n");
    QString summary = tr(spec.summary);
    summary[0] = summary.at(0).toUpper();
    text += wrapped(summary + u'.', 0) + u'\n';
    if (*spec.details)
        text += u'\n' + wrapped(tr(spec.details), 0) + u'\n';
    text += u'\n' + CommandLine::tr("Options") + u'\n';
    return text + optionLines([&spec](const OptionSpec &option) { return option.goesWith(spec.command); });
}

} // namespace

Result<QString> CommandLine::help(const QString &topic)
{
    if (!topic.isEmpty()) {
        const CommandSpec *spec = findCommand(topic);
        if (!spec)
            return Error(Error::Invalid, tr("there is no command %1; \"quern help\" lists them all").arg(topic));
        return helpOn(*spec);
    }
    QString text = tr("Quern, a resident application server") + QStringLiteral("\n\n");
    text += tr("Usage: quern [command] [options]") + QStringLiteral("\n\n") + tr("Commands") + u'\n';
    for (const CommandSpec &spec : commandTable())
        text += entry(QString::fromUtf16(spec.name), 8, tr(spec.summary));
    text += u'\n' + tr("Options") + u'\n';
    text += optionLines([](const OptionSpec &option) {
        return option.goesWith(Command::Start) || option.longName == QStringView(u"--json");
    });
    text += entry(QStringLiteral("-v, --version"), 22, tr("show the version"));
    text += u'\n' + tr("\"quern help COMMAND\" tells more, with the options of that command alone.") + u'\n';
    text +=
        u'\n' + wrapped(tr("Signals to the master: SIGTERM, SIGINT and SIGQUIT stop (a second one at once), SIGUSR1 "
                           "reloads, SIGUSR2 reloads the task workers only, SIGHUP opens the log file and the access "
                           "log anew, or stops if there is neither."),
                        0);
    text += u'\n' + tr("Exit codes: 0 done, 1 failed, 2 not understood.");
    return text + u'\n';
}

} // namespace Quern::app
