(() => {
  "use strict";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const TOKEN = "palette:";
  const palettes = read("palettes");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const precise = matchMedia("(pointer: fine)");
  const plots = [...document.querySelectorAll("[data-figure]")].map((place) => ({ place, figure: read(place.dataset.figure) }));
  let printing = false;

  const coloured = (value, palette) => {
    if (typeof value === "string") return value.startsWith(TOKEN) ? palette[value.slice(TOKEN.length)] ?? value : value;
    if (Array.isArray(value)) return value.map((each) => coloured(each, palette));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, coloured(each, palette)]));
  };

  const axisStyle = (palette) => ({
    gridcolor: palette.grid, linecolor: palette.line, zerolinecolor: palette.line, tickcolor: palette.line,
    tickfont: { color: palette.muted, size: 12 },
  });

  const layoutFor = (figure, palette) => {
    const font = { family: getComputedStyle(document.body).fontFamily, size: 12, color: palette.muted };
    const layout = {
      ...figure.layout, font, autosize: true, showlegend: false, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 12, r: 12, t: 8, b: 12 }, dragmode: precise.matches ? "zoom" : false,
      hoverlabel: { bgcolor: palette.surface, bordercolor: palette.line, font: { ...font, color: palette.text } },
    };
    for (const name of Object.keys(layout).filter((each) => /^[xy]axis\d*$/.test(each))) {
      layout[name] = { ...axisStyle(palette), ...layout[name] };
    }
    layout.annotations = (layout.annotations ?? []).map((each) => ({ font: { ...font, color: palette.text }, ...each }));
    return coloured(layout, palette);
  };

  const draw = () => {
    const palette = palettes[dark.matches && !printing ? "dark" : "light"];
    for (const { place, figure } of plots) {
      Plotly.react(place, coloured(figure.data, palette), layoutFor(figure, palette), { displayModeBar: false, responsive: true });
    }
  };

  const copy = async (button) => {
    const text = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };

  if (plots.length) {
    draw();
    dark.addEventListener("change", draw);
    addEventListener("beforeprint", () => { printing = true; draw(); });
    addEventListener("afterprint", () => { printing = false; draw(); });
  }
  for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
  for (const details of document.querySelectorAll("details")) {
    addEventListener("beforeprint", () => { details.open = true; });
  }
})();
