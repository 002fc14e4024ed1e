#pragma once

#include "app/server/templatewriter.h"

#include <Quern/result.h>

#include <QCoreApplication>
#include <QString>
#include <QStringList>

namespace Quern::app {

/// A plugin that does not exist yet: its name, and what the templates are filled with.
class NewPlugin
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::NewPlugin)
public:
    /// Error::Invalid, with the mend, if \a name cannot be the name of a plugin, of its files and of its class.
    static Result<NewPlugin> named(const QString &name);

    const QString &name() const { return m_name; }
    /// "a-b" → "AB"
    QString className() const;
    TemplateWriter::Values values() const;
    /// Writes it into the new folder \a name of \a directory. Error::Exists if something is there.
    Result<void> writeInto(const QString &directory) const;

private:
    explicit NewPlugin(const QString &name) : m_name(name) {}

    QString m_name;
};

/// How a project of this machine is built and served: the lines to type.
namespace nextsteps {

/// In quotes if a shell needs them.
QString shellWord(const QString &word);
/// "cmake -B build", with the place of the SDK if CMake does not look there by itself.
QString configureCommand();
/// What runs this program: "quern", or its path if the shell would find another one or none.
QString quernCommand();
/// What is missing for building, with the mend; empty if nothing is.
QString missingSdk();

} // namespace nextsteps

} // namespace Quern::app
