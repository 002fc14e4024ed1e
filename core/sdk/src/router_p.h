#pragma once

#include "request_p.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QHash>
#include <QRegularExpression>
#include <QVarLengthArray>

#include <vector>

namespace Quern {

struct PatternSegment;

/// Finds the route of a request. Immutable once all routes are added: any thread may match.
///
/// A path is compared segment by segment, and each segment after percent-decoding, so that "/caf%C3%A9", "/caf%c3%a9"
/// and a pattern written in UTF-8 are the same, while "%2F" never separates segments. Letter case counts, "/hello" and
/// "/hello/" are different, and dot segments are not resolved. From left to right a fixed segment wins over a parameter
/// with a constraint, that over a parameter without, and that over a wildcard; parameters with different constraints
/// are tried in the order added. A route whose method fits wins over all that match the path alone: GET /a/b reaches
/// GET /a/:x beside POST /a/b.
class QUERN_EXPORT Router
{
public:
    enum class Outcome {
        Found,
        NotFound,         ///< no pattern matches the path
        MethodNotAllowed, ///< some do, but none for this method
        Options,          ///< the method is OPTIONS, and no route is there for it: allow is all there is to say
        UpgradeRequired,  ///< the method is GET or HEAD, and there is a route for WebSocket connections alone
    };

    struct Match
    {
        Outcome outcome = Outcome::NotFound;
        qsizetype route = -1;          ///< number of the route; only when Found
        RequestPrivate::Params params; ///< names are views into the pattern, values into the path
        QByteArray allow; ///< value of the Allow field, in alphabetical order; for MethodNotAllowed and Options
    };

    /// The method of a route that takes every one.
    static constexpr QByteArrayView AnyMethod = "*";

    /// Adds the route that gets the next number, from 0. The bytes of \a pattern are shared, not copied: names in a
    /// match are views into them. Throws std::invalid_argument if the pattern is malformed, see parsePattern(). Of two
    /// routes with the same method and shape the first is found.
    void add(const QByteArray &method, const QByteArray &pattern) { add(method, pattern, m_count); }
    /// The same for a route that has its number from elsewhere.
    void add(const QByteArray &method, const QByteArray &pattern, qsizetype number);

    /// \a path as sent, percent-encoded and without query string; "*" with OPTIONS asks about the whole server. A GET
    /// route answers HEAD, unless one for HEAD is there. WEBSOCKET is a method that no client can send; in allow, its
    /// routes count as GET. Without parameters a route is found without an allocation.
    Match match(QByteArrayView method, QByteArrayView path) const;

private:
    struct Endpoint
    {
        QByteArray method;
        QByteArray pattern; ///< keeps the bytes that the names are views of
        qsizetype route;
        std::vector<QByteArrayView> parameters; ///< names, from left to right
    };
    struct Child
    {
        QByteArray segment; ///< percent-decoded
        qsizetype node;
    };
    struct ConstrainedChild
    {
        QByteArray constraint; ///< as written
        QRegularExpression expression;
        qsizetype node;
    };
    struct Node
    {
        std::vector<Child> fixed; ///< sorted by isBefore()
        std::vector<ConstrainedChild> constrained;
        qsizetype parameter = 0; ///< node for any non-empty segment; 0 if there is none, since 0 is the root
        qsizetype wildcard = 0;  ///< node for all that is left; 0 if there is none
        std::vector<Endpoint> endpoints;
    };
    struct Walk
    {
        QByteArrayView method;
        QVarLengthArray<QByteArrayView, 4> values;
        QVarLengthArray<const Node *, 4> refusing; ///< nodes that match the path but have no endpoint for the method
    };

    /// Node below \a at for \a segment; made if it is not there.
    qsizetype childFor(qsizetype at, const PatternSegment &segment);
    static qsizetype fixedChild(const Node &node, QByteArrayView segment);
    const Endpoint *search(const Node &node, QByteArrayView rest, Walk &walk) const;
    const Endpoint *searchConstrained(const Node &node, QByteArrayView segment, QByteArrayView rest, qsizetype slash,
                                      Walk &walk) const;
    const Endpoint *take(qsizetype node, QByteArrayView value, QByteArrayView rest, qsizetype slash, Walk &walk) const;
    const Endpoint *arrive(const Node &node, QByteArrayView rest, qsizetype slash, Walk &walk) const;
    static const Endpoint *endpointFor(const Node &node, QByteArrayView method);
    QByteArray allowOfAll() const;

    std::vector<Node> m_nodes = std::vector<Node>(1); ///< the tree of segments; the root is node 0
    QHash<QByteArrayView, qsizetype> m_fixedPaths;    ///< nodes of the patterns without parameters and escapes
    qsizetype m_count = 0;
};

} // namespace Quern
