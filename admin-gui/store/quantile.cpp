#include "admin-gui/store/quantile.h"

#include <algorithm>
#include <cmath>

namespace Quern::console {

std::optional<double> quantileOf(const Buckets &now, const Buckets &before, double quantile)
{
    const auto countIn = [&before](const Buckets::value_type &bucket) {
        const auto then = before.find(bucket.first);
        return std::max(bucket.second - (then == before.end() ? 0 : then->second), 0.0);
    };
    if (now.empty())
        return std::nullopt;
    const double total = countIn(*now.rbegin());
    if (total <= 0)
        return std::nullopt;
    const double wanted = quantile * total;
    double lowerBound = 0;
    double lowerCount = 0;
    for (const Buckets::value_type &bucket : now) {
        const double count = countIn(bucket);
        if (count >= wanted && count > lowerCount) {
            if (std::isinf(bucket.first))
                return lowerBound;
            return lowerBound + (bucket.first - lowerBound) * (wanted - lowerCount) / (count - lowerCount);
        }
        lowerBound = bucket.first;
        lowerCount = count;
    }
    return lowerBound;
}

} // namespace Quern::console
