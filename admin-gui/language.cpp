#include "admin-gui/language.h"

#include <QCoreApplication>
#include <QLibraryInfo>
#include <QLocale>
#include <QSettings>

namespace Quern::console {

namespace {

const QString languageKey = QStringLiteral("language");
const QString english = QStringLiteral("en");
const QString chinese = QStringLiteral("zh_CN");

/// That of ours which is nearest to what the desktop asks for.
QString systemCode()
{
    for (const QString &wanted : QLocale::system().uiLanguages()) {
        if (wanted.startsWith(QStringLiteral("zh")))
            return chinese;
        if (wanted.startsWith(english))
            return english;
    }
    return english;
}

} // namespace

QList<Language::Choice> Language::choices()
{
    return {{english, QStringLiteral("English")}, {chinese, QStringLiteral("简体中文")}};
}

QString Language::chosen()
{
    return QSettings().value(languageKey).toString();
}

void Language::choose(const QString &code)
{
    QSettings().setValue(languageKey, code);
    apply(code);
}

void Language::apply(const QString &code)
{
    m_translators.clear(); // a translator that goes takes its texts with it
    m_code = code.isEmpty() ? systemCode() : code;
    const bool isSystem = QLocale::system().name().startsWith(m_code);
    QLocale::setDefault(isSystem ? QLocale::system() : QLocale(m_code));
    add(QStringLiteral("qtbase_") + m_code, QLibraryInfo::path(QLibraryInfo::TranslationsPath));
    add(QStringLiteral("quern_") + m_code, QStringLiteral(":/quern/translations"));
}

void Language::add(const QString &name, const QString &folder)
{
    auto translator = std::make_unique<QTranslator>();
    if (!translator->load(name, folder))
        return;
    QCoreApplication::installTranslator(translator.get());
    m_translators.push_back(std::move(translator));
}

} // namespace Quern::console
