#include "protocol/http/httpdate.h"

#include "protocol/http/bytes.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace Quern::protocol::http {

namespace {

// strftime() and strptime() speak the language of the locale; HTTP speaks English.
constexpr std::array<std::string_view, 7> dayNames = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view monthNames = "JanFebMarAprMayJunJulAugSepOctNovDec";

constexpr qsizetype shortName = 3;

char *put(char *to, std::string_view bytes)
{
    return std::copy(bytes.begin(), bytes.end(), to);
}

/// Two digits, with a leading zero.
char *putPair(char *to, int number)
{
    *to++ = static_cast<char>('0' + number / 10 % 10);
    *to++ = static_cast<char>('0' + number % 10);
    return to;
}

/// Takes a date apart from its front; once something does not fit, all that follows fails as well.
class Reader
{
public:
    explicit Reader(QByteArrayView text) : m_text(text) {}

    void expect(std::string_view literal)
    {
        if (m_text.startsWith(QByteArrayView(literal)))
            m_text = m_text.sliced(static_cast<qsizetype>(literal.size()));
        else
            m_ok = false;
    }

    /// A number of just \a digits digits.
    int number(qsizetype digits)
    {
        int value = 0;
        if (m_text.size() < digits) {
            m_ok = false;
            return value;
        }
        for (const char digit : m_text.first(digits)) {
            m_ok = m_ok && isDigit(digit);
            value = value * 10 + (digit - '0');
        }
        m_text = m_text.sliced(digits);
        return m_ok ? value : 0;
    }

    /// asctime's day of the month: two places, a space for a leading zero.
    int paddedDay()
    {
        if (!m_text.startsWith(' '))
            return number(2);
        m_text = m_text.sliced(1);
        return number(1);
    }

    /// 0 to 11.
    int month()
    {
        for (qsizetype i = 0; i < 12; ++i) {
            if (m_text.startsWith(QByteArrayView(monthNames).sliced(i * shortName, shortName))) {
                m_text = m_text.sliced(shortName);
                return static_cast<int>(i);
            }
        }
        m_ok = false;
        return 0;
    }

    void clock(std::tm &time)
    {
        time.tm_hour = number(2);
        expect(":");
        time.tm_min = number(2);
        expect(":");
        time.tm_sec = number(2);
    }

    bool isAtEnd() const { return m_ok && m_text.isEmpty(); }

private:
    QByteArrayView m_text;
    bool m_ok = true;
};

bool isLeapYear(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// nullopt unless the time exists; second 60 is the leap second of RFC 9110's grammar.
std::optional<qint64> secondsOf(std::tm time, int year)
{
    static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int last = days[time.tm_mon] + (time.tm_mon == 1 && isLeapYear(year) ? 1 : 0);
    if (time.tm_mday < 1 || time.tm_mday > last || time.tm_hour > 23 || time.tm_min > 59 || time.tm_sec > 60)
        return std::nullopt;
    time.tm_year = year - 1900;
    return static_cast<qint64>(::timegm(&time));
}

int yearOf(qint64 seconds)
{
    const auto time = static_cast<std::time_t>(seconds);
    std::tm utc{};
    ::gmtime_r(&time, &utc);
    return utc.tm_year + 1900;
}

/// The length of the name of the day at the front of \a text; 0 if there is none.
qsizetype dayNameLength(QByteArrayView text)
{
    for (const std::string_view name : dayNames) {
        if (text.startsWith(QByteArrayView(name)))
            return static_cast<qsizetype>(name.size());
        if (text.startsWith(QByteArrayView(name).first(shortName)))
            return shortName;
    }
    return 0;
}

} // namespace

char *putHttpDate(char *to, qint64 seconds)
{
    const auto time = static_cast<std::time_t>(seconds);
    std::tm utc{};
    ::gmtime_r(&time, &utc);
    const int year = utc.tm_year + 1900;
    to = put(to, dayNames[static_cast<size_t>(utc.tm_wday)].substr(0, shortName));
    to = put(to, ", ");
    to = putPair(to, utc.tm_mday);
    *to++ = ' ';
    to = put(to, monthNames.substr(static_cast<size_t>(shortName * utc.tm_mon), shortName));
    *to++ = ' ';
    to = putPair(to, year / 100);
    to = putPair(to, year % 100);
    *to++ = ' ';
    to = putPair(to, utc.tm_hour);
    *to++ = ':';
    to = putPair(to, utc.tm_min);
    *to++ = ':';
    to = putPair(to, utc.tm_sec);
    return put(to, " GMT");
}

QByteArray httpDate(qint64 seconds)
{
    QByteArray date(HttpDateBytes, Qt::Uninitialized);
    putHttpDate(date.data(), seconds);
    return date;
}

std::optional<qint64> parseHttpDate(QByteArrayView text, qint64 now)
{
    const qsizetype dayName = dayNameLength(text);
    if (dayName == 0)
        return std::nullopt;
    Reader reader(text.sliced(dayName));
    std::tm time{};
    int year = 0;
    bool hasCentury = true;
    if (!text.sliced(dayName).startsWith(',')) { // asctime: Sun Nov  6 08:49:37 1994
        reader.expect(" ");
        time.tm_mon = reader.month();
        reader.expect(" ");
        time.tm_mday = reader.paddedDay();
        reader.expect(" ");
        reader.clock(time);
        reader.expect(" ");
        year = reader.number(4);
        if (dayName != shortName)
            return std::nullopt;
    } else {
        reader.expect(", ");
        time.tm_mday = reader.number(2);
        hasCentury = dayName == shortName;
        const std::string_view separator = hasCentury ? " " : "-"; // IMF-fixdate or RFC 850
        reader.expect(separator);
        time.tm_mon = reader.month();
        reader.expect(separator);
        year = reader.number(hasCentury ? 4 : 2);
        reader.expect(" ");
        reader.clock(time);
        reader.expect(" GMT");
    }
    if (!reader.isAtEnd())
        return std::nullopt;
    if (hasCentury)
        return secondsOf(time, year);

    // "more than 50 years in the future" means the past century's (RFC 9110 §5.6.7).
    const int thisYear = yearOf(now);
    year += thisYear / 100 * 100;
    if (year > thisYear + 50)
        year -= 100;
    else if (year <= thisYear - 50)
        year += 100;
    return secondsOf(time, year);
}

} // namespace Quern::protocol::http
