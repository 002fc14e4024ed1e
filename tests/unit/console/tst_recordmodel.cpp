#include "admin-gui/models/recordmodel.h"

#include <QAbstractItemModelTester>
#include <QItemSelectionModel>
#include <QSignalSpy>
#include <QTest>

#include <algorithm>
#include <random>

using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

/// IndexedModel and RecordModel: what the views see is what a list would show that is sorted and filtered anew each
/// time, and a selection stays with its records.
class tst_RecordModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void randomChanges_data();
    void randomChanges();
    void theSameKeyTwiceInOneChange();
    void recordsThatAreAllNewAreInTheirOrder();
    void aRecordMovesAsItsValueChanges();
    void aChangeOfValuesAloneMovesNothing();
    void countsAreTold();
    void aFilterLooksForEachWord();
};

namespace {

struct Item
{
    int key = 0;
    int value = 0;
    QString name;
};

const QStringList names{u"Ada"_s, u"bob"_s, u"Çelik"_s, u"ÉMILE"_s, u"straße"_s, u""_s};

class ItemModel final : public RecordModel<Item, int>
{
public:
    ItemModel() : RecordModel([](const Item &item) { return item.key; })
    {
        setColumns({{u"Key"_s, [](const Item &item) { return QString::number(item.key); }, by<Item>(&Item::key)},
                    numberColumn<Item>(
                        u"Value"_s, [](const Item &item) { return QString::number(item.value); }, &Item::value),
                    {u"Name"_s, [](const Item &item) { return item.name; }}});
    }

    QList<int> keys() const
    {
        QList<int> keys;
        for (int row = 0; row < rowCount(); ++row)
            keys.append(at(row).key);
        return keys;
    }
};

/// What the model is to be, in the most simple way. Ties may stand in any order, so that it tells what is wrong rather
/// than what is right.
class Oracle
{
public:
    void set(const QList<Item> &items)
    {
        m_items.clear();
        m_sequence.clear();
        put(items, true);
    }
    void put(const QList<Item> &items, bool isAll = false)
    {
        for (const Item &item : items) {
            if (isAll || !m_items.contains(item.key))
                m_sequence[item.key] = ++m_last;
            m_items[item.key] = item;
        }
    }
    template <typename Predicate>
    void remove(Predicate isGone)
    {
        m_items.removeIf([&](QMap<int, Item>::iterator it) { return isGone(*it); });
    }

    QString complaint(const ItemModel &model) const
    {
        if (model.totalCount() != m_items.size())
            return u"%1 records, not %2"_s.arg(model.totalCount()).arg(m_items.size());
        QList<int> shown = model.keys();
        for (qsizetype i = 1; i < shown.size(); ++i) {
            if (compare(m_items[shown.at(i - 1)], m_items[shown.at(i)], model) > 0)
                return u"%1 stands before %2"_s.arg(shown.at(i - 1)).arg(shown.at(i));
        }
        for (int row = 0; row < model.rowCount(); ++row) {
            const Item &item = m_items[shown.at(row)];
            if (model.at(row).value != item.value || model.at(row).name != item.name)
                return u"%1 is not what was put last"_s.arg(item.key);
        }
        QList<int> wanted;
        for (const Item &item : m_items) {
            if (matches(item, model.filter()))
                wanted.append(item.key);
        }
        std::sort(shown.begin(), shown.end());
        return shown == wanted ? QString() : u"other records than the filter asks for"_s;
    }

    bool has(int key) const { return m_items.contains(key); }
    bool shows(int key, const QString &filter) const { return has(key) && matches(m_items[key], filter); }
    QList<int> keys() const { return m_items.keys(); }

private:
    static bool matches(const Item &item, const QString &filter)
    {
        const QStringList words = filter.split(u' ', Qt::SkipEmptyParts);
        return std::all_of(words.begin(), words.end(), [&item](const QString &word) {
            return QString::number(item.key).contains(word) || QString::number(item.value).contains(word) ||
                   item.name.contains(word, Qt::CaseInsensitive);
        });
    }
    int compare(const Item &a, const Item &b, const ItemModel &model) const
    {
        const int column = model.sortColumn();
        if (column < 0)
            return m_sequence[a.key] < m_sequence[b.key] ? -1 : 1;
        const int order = column == 0   ? a.key - b.key
                          : column == 1 ? a.value - b.value
                                        : QString::localeAwareCompare(a.name, b.name);
        return model.sortOrder() == Qt::AscendingOrder ? order : -order;
    }

