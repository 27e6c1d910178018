"""OAuth 2.0 in the lab: authorization servers, and resource servers that take their tokens.

Theory of operation. What OAuth demands is a set of small rules, each a function named for what it
holds and citing the section that says so; they know no HTTP and raise `Refused`. A server's state
(`server`, `stores`, `records`) is apart from them, and the endpoints (`front` for browsers, `back`
for clients, `app` and `photos` for their routes) only read a request, ask the rules, tell the
journal and answer. Which protections stand is a frozen `Protections`, changed as a whole by the
lab's command `oauth`, which also makes the server forget all that it has issued.

`settings` and `protections` cost nothing to import; the rest (Starlette, joserfc) is imported when
the first request comes, by `netlab.lab.sites`.
"""
