#include "config/numberlist.h"

#include "config/text.h"
#include "config/tomltext.h"

#include <QVariant>

#include <algorithm>

namespace Quern::config {

namespace {

template <typename Number>
std::optional<Number> numberOf(const TomlValue &value, const NumberListRule<Number> &rule)
{
    const bool isOfItsKind = std::is_integral_v<Number> ? value.isInteger() : value.isNumber();
    const double number = value.scalar.toDouble();
    // nan, which TOML knows as well, is neither less nor more.
    if (!isOfItsKind || !(number >= double(rule.minimum) && number <= double(rule.maximum)))
        return std::nullopt;
    return Number(number);
}

} // namespace

template <typename Number>
std::optional<QList<Number>> readNumbers(const NumberListRule<Number> &rule, const Reading &reading,
                                         const QList<Number> &present)
{
    const QString expected = (rule.isRising ? Text::tr("a list of 1 to %1 rising numbers, each %2 from %3 to %4")
                                            : Text::tr("a list of at most %1 numbers, each %2 from %3 to %4"))
                                 .arg(rule.most)
                                 .arg(Text::tr(rule.element))
                                 .arg(rule.minimum)
                                 .arg(rule.maximum);
    QList<Number> numbers;
    bool isRight = reading.value.isArray() && qsizetype(reading.value.elements.size()) <= rule.most;
    for (const TomlValue &element : reading.value.elements) {
        const std::optional<Number> number = numberOf(element, rule);
        isRight = isRight && number && (!rule.isRising || numbers.isEmpty() || *number > numbers.constLast()) &&
                  !numbers.contains(*number);
        if (isRight)
            numbers.append(*number);
    }
    if (isRight && !(rule.isRising && numbers.isEmpty()))
        return numbers;
    reading.refuse(expected, numbersText(present));
    return std::nullopt;
}

template <typename Number>
QString numbersText(const QList<Number> &numbers)
{
    QVariantList list;
    for (const Number number : numbers) {
        if constexpr (std::is_integral_v<Number>)
            list.append(qlonglong(number));
        else
            list.append(number);
    }
    return toTomlText(list);
}

template std::optional<QList<int>> readNumbers(const NumberListRule<int> &, const Reading &, const QList<int> &);
template std::optional<QList<double>> readNumbers(const NumberListRule<double> &, const Reading &,
                                                  const QList<double> &);
template QString numbersText(const QList<int> &);
template QString numbersText(const QList<double> &);

} // namespace Quern::config
