// A library that several sites share: it comes from another origin, over another connection.
window.library = { ready: true, since: performance.now() };
