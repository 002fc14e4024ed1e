#pragma once

#include <QString>
#include <QTranslator>

#include <memory>
#include <vector>

namespace Quern::console {

/// The languages of the console, and the one that it speaks. Main thread.
class Language
{
public:
    struct Choice
    {
        QString code; ///< "zh_CN"
        QString name; ///< of the language in itself
    };

    /// Those that there are.
    static QList<Choice> choices();
    /// What the user has chosen; empty: as the desktop has it.
    static QString chosen();

    /// Speaks \a code from now on: texts that are made after this. Empty: as the desktop has it.
    void apply(const QString &code);
    /// The same, and keeps it.
    void choose(const QString &code);
    /// That of now: "en" or "zh_CN".
    const QString &code() const { return m_code; }

private:
    void add(const QString &name, const QString &folder);

    QString m_code;
    std::vector<std::unique_ptr<QTranslator>> m_translators;
};

} // namespace Quern::console
