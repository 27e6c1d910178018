"""OAuth, with every role real.

Theory of operation. A `World` is a run: where servers are found, whom TLS trusts, and which chapter
is being told. Whoever asks over HTTP is a `Speaker`, which writes each message down as it is sent
and as it comes. The application is one (`application`), with a small server of its own for what
browsers bring; the person and the browser are another (`person`). Chapters are opened by whoever is
at work, so a message stands in the chapter during which it really travelled.
"""
