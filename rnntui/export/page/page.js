// Point at a curve, or move with the arrow keys, to read its numbers.
for (const figure of document.querySelectorAll("figure.chart")) {
  const data = JSON.parse(figure.querySelector("script").textContent);
  const plot = figure.querySelector(".plot"), line = plot.querySelector(".cursor"), tip = plot.querySelector("output");
  const longest = data.curves.reduce((a, b) => (b.x.length > a.x.length ? b : a), { x: [] }).x;
  if (!longest.length) continue;
  let at = longest.length - 1;
  const nearest = (xs, x) => {
    let low = 0, high = xs.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (xs[middle] < x) low = middle + 1; else high = middle;
    }
    return low > 0 && x - xs[low - 1] < xs[low] - x ? low - 1 : low;
  };
  const show = (index) => {
    at = Math.max(0, Math.min(longest.length - 1, index));
    const x = longest[at], share = (x - data.x[0]) / (data.x[1] - data.x[0]);
    const rows = data.curves.flatMap((curve) => {
      const n = nearest(curve.x, x), near = Math.abs(curve.x[n] - x) <= (data.x[1] - data.x[0]) / 80;
      return near && curve.y[n] !== null ? [`${curve.name} ${curve.y[n].toPrecision(5) * 1}`] : [];
    });
    tip.textContent = [`${data.xName} ${x.toLocaleString("en")}`, ...rows].join("\n");
    line.style.left = `${share * 100}%`;
    line.style.display = tip.style.display = "block";
    if (share < 0.5) { tip.style.left = `calc(${share * 100}% + .6rem)`; tip.style.right = "auto"; }
    else { tip.style.right = `calc(${(1 - share) * 100}% + .6rem)`; tip.style.left = "auto"; }
  };
  const hide = () => { line.style.display = tip.style.display = "none"; };
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect(), share = (event.clientX - box.left) / box.width;
    show(nearest(longest, data.x[0] + share * (data.x[1] - data.x[0])));
  });
  plot.addEventListener("pointerleave", hide);
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[event.key];
    if (step) { show(at + step); event.preventDefault(); }
  });
}
