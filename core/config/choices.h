#pragma once

#include "config/rules.h"
#include "config/suggestion.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <QString>
#include <QStringList>

#include <algorithm>

namespace Quern::config {

/// One of a few words, and what it stands for. The functions below take arrays of them.
template <typename Enum>
struct Choice
{
    Enum value;
    QLatin1StringView name;
};

template <typename Choices>
QStringList choiceNames(const Choices &choices)
{
    QStringList list;
    for (const auto &choice : choices)
        list += QString(choice.name);
    return list;
}

/// The first name of \a value, in quotes.
template <typename Choices, typename Enum>
QString choiceText(const Choices &choices, Enum value)
{
    const auto it =
        std::find_if(choices.begin(), choices.end(), [value](const auto &choice) { return choice.value == value; });
    return quotedToml(QString(it->name));
}

/// The choice that the string names; null if it names none.
template <typename Choices>
auto findChoice(const Choices &choices, const TomlValue &value)
{
    const QString name = value.isString() ? value.scalar.toString() : QString();
    const auto it =
        std::find_if(choices.begin(), choices.end(), [&name](const auto &choice) { return name == choice.name; });
    return it == choices.end() ? nullptr : &*it;
}

/// The choice that was probably meant, else that of the default.
template <typename Choices, typename Enum>
QString choiceMend(const Choices &choices, const TomlValue &value, Enum fallback)
{
    const QString meant = nearestWord(value.scalar.toString(), choiceNames(choices));
    return meant.isEmpty() ? choiceText(choices, fallback) : quotedToml(meant);
}

/// Stores what the string names in \a out, or says which words there are.
template <typename Choices, typename Enum>
void readChoice(const Choices &choices, const Reading &reading, Enum &out)
{
    if (const auto *choice = findChoice(choices, reading.value)) {
        out = choice->value;
    } else {
        reading.refuse(Text::tr("one of %1").arg(quotedWords(choiceNames(choices))),
                       choiceMend(choices, reading.value, out));
    }
}

} // namespace Quern::config
