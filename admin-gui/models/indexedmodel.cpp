#include "admin-gui/models/indexedmodel.h"

#include <algorithm>
#include <limits>

namespace Quern::console {

namespace {

constexpr quint32 nowhere = std::numeric_limits<quint32>::max();

} // namespace

int IndexedModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_order.size());
}

QString IndexedModel::copyText(const QModelIndex &index) const
{
    return index.data(Qt::DisplayRole).toString();
}

int IndexedModel::rowOfKey(const QString &key) const
{
    for (int row = 0; row < rowCount(); ++row) {
        if (index(row, 0).data(KeyRole).toString() == key)
            return row;
    }
    return -1;
}

void IndexedModel::sort(int column, Qt::SortOrder order)
{
    if (column == m_sortColumn && order == m_sortOrder)
        return;
    m_sortColumn = column;
    m_sortOrder = order;
    std::vector<Slot> sorted = m_order;
    sortSlots(sorted);
    apply(std::move(sorted));
}

void IndexedModel::setFilter(const QString &text)
{
    if (text == m_filter)
        return;
    m_filter = text;
    m_words = text.toCaseFolded().split(u' ', Qt::SkipEmptyParts);
    applyFilter();
}

void IndexedModel::rebuild()
{
    std::vector<Slot> sorted = m_order;
    sortSlots(sorted);
    rearrange(std::move(sorted));
    applyFilter();
    if (!m_order.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

void IndexedModel::applyFilter()
{
    std::vector<bool> isShown(slotCount());
    for (const Slot slot : m_order)
        isShown[slot] = true;
    // By slot, which is how they lie in memory: by row it takes several times as long.
    std::vector<bool> isStaying(slotCount());
    std::vector<Slot> coming;
    m_total = 0;
    for (Slot slot = 0; slot < slotCount(); ++slot) {
        if (!isUsed(slot))
            continue;
        ++m_total;
        if (!isFound(slot))
            continue;
        if (isShown[slot])
            isStaying[slot] = true;
        else
            coming.push_back(slot);
    }
    std::vector<Slot> staying;
    staying.reserve(m_order.size());
    std::copy_if(m_order.begin(), m_order.end(), std::back_inserter(staying),
                 [&isStaying](Slot slot) { return isStaying[slot]; });
    apply(merged(staying, std::move(coming)));
    Q_EMIT countsChanged();
}

void IndexedModel::update(const std::vector<Slot> &touched, const std::vector<Slot> &gone)
{
    std::vector<bool> isMoving(slotCount());
    std::vector<Slot> moving;
    for (const Slot slot : touched) {
        if (!isMoving[slot] && isFound(slot))
            moving.push_back(slot);
        isMoving[slot] = true;
    }
    for (const Slot slot : gone)
        isMoving[slot] = true;
    std::vector<Slot> staying;
    staying.reserve(m_order.size());
    std::copy_if(m_order.begin(), m_order.end(), std::back_inserter(staying),
                 [&isMoving](Slot slot) { return !isMoving[slot]; });
    const std::size_t before = m_order.size();
    const qsizetype totalBefore = std::exchange(m_total, -qsizetype(gone.size()));
    for (Slot slot = 0; slot < slotCount(); ++slot)
        m_total += isUsed(slot) ? 1 : 0;
    apply(merged(staying, std::move(moving)));
    if (!m_order.empty() && !touched.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    if (before != m_order.size() || totalBefore != m_total)
        Q_EMIT countsChanged();
}

bool IndexedModel::isFound(Slot slot) const
{
    return m_words.isEmpty() || matches(slot);
}

bool IndexedModel::isBefore(Slot a, Slot b) const
{
    const int order = compare(a, b, m_sortColumn);
    if (order == 0)
        return a < b;
    return m_sortColumn < 0 || m_sortOrder == Qt::AscendingOrder ? order < 0 : order > 0;
}

void IndexedModel::sortSlots(std::vector<Slot> &list) const
{
    std::sort(list.begin(), list.end(), [this](Slot a, Slot b) { return isBefore(a, b); });
}

/// Both in one order; \a sorted is in that order already.
std::vector<IndexedModel::Slot> IndexedModel::merged(const std::vector<Slot> &sorted, std::vector<Slot> others) const
{
    // Few among many find their places with less comparisons than there are records.
    constexpr std::size_t few = 16;
    const auto isLess = [this](Slot a, Slot b) { return isBefore(a, b); };
    sortSlots(others);
    std::vector<Slot> order;
    order.reserve(sorted.size() + others.size());
    if (others.size() > sorted.size() / few) {
        std::merge(sorted.begin(), sorted.end(), others.begin(), others.end(), std::back_inserter(order), isLess);
        return order;
    }
    auto from = sorted.begin();
    for (const Slot slot : others) {
        const auto place = std::lower_bound(from, sorted.end(), slot, isLess);
        order.insert(order.end(), from, place);
        order.push_back(slot);
        from = place;
    }
    order.insert(order.end(), from, sorted.end());
    return order;
}

/// From the present order to \a order: those that go move to the end and leave, those that come join at the end and
/// move in. A view that has a hundred thousand rows takes one change of the whole better than a thousand of single
/// rows.
void IndexedModel::apply(std::vector<Slot> order)
{
    if (order == m_order)
        return;
    std::vector<bool> isWanted(slotCount());
    for (const Slot slot : order)
        isWanted[slot] = true;
    std::vector<bool> isPresent(slotCount());
    std::vector<Slot> leaving;
    for (const Slot slot : m_order) {
        isPresent[slot] = true;
        if (!isWanted[slot])
            leaving.push_back(slot);
    }
    std::vector<Slot> staying;
    std::vector<Slot> coming;
    for (const Slot slot : order)
        (isPresent[slot] ? staying : coming).push_back(slot);
    if (!leaving.empty()) {
        const int first = int(staying.size());
        const int last = rowCount() - 1;
        std::vector<Slot> target = staying;
        target.insert(target.end(), leaving.begin(), leaving.end());
        rearrange(std::move(target));
        beginRemoveRows({}, first, last);
        m_order.resize(std::size_t(first));
        endRemoveRows();
    }
    if (!coming.empty()) {
        const int first = rowCount();
        beginInsertRows({}, first, first + int(coming.size()) - 1);
        m_order.insert(m_order.end(), coming.begin(), coming.end());
        endInsertRows();
    }
    rearrange(std::move(order));
}

/// To another order of the same rows.
void IndexedModel::rearrange(std::vector<Slot> order)
{
    if (order == m_order)
        return;
    Q_EMIT layoutAboutToBeChanged({}, VerticalSortHint);
    const QModelIndexList before = persistentIndexList();
    if (!before.isEmpty()) {
        std::vector<quint32> rowOf(slotCount(), nowhere);
        for (std::size_t row = 0; row < order.size(); ++row)
            rowOf[order[row]] = quint32(row);
        QModelIndexList after;
        after.reserve(before.size());
        for (const QModelIndex &each : before)
            after.append(index(int(rowOf[slotAt(each.row())]), each.column()));
        m_order = std::move(order);
        changePersistentIndexList(before, after);
    } else {
        m_order = std::move(order);
    }
    Q_EMIT layoutChanged({}, VerticalSortHint);
}

} // namespace Quern::console
