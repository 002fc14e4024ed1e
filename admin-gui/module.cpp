// What `quern` calls in this module. Plain C, so that it needs no header, and no Qt Widgets, to do so.

#include "admin-gui/console.h"

#include <QApplication>

#include <cstdio>

using namespace Quern;

namespace {

constexpr int notUnderstood = 2;

} // namespace

extern "C" {

/// The version of the program that this belongs to.
Q_DECL_EXPORT const char *quern_console_version()
{
    return QUERN_VERSION;
}

/// Returns if windows can be shown; else Qt ends the process, so that it is to be asked in one that may end.
Q_DECL_EXPORT void quern_console_try(int argc, char **argv)
{
    const QApplication application(argc, argv);
}

/// Shows the console until it is closed, and returns the exit code. \a address: in UTF-8, as ServerAddress::parse()
/// reads it; empty: the server that was looked at last.
Q_DECL_EXPORT int quern_console_run(int argc, char **argv, const char *address)
{
    const QApplication application(argc, argv);
    QApplication::setOrganizationName(QStringLiteral("Quern"));
    QApplication::setApplicationName(QStringLiteral("Quern"));
    QApplication::setApplicationVersion(QStringLiteral(QUERN_VERSION));
    const QString text = QString::fromUtf8(address);
    const Result<console::ServerAddress> parsed = console::ServerAddress::parse(text);
    if (!parsed && !text.isEmpty()) {
        fprintf(stderr, "quern: %s\n", qUtf8Printable(parsed.error().message()));
        return notUnderstood;
    }
    console::Console console;
    if (parsed)
        console.open(*parsed);
    else
        console.openLast();
    return QApplication::exec();
}
}
