"""The layer 7 balancer: ends HTTP/1, reads it, and writes it anew to a backend.

What decides is pure and knows no socket: `head`, `fields`, `target`, `framing`, `chunks` and
`body` read octets strictly, `forward` and `trailers` write what leaves, `routing` and `sticky`
choose. `wire` is a connection, `idle` keeps those to the backends, `exchange` and its
neighbours run one request, `connection` one client, `proxy` them all.
"""
