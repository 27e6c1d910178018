performance.mark("counted");
