#include "app/server/commandline.h"

#include "app/server/commandtable.h"

#include <QRegularExpression>

namespace Quern::app {

namespace {

/// Reads the arguments from left to right.
class Parser
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::CommandLine)
public:
    explicit Parser(const QStringList &arguments) : m_arguments(arguments) {}

    Result<CommandLine> parse()
    {
        for (; m_place < m_arguments.size(); ++m_place) {
            const QString &argument = m_arguments.at(m_place);
            if (argument == u"-h" || argument == u"--help")
                return helpFor();
            if (argument == u"-v" || argument == u"--version") {
                m_line.command = CommandLine::Command::Version;
                return m_line;
            }
            const bool isOption = argument.startsWith(u'-') && argument.size() > 1;
            if (const Result<void> taken = isOption ? takeOption(argument) : takeWord(argument); !taken)
                return taken.error();
        }
        m_line.isAlone = !m_spec && !m_line.daemonize;
        if (const Result<void> checked = checkWords(); !checked)
            return checked.error();
        if (const Result<void> checked = checkOptions(); !checked)
            return checked.error();
        return m_line;
    }

private:
    CommandLine helpFor() const
    {
        CommandLine line;
        line.command = CommandLine::Command::Help;
        if (m_spec && m_spec->command != CommandLine::Command::Help)
            line.words = {QString::fromUtf16(m_spec->name)};
        return line;
    }

    Result<void> takeOption(const QString &argument)
    {
        const qsizetype equals = argument.startsWith(u"--") ? argument.indexOf(u'=') : -1;
        const QString name = argument.left(equals < 0 ? argument.size() : equals);
        const OptionSpec *option = findOption(name);
        if (!option)
            return Error(Error::Invalid, tr("unknown option %1; \"quern help\" lists them all").arg(name));
        m_options.append(option);
        if (const auto *flag = std::get_if<bool CommandLine::*>(&option->member)) {
            if (equals >= 0)
                return Error(Error::Invalid, tr("%1 takes no value; write %1 alone").arg(name));
            m_line.*(*flag) = true;
            return {};
        }
        const QString value = equals < 0 ? m_arguments.value(++m_place) : argument.mid(equals + 1);
        if (value.isEmpty())
            return Error(Error::Invalid, tr("%1 needs a value: %1 %2").arg(name, QLatin1StringView(option->valueName)));
        m_line.*std::get<QString CommandLine::*>(option->member) = value;
        return {};
    }

    Result<void> takeWord(const QString &argument)
    {
        if (m_spec && m_spec->mostWords > 0) {
            m_line.words.append(argument);
            return {};
        }
        const CommandSpec *command = findCommand(argument);
        if (!command)
            return Error(Error::Invalid, tr("unknown command %1; \"quern help\" lists them all").arg(argument));
        if (m_spec)
            return Error(Error::Invalid, tr("only one command at a time, please: %1 is one too many").arg(argument));
        m_spec = command;
        m_line.command = command->command;
        return {};
    }

    Result<void> checkWords() const
    {
        const CommandSpec &spec = specOf(m_line.command);
        if (m_line.words.size() >= spec.fewestWords && m_line.words.size() <= spec.mostWords)
            return {};
        return Error(Error::Invalid,
                     tr("write: quern %1 %2").arg(QString::fromUtf16(spec.name), CommandLine::tr(spec.words)));
    }

    Result<void> checkOptions() const
    {
        for (const OptionSpec *option : m_options) {
            if (!option->goesWith(m_line.command)) {
                QStringList commands;
                for (const CommandSpec &spec : commandTable()) {
                    if (option->goesWith(spec.command))
                        commands.append(QString::fromUtf16(spec.name));
                }
                return Error(
                    Error::Invalid,
                    tr("%1 goes with %2 only").arg(QString::fromUtf16(option->longName), commands.join(u", ")));
            }
        }
        // It becomes part of a file name.
        static const QRegularExpression name(QStringLiteral("\\A[A-Za-z0-9_][A-Za-z0-9_.-]*\\z"));
        if (!m_line.environment.isEmpty() && !name.match(m_line.environment).hasMatch())
            return Error(Error::Invalid, tr("--env takes a name of letters, digits, '_', '-' and '.', not \"%1\"; "
                                            "production reads the file .env.production")
                                             .arg(m_line.environment));
        return {};
    }

    const QStringList &m_arguments;
    qsizetype m_place = 0;
    CommandLine m_line;
    const CommandSpec *m_spec = nullptr;
    QList<const OptionSpec *> m_options;
};

} // namespace

Result<CommandLine> CommandLine::parse(const QStringList &arguments)
{
    return Parser(arguments).parse();
}

} // namespace Quern::app
