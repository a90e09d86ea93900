// In a gr.HTML: refuse a file that is too large before it travels, and say so where refusals stand.
const inWords = (bytes) => (bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MB` : `${(bytes / 2 ** 30).toFixed(1)} GB`);

function check(event) {
    if (!event.target.closest("#upload")) return;
    const file = (event.dataTransfer || event.target).files?.[0];
    const said = element.querySelector(".refused");
    said.textContent = "";
    if (!file || file.size <= props.most) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (event.target.type === "file") event.target.value = ""; // which empties the list of files too
    said.textContent = props.sentence.replace("{name}", () => file.name).replace("{size}", inWords(file.size));
}

document.addEventListener("change", check, true);
document.addEventListener("drop", check, true);
