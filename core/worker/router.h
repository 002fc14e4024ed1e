#pragma once

#include "sdk/src/application_p.h"
#include "sdk/src/request_p.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QHash>
#include <QVarLengthArray>

#include <deque>
#include <vector>

namespace Quern::worker {

/// Finds the route of a request. Immutable: any thread may match.
///
/// A path is compared segment by segment, and each segment after percent-decoding, so that "/caf%C3%A9", "/caf%c3%a9"
/// and a pattern written in UTF-8 are the same, while "%2F" never separates segments. Letter case counts, "/hello" and
/// "/hello/" are different, and dot segments are not resolved. From left to right a fixed segment wins over a
/// parameter, and a route whose method fits wins over all that match the path alone: GET /a/b reaches GET /a/:x beside
/// POST /a/b.
class Router
{
public:
    enum class Outcome {
        Found,
        NotFound,         ///< no pattern matches the path
        MethodNotAllowed, ///< some do, but none for this method
    };

    struct Match
    {
        Outcome outcome = Outcome::NotFound;
        qsizetype route = -1;          ///< position in the deque of routes; only when Found
        RequestPrivate::Params params; ///< names are views into the pattern, values into the path
        QByteArray allow;              ///< value of the Allow field, in alphabetical order; only when MethodNotAllowed
    };

    /// Indexes \a routes, which must outlive the router and stay as they are. Their patterns are well-formed:
    /// Application::route() has seen to it.
    explicit Router(const std::deque<RouteSpec> &routes);

    /// \a path as sent, percent-encoded and without query string. A GET route answers HEAD, unless one for HEAD is
    /// there.
    Match match(QByteArrayView method, QByteArrayView path) const;

private:
    struct Endpoint
    {
        QByteArrayView method;
        qsizetype route;
        std::vector<QByteArrayView> parameters; ///< names, from left to right
    };
    struct Child
    {
        QByteArray segment; ///< percent-decoded
        qsizetype node;
    };
    struct Node
    {
        std::vector<Child> fixed; ///< sorted by orderOf
        qsizetype parameter = 0;  ///< node for any non-empty segment; 0 if there is none, since 0 is the root
        std::vector<Endpoint> endpoints;
    };
    struct Walk
    {
        QByteArrayView method;
        QVarLengthArray<QByteArrayView, 4> values;
        QVarLengthArray<const Node *, 4> refusing; ///< nodes that match the path but have no endpoint for the method
    };

    void insert(const RouteSpec &spec, qsizetype route);
    qsizetype fixedChild(const Node &node, QByteArrayView segment) const;
    const Endpoint *search(const Node &node, QByteArrayView rest, Walk &walk) const;
    const Endpoint *arrive(const Node &node, QByteArrayView rest, qsizetype slash, Walk &walk) const;
    static const Endpoint *endpointFor(const Node &node, QByteArrayView method);
    static QByteArray allowOf(const Walk &walk);

    std::vector<Node> m_nodes;                     ///< the tree of segments; the root is node 0
    QHash<QByteArrayView, qsizetype> m_fixedPaths; ///< nodes of the patterns without parameters and escapes
};

} // namespace Quern::worker
