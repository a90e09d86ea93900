// The picture to mark, in a gr.HTML: draws what the pointer does, and sends each finished mark to Python, which answers
// with the picture and the whole mask (props.picture).
const canvas = element.querySelector("canvas");
const pen = canvas.getContext("2d");
const size = element.querySelector("input");
const image = new Image();
let tool = "box";
let mark = null; // under the pointer, in pixels of the video

function draw() {
    if (!image.naturalWidth) return;
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    if (!mark) return;
    const scale = canvas.width / props.width;
    const points = mark.points.map(([x, y]) => [x * scale, y * scale]);
    const [first, last] = [points[0], points[points.length - 1]];
    pen.strokeStyle = pen.fillStyle = mark.kind === "eraser" ? "rgba(255, 255, 255, 0.6)" : "rgba(255, 0, 255, 0.5)";
    if (mark.kind === "box") {
        pen.fillRect(first[0], first[1], last[0] - first[0], last[1] - first[1]);
        return;
    }
    pen.lineWidth = mark.size * scale;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...first);
    points.forEach((point) => pen.lineTo(...point));
    pen.lineTo(last[0] + 0.01, last[1]);
    pen.stroke();
}

function show() {
    if (props.picture) image.src = props.picture;
}

image.onload = () => {
    if (canvas.width !== image.naturalWidth || canvas.height !== image.naturalHeight) {
        canvas.width = image.naturalWidth;
        canvas.height = image.naturalHeight;
        canvas.style.width = `min(100%, calc(70vh * ${image.naturalWidth / image.naturalHeight}))`;
    }
    if (mark && mark.sent) mark = null;
    canvas.dataset.frame = props.frame;
    canvas.dataset.version = props.version;
    draw();
};

function place(event) {
    const bounds = canvas.getBoundingClientRect();
    const inside = (value, most) => Math.min(Math.max(value, 0), most);
    return [
        inside(((event.clientX - bounds.left) / bounds.width) * props.width, props.width),
        inside(((event.clientY - bounds.top) / bounds.height) * props.height, props.height),
    ];
}

canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !image.naturalWidth) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    const short = Math.min(props.width, props.height);
    const start = place(event);
    mark = { kind: tool, frame: props.frame, size: Math.max(2, (short * size.value) / 100), points: [start] };
    if (tool === "box") mark.points.push(start);
    draw();
});

canvas.addEventListener("pointermove", (event) => {
    if (!mark || mark.sent) return;
    if (tool === "box") mark.points[1] = place(event);
    else mark.points.push(place(event));
    draw();
});

function finish() {
    if (!mark || mark.sent) return;
    const [[left, top], [right, bottom]] = [mark.points[0], mark.points[mark.points.length - 1]];
    if (mark.kind === "box" && (Math.abs(right - left) < 1 || Math.abs(bottom - top) < 1)) {
        mark = null;
        draw();
        return;
    }
    mark.sent = true;
    trigger("submit", mark);
}

canvas.addEventListener("pointerup", finish);
canvas.addEventListener("pointercancel", finish);

element.querySelectorAll("[data-tool]").forEach((button) =>
    button.addEventListener("click", () => {
        tool = button.dataset.tool;
        element.querySelectorAll("[data-tool]").forEach((one) => one.setAttribute("aria-pressed", one === button));
    }),
);
element.querySelector("[data-do=undo]").addEventListener("click", () => trigger("undo"));
element.querySelector("[data-do=clear]").addEventListener("click", () => trigger("clear"));

watch(["picture", "version"], show);
show();
