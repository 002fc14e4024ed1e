#include "config/metricskeys.h"

#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

using S = ServerSettings;

/// As many as metrics::TimeBounds holds.
constexpr qsizetype mostBuckets = 32;
constexpr double shortestBucket = 0.000'001;
constexpr double longestBucket = 3600;

constexpr std::array keys = {
    Key{"enable"_L1, FlagRule{&S::metricsEnabled}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Whether metrics are counted and told to Prometheus."), nullptr,
        Change::Restart},
    Key{"path"_L1, LocationRule{&S::metricsPath}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Where Prometheus finds them, on the port of [admin]."), nullptr,
        Change::Restart},
    Key{"public"_L1, FlagRule{&S::metricsPublic}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Whether the HTTP ports of [server] answer that path, too, to everybody "
                                           "and without a token."),
        nullptr, Change::Restart},
    Key{"token"_L1, FlagRule{&S::metricsToken}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Whether the port of [admin] tells them only to those with a token."),
        nullptr, Change::Restart},
    Key{"application"_L1, TextRule{&S::metricsApplication}, "",
        QT_TRANSLATE_NOOP("Quern::config", "A label \"application\" of every metric; \"\" for none."), nullptr,
        Change::Restart},
    Key{"ignored_status"_L1, NumberListRule<int>{&S::metricsIgnoredStatus, 100, 599, 500, "a status such as 404"}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Requests that were answered with one of these are not counted by route."),
        nullptr, Change::Restart},
    Key{"buckets"_L1,
        NumberListRule<double>{&S::metricsBuckets, shortestBucket, longestBucket, mostBuckets,
                               "a number of seconds such as 0.25", true},
        "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "Upper bounds of the buckets that the times of requests are sorted into, "
                                           "rising."),
        nullptr, Change::Restart},
};

} // namespace

std::span<const Key> metricsKeys()
{
    return keys;
}

} // namespace Quern::config
