#pragma once

#include <QString>
#include <QVariantMap>

#include <optional>
#include <vector>

namespace Quern::console {

/// The places that were seen before the present one, to go back to. At most so many are kept.
class Navigation
{
public:
    struct Place
    {
        QString view;
        QVariantMap place;
    };

    static constexpr std::size_t Most = 50;

    void leave(const Place &place)
    {
        m_back.push_back(place);
        if (m_back.size() > Most)
            m_back.erase(m_back.begin());
    }
    /// The last one that was left; it is forgotten.
    std::optional<Place> back()
    {
        if (m_back.empty())
            return std::nullopt;
        const Place place = m_back.back();
        m_back.pop_back();
        return place;
    }
    bool canGoBack() const { return !m_back.empty(); }

private:
    std::vector<Place> m_back;
};

} // namespace Quern::console
