// Deferred: it runs once the document has been parsed.
const box = document.getElementById("q");
const list = document.getElementById("suggestions");
const known = ["what happens when", "round trip time", "certificate authority", "happy eyeballs"];
box.addEventListener("input", () => {
  const typed = box.value.trim().toLowerCase();
  list.replaceChildren(...known.filter((words) => words.startsWith(typed)).map((words) => {
    const option = document.createElement("option");
    option.value = words;
    return option;
  }));
});
