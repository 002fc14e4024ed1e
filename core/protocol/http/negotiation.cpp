#include "protocol/http/negotiation.h"

#include "protocol/http/bytes.h"
#include "protocol/http/fieldvalue.h"

#include <algorithm>
#include <array>
#include <optional>

namespace Quern::protocol::http {

namespace {

constexpr int fullQuality = 1000;

/// RFC 9110 §12.4.2: a weight in thousandths; nullopt if it is malformed.
std::optional<int> weightOf(QByteArrayView text)
{
    if (text.isEmpty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.'))
        return std::nullopt;
    int weight = text[0] == '1' ? fullQuality : 0;
    int unit = 100;
    for (qsizetype at = 2; at < text.size(); ++at, unit /= 10) {
        if (!isDigit(text[at]))
            return std::nullopt;
        weight += (text[at] - '0') * unit;
    }
    return weight > fullQuality ? std::nullopt : std::optional(weight);
}

/// One member of Accept.
struct Preference
{
    QByteArrayView value;
    QByteArrayView parameters; ///< all of them, the weight too
    int weight = fullQuality;
};

/// nullopt if \a member is malformed.
std::optional<Preference> preferenceOf(QByteArrayView member)
{
    const qsizetype end = member.indexOf(';');
    Preference preference;
    preference.value = withoutSurroundingSpace(end < 0 ? member : member.first(end));
    preference.parameters = end < 0 ? QByteArrayView() : member.sliced(end);
    ParameterReader reader(preference.parameters);
    while (const std::optional<Parameter> parameter = reader.next()) {
        if (!isIgnoringCase(parameter->name, "q"))
            continue;
        const std::optional<int> weight = weightOf(parameter->value);
        if (!weight || parameter->isQuoted)
            return std::nullopt;
        preference.weight = *weight;
    }
    return reader.isMalformed() || preference.value.isEmpty() ? std::nullopt : std::optional(preference);
}

bool equalIgnoringCase(QByteArrayView one, QByteArrayView other)
{
    return one.size() == other.size() && qstrnicmp(one.data(), one.size(), other.data(), other.size()) == 0;
}

bool hasParameter(QByteArrayView parameters, const Parameter &wanted)
{
    ParameterReader reader(parameters);
    while (const std::optional<Parameter> parameter = reader.next()) {
        if (equalIgnoringCase(parameter->name, wanted.name) && equalIgnoringCase(parameter->value, wanted.value))
            return true;
    }
    return false;
}

/// How many parameters of the range \a preference restrict it; nullopt if \a parameters, those of a media type, lack
/// one.
std::optional<int> matchedParameters(const Preference &preference, QByteArrayView parameters)
{
    int matched = 0;
    ParameterReader reader(preference.parameters);
    while (const std::optional<Parameter> parameter = reader.next()) {
        // What follows the weight was once for extensions (RFC 9110 §12.5.1).
        if (isIgnoringCase(parameter->name, "q"))
            break;
        if (isIgnoringCase(parameter->name, "charset"))
            continue;
        if (!hasParameter(parameters, *parameter))
            return std::nullopt;
        ++matched;
    }
    return matched;
}

bool isJsonSuffixed(QByteArrayView type)
{
    constexpr qsizetype suffixBytes = 5;
    return type.size() > suffixBytes && isIgnoringCase(type.last(suffixBytes), "+json");
}

} // namespace

int qualityOf(QByteArrayView accept, QByteArrayView mediaType)
{
    if (withoutSurroundingSpace(accept).isEmpty())
        return fullQuality;
    const qsizetype typeEnd = mediaType.indexOf(';');
    const QByteArrayView parameters = typeEnd < 0 ? QByteArrayView() : mediaType.sliced(typeEnd);
    const QByteArrayView type = withoutSurroundingSpace(typeEnd < 0 ? mediaType : mediaType.first(typeEnd));
    const QByteArrayView mainType = type.first(type.indexOf('/') + 1); // with the slash
    int bestPrecision = -1;
    int quality = 0;
    ListReader members(accept);
    while (const std::optional<QByteArrayView> member = members.next()) {
        const std::optional<Preference> preference = preferenceOf(*member);
        if (!preference)
            continue;
        const QByteArrayView range = preference->value;
        int precision = 0;
        if (equalIgnoringCase(range, type))
            precision = 2;
        else if (range.endsWith("/*") && equalIgnoringCase(range.chopped(1), mainType))
            precision = 1;
        else if (range != QByteArrayView("*/*"))
            continue;
        const std::optional<int> matched = matchedParameters(*preference, parameters);
        if (!matched)
            continue;
        precision += *matched * (precision == 2 ? 1 : 0);
        if (precision > bestPrecision || (precision == bestPrecision && preference->weight > quality)) {
            bestPrecision = precision;
            quality = preference->weight;
        }
    }
    return quality;
}

bool prefersJson(QByteArrayView accept)
{
    if (withoutSurroundingSpace(accept).isEmpty())
        return false;
    int json = qualityOf(accept, "application/json");
    ListReader members(accept);
    while (const std::optional<QByteArrayView> member = members.next()) {
        const std::optional<Preference> preference = preferenceOf(*member);
        if (preference && isJsonSuffixed(preference->value))
            json = qMax(json, preference->weight);
    }
    return json > qualityOf(accept, "text/html");
}

} // namespace Quern::protocol::http
