#include "config/secrets.h"
#include "config/text.h"
#include "config/tomldocument.h"
#include "config/tomltext.h"

#include <QRegularExpression>
#include <QVariantMap>

#include <algorithm>

namespace Quern::config {

namespace {

void collect(const TomlValue &value, QList<UsedVariable> &variables)
{
    for (const UsedVariable &variable : value.variables) {
        if (!variables.contains(variable))
            variables.append(variable);
    }
    for (const TomlValue &element : value.elements)
        collect(element, variables);
    for (const TomlEntry &entry : value.entries)
        collect(entry.value, variables);
}

} // namespace

const TomlValue *TomlValue::find(QStringView key) const
{
    const auto it =
        std::find_if(entries.begin(), entries.end(), [key](const TomlEntry &entry) { return entry.key == key; });
    return it == entries.end() ? nullptr : &it->value;
}

QVariant TomlValue::toVariant() const
{
    if (isTable()) {
        QVariantMap map;
        for (const TomlEntry &entry : entries)
            map.insert(entry.key, entry.value.toVariant());
        return map;
    }
    if (isArray()) {
        QVariantList list;
        for (const TomlValue &element : elements)
            list.append(element.toVariant());
        return list;
    }
    return scalar;
}

QString TomlValue::shown() const
{
    if (!variables.isEmpty()) {
        const QString text = isString() ? shownString(scalar.toString()) : toTomlText(scalar);
        return QStringLiteral("%1 (%2)").arg(isSecret(*this) ? quotedToml(secretMask) : text, variablesText(variables));
    }
    switch (type) {
    case Type::String:
        return Text::tr("the string %1").arg(shownString(scalar.toString()));
    case Type::DateTime:
        return Text::tr("the date or time %1").arg(scalar.toString());
    case Type::Array:
        return Text::tr("an array");
    case Type::Table:
        return Text::tr("a table");
    case Type::Integer:
    case Type::Float:
    case Type::Boolean:
        break;
    }
    return toTomlText(scalar);
}

TomlValue TomlValue::typed() const
{
    if (!isString() || !isOnlyVariables)
        return *this;
    static const QRegularExpression integer(QStringLiteral("\\A[+-]?[0-9]+\\z"));
    static const QRegularExpression number(QStringLiteral("\\A[+-]?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?\\z"));
    const QString text = scalar.toString();
    TomlValue value = *this;
    bool fits = true;
    if (text == u"true" || text == u"false") {
        value.type = Type::Boolean;
        value.scalar = text == u"true";
    } else if (integer.match(text).hasMatch()) {
        value.type = Type::Integer;
        value.scalar = text.toLongLong(&fits);
    } else if (number.match(text).hasMatch()) {
        value.type = Type::Float;
        value.scalar = text.toDouble(&fits);
    }
    return fits ? value : *this;
}

QList<UsedVariable> TomlValue::allVariables() const
{
    QList<UsedVariable> all;
    collect(*this, all);
    return all;
}

QString variablesText(const QList<UsedVariable> &variables)
{
    QStringList texts;
    for (const UsedVariable &variable : variables) {
        texts += variable.place.isEmpty() ? Text::tr("the default of %1").arg(variable.name)
                                          : QStringLiteral("%1, %2").arg(variable.name, variable.place);
    }
    return texts.join(QStringLiteral("; "));
}

QString originText(const QString &fileName, const TomlEntry &entry)
{
    QString text = QStringLiteral("%1:%2").arg(fileName, QString::number(entry.line));
    const QList<UsedVariable> variables = entry.value.allVariables();
    for (const UsedVariable &variable : variables) {
        text += variable.place.isEmpty() ? Text::tr(", default of %1").arg(variable.name)
                                         : Text::tr(", %1 from %2").arg(variable.name, variable.place);
    }
    return text;
}

} // namespace Quern::config