    QMap<int, Item> m_items;
    QMap<int, int> m_sequence;
    int m_last = 0;
};

/// Keys of the selected rows, which are selected as a whole.
QSet<int> selectedKeys(const QItemSelectionModel &selection, const ItemModel &model)
{
    QSet<int> keys;
    for (const QModelIndex &index : selection.selectedIndexes())
        keys.insert(model.at(index.row()).key);
    if (selection.selectedIndexes().size() != keys.size() * model.columnCount())
        return {-1};
    return keys;
}

} // namespace

void tst_RecordModel::randomChanges_data()
{
    QTest::addColumn<unsigned>("seed");
    for (unsigned seed = 1; seed <= 40; ++seed)
        QTest::newRow(qPrintable(QString::number(seed))) << seed;
}

void tst_RecordModel::randomChanges()
{
    QFETCH(unsigned, seed);
    std::mt19937 random(seed);
    const auto below = [&random](int bound) { return int(random() % unsigned(bound)); };
    const auto someItems = [&](int most) {
        QList<Item> items;
        for (int i = below(most + 1); i > 0; --i)
            items.append({below(300), below(40), names.at(below(int(names.size())))});
        return items;
    };
    ItemModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QItemSelectionModel selection(&model);
    QSet<int> selected;
    int current = -1;
    Oracle oracle;
    for (int step = 0; step < 100; ++step) {
        const int what = below(20);
        if (what < 7) {
            const QList<Item> items = someItems(12);
            model.putRecords(items);
            oracle.put(items);
        } else if (what < 9) {
            // A key that stands there twice is what it is last.
            const QList<Item> items = someItems(400);
            model.setRecords(items);
            oracle.set(items);
        } else if (what < 12) {
            const int remainder = below(5);
            const auto isGone = [remainder](const Item &item) { return item.key % 5 == remainder; };
            model.removeIf(isGone);
            oracle.remove(isGone);
        } else if (what < 14) {
            model.setFilter(QStringList{u""_s, u"1"_s, u"a"_s, u"STRA 2"_s, u"é"_s, u"zz"_s}.at(below(6)));
        } else if (what < 17) {
            model.sort(below(4) - 1, below(2) == 0 ? Qt::AscendingOrder : Qt::DescendingOrder);
        } else if (what == 17 && below(4) == 0) {
            model.clear();
            oracle.set({});
        } else if (model.rowCount() > 0) {
            const int row = below(model.rowCount());
            selection.setCurrentIndex(model.index(row, 0), (below(2) == 0 ? QItemSelectionModel::ClearAndSelect
                                                                          : QItemSelectionModel::Toggle) |
                                                               QItemSelectionModel::Rows);
            current = model.at(row).key;
            selected = selectedKeys(selection, model);
        }
        QCOMPARE(oracle.complaint(model), QString());
        // Those that are not shown any more are not selected any more.
        selected.removeIf([&](int key) { return !oracle.shows(key, model.filter()); });
        QCOMPARE(selectedKeys(selection, model), selected);
        if (!oracle.shows(current, model.filter()))
            current = -1; // any other may be it now
        if (current != -1)
            QCOMPARE(model.at(selection.currentIndex().row()).key, current);
        for (const int key : oracle.keys())
            QCOMPARE(model.find(key)->key, key);
    }
}

void tst_RecordModel::theSameKeyTwiceInOneChange()
{
    ItemModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setRecords({{1, 5, u"a"_s}, {2, 6, u"b"_s}, {1, 7, u"c"_s}});
    QCOMPARE(model.totalCount(), 2);
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.find(1)->value, 7);
}

