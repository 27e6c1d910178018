// Without async or defer: the parser waits for this file and for the style sheet before it.
document.documentElement.dataset.started = String(performance.now());
