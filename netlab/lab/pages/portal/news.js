for (const [number, heading] of document.querySelectorAll("article h2").entries()) {
  heading.prepend(`${number + 1}. `);
}