void tst_RecordModel::recordsThatAreAllNewAreInTheirOrder()
{
    ItemModel model;
    model.setRecords({{3, 0, {}}, {1, 0, {}}, {2, 0, {}}});
    QCOMPARE(model.keys(), (QList{3, 1, 2}));
    model.putRecords({{1, 9, {}}, {7, 0, {}}});
    QCOMPARE(model.keys(), (QList{3, 1, 2, 7}));
    model.setRecords({{7, 0, {}}, {2, 0, {}}, {5, 0, {}}, {3, 0, {}}});
    QCOMPARE(model.keys(), (QList{7, 2, 5, 3}));
}

void tst_RecordModel::aRecordMovesAsItsValueChanges()
{
    ItemModel model;
    model.sort(1, Qt::DescendingOrder);
    model.setRecords({{1, 10, {}}, {2, 20, {}}, {3, 30, {}}});
    QItemSelectionModel selection(&model);
    selection.select(model.index(2, 0), QItemSelectionModel::Select | QItemSelectionModel::Rows);
    model.putRecords({{1, 25, {}}});
    QCOMPARE(model.keys(), (QList{3, 1, 2}));
    QCOMPARE(selectedKeys(selection, model), QSet<int>{1});
    QCOMPARE(model.rowOfKey(u"2"_s), 2);
    QCOMPARE(model.rowOfKey(u"4"_s), -1);
}

void tst_RecordModel::aChangeOfValuesAloneMovesNothing()
{
    ItemModel model;
    model.sort(0, Qt::AscendingOrder);
    model.setRecords({{1, 10, {}}, {2, 20, {}}, {3, 30, {}}});
    const QSignalSpy layouts(&model, &QAbstractItemModel::layoutChanged);
    const QSignalSpy insertions(&model, &QAbstractItemModel::rowsInserted);
    const QSignalSpy removals(&model, &QAbstractItemModel::rowsRemoved);
    const QSignalSpy changes(&model, &QAbstractItemModel::dataChanged);
    model.putRecords({{2, 99, {}}, {3, 5, {}}});
    QCOMPARE(layouts.size() + insertions.size() + removals.size(), 0);
    QCOMPARE(changes.size(), 1);
    QCOMPARE(model.at(1).value, 99);
}

void tst_RecordModel::countsAreTold()
{
    ItemModel model;
    const QSignalSpy counts(&model, &IndexedModel::countsChanged);
    model.setRecords({{1, 10, {}}, {2, 20, {}}});
    QCOMPARE(counts.size(), 1);
    model.putRecords({{2, 21, {}}});
    QCOMPARE(counts.size(), 1);
    model.setFilter(u"21"_s);
    QCOMPARE(counts.size(), 2);
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.totalCount(), 2);
    model.putRecords({{3, 30, {}}}); // hidden by the filter
    QCOMPARE(counts.size(), 3);
    QCOMPARE(model.totalCount(), 3);
    model.putRecords({{2, 5, {}}}); // does not match any more
    QCOMPARE(counts.size(), 4);
    QCOMPARE(model.rowCount(), 0);
    model.removeIf([](const Item &item) { return item.key == 3; });
    QCOMPARE(counts.size(), 5);
    QCOMPARE(model.totalCount(), 2);
}

void tst_RecordModel::aFilterLooksForEachWord()
{
    ItemModel model;
    model.setRecords({{1, 10, u"Ada Lovelace"_s}, {2, 20, u"Grace"_s}, {10, 3, u"Ada"_s}});
    model.setFilter(u" ADA 10 "_s);
    QCOMPARE(model.keys(), (QList{1, 10}));
    model.setFilter(u"love"_s);
    QCOMPARE(model.keys(), QList{1});
    model.setFilter({});
    QCOMPARE(model.keys(), (QList{1, 2, 10}));
}

QTEST_GUILESS_MAIN(tst_RecordModel)
#include "tst_recordmodel.moc"
