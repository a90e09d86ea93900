// In a gr.HTML: refuse a file that is too large before it travels, and say so where refusals stand.
const inWords = (bytes) => (bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MB` : `${(bytes / 2 ** 30).toFixed(1)} GB`);

function check(event) {
    if (!event.target.closest("#upload")) return;
    const files = event.dataTransfer ? event.dataTransfer.files : event.target.files;
    const said = element.querySelector(".refused");
    said.textContent = "";
    if (!files || !files.length || files[0].size <= props.most) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (event.target.type === "file") event.target.value = "";
    said.textContent = props.sentence.replace("{name}", files[0].name).replace("{size}", inWords(files[0].size));
}

document.addEventListener("change", check, true);
document.addEventListener("drop", check, true);
