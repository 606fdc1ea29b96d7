// Draws the figures of the page and handles its buttons. The numbers come from the JSON that is embedded in the page.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const indexIn = kinds => kind => Math.max(kinds.indexOf(kind), 0) % 4;
  const redraws = [];
  const settings = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
  const axis = (title, more) => ({ title: { text: title }, gridcolor: css("--line"), zerolinecolor: css("--line"), linecolor: css("--soft"), automargin: true, ...more });
  const layout = (x, y, more) => ({
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: css("--ink"), family: "system-ui, sans-serif", size: 13 },
    margin: { l: 60, r: 12, t: 40, b: 46 }, xaxis: x, yaxis: y, legend: { orientation: "h", x: 1, xanchor: "right", y: 1, yanchor: "bottom" }, hovermode: "closest",
    hoverlabel: { bgcolor: css("--panel"), bordercolor: css("--line"), font: { color: css("--ink") } }, ...more,
  });
  const small = text => ({ title: { text, font: { size: 14 }, x: 0.01, xanchor: "left" } });
  // Draws now, and again when the colours change; makePlot returns traces and layout.
  const draw = (element, makePlot) => {
    const redraw = () => { const [traces, form] = makePlot(); return Plotly.react(element, traces, form, settings); };
    redraws.push(redraw);
    return redraw();
  };

  document.querySelectorAll("section.dataset").forEach(section => {
    const { curves, times, details } = figures[section.dataset.index];
    const kinds = [...new Set(times.map(one => one.kind))];
    const colour = kind => css("--m" + indexIn(kinds)(kind));
    const find = selector => section.querySelector(selector);

    let which = curves["forces-rmse"] ? "forces-rmse" : Object.keys(curves)[0];
    const buttons = [...section.querySelectorAll("[data-curve]")];
    const logarithmic = more => ({ type: "log", dtick: undefined, ...more });
    const curvePlot = () => {
      const chosen = curves[which];
      if (!chosen) return [[], layout(axis(""), axis(""))];
      const traces = [];
      chosen.published.forEach((one, i) => traces.push({
        x: one.x, y: one.y, name: one.label, mode: one.x.length > 1 ? "lines+markers" : "markers", line: { width: 1, dash: ["dot", "dashdot", "longdash"][i % 3] },
        marker: { size: 7, symbol: ["diamond-open", "triangle-up-open", "square-open", "x-thin-open", "pentagon-open"][i % 5], color: one.kind && kinds.includes(one.kind) ? colour(one.kind) : css("--soft") },
        hovertemplate: "%{y} at N=%{x}<extra>" + "%{fullData.name}</extra>", visible: chosen.published.length > 6 && !one.kind ? "legendonly" : true,
      }));
      chosen.ours.forEach(one => {
        if (one.law[0].length) traces.push({ x: one.law[0], y: one.law[1], mode: "lines", line: { dash: "dash", width: 1.2, color: colour(one.kind) }, showlegend: false, hoverinfo: "skip" });
        const note = one.x.map((n, i) => (one.seeds[i] > 1 ? one.seeds[i] + " seeds, " + one.low[i] + " to " + one.high[i] : "one seed") + (one.interval[i] ? "; test frames: " + one.interval[i][0] + " to " + one.interval[i][1] + " (95 %)" : ""));
        traces.push({
          x: one.x, y: one.y, customdata: note, name: one.label, mode: "lines+markers", line: { width: 2.5, color: colour(one.kind) }, marker: { size: 9, color: colour(one.kind) },
          error_y: { type: "data", symmetric: false, array: one.high.map((v, i) => v - one.y[i]), arrayminus: one.low.map((v, i) => one.y[i] - v), color: colour(one.kind), thickness: 1.5 },
          hovertemplate: "%{y} " + chosen.unit + " at N=%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
        });
      });
      const sizes = [...new Set(chosen.ours.flatMap(one => one.x))].sort((a, b) => a - b);
      return [traces, layout(axis("training frames", logarithmic({ tickvals: sizes, ticktext: sizes.map(String) })), axis(chosen.unit, logarithmic({ tickformat: ".2~g", nticks: 8 })), {
        // room below the axis for the lines of the legend
        legend: { orientation: "h", x: 0, xanchor: "left", yref: "container", y: 0, yanchor: "bottom", font: { size: 12 } }, margin: { l: 60, r: 12, t: 12, b: 66 + (chosen.published.length > 2 ? 60 : 0) },
      })];
    };
    const redrawCurves = () => Plotly.react(find(".curves"), ...curvePlot(), settings);
    buttons.forEach(button => {
      button.hidden = !curves[button.dataset.curve];
      button.addEventListener("click", () => {
        which = button.dataset.curve;
        buttons.forEach(one => one.setAttribute("aria-pressed", String(one === button)));
        redrawCurves();
      });
    });
    draw(find(".curves"), curvePlot);
    draw(find(".times"), () => [
      times.map(one => ({ x: one.x, y: one.y, name: one.label, mode: "lines+markers", line: { color: colour(one.kind) }, marker: { size: 8 }, hovertemplate: "%{y} s at N=%{x}<extra>" + one.label + "</extra>" })),
      layout(axis("training frames"), axis("s", { type: "log", tickformat: "~g" })),
    ]);
    if (!details) return;

    for (const quantity of ["forces", "energy"]) {
      const models = details.models.filter(model => model[quantity]);
      if (!models.length) continue;
      const unit = details.units[quantity], name = quantity === "forces" ? "Force" : "Energy";
      draw(find(".parity-" + quantity), () => {
        const all = models.flatMap(model => model[quantity].x), ends = [Math.min(...all), Math.max(...all)];
        const line = { x: ends, y: ends, mode: "lines", line: { color: css("--soft"), width: 1 }, showlegend: false, hoverinfo: "skip" };
        const dots = models.map(model => ({ ...model[quantity], histogram: undefined, name: model.label, mode: "markers", marker: { size: 4, opacity: 0.5, color: colour(model.kind) }, hovertemplate: "reference %{x}, predicted %{y}<extra>" + model.label + "</extra>" }));
        return [[line, ...dots], layout(axis("reference (" + unit + ")"), axis("predicted"), small(quantity === "forces" ? "Force components" : "Energies above the lowest"))];
      });
      draw(find(".spread-" + quantity), () => [
        models.map(model => ({ ...model[quantity].histogram, name: model.label, mode: "lines", line: { shape: "hvh", color: colour(model.kind), width: 1.8 }, hovertemplate: "%{x}: %{y}<extra>" + model.label + "</extra>" })),
        layout(axis("error (" + unit + ")"), axis("density"), small(name + " errors")),
      ]);
    }

    for (const quantity of details.bars ? ["forces", "energy"] : []) {
      const models = details.bars.models.filter(model => model[quantity]);
      if (!models.length) continue;
      const unit = details.units[quantity], name = quantity === "forces" ? "Force" : "Energy";
      draw(find(".expected-" + quantity), () => {
        const all = models.flatMap(model => [...model[quantity].expected, ...model[quantity].actual]).filter(value => value > 0), ends = [Math.min(...all), Math.max(...all)];
        const line = { x: ends, y: ends, mode: "lines", line: { color: css("--soft"), width: 1 }, showlegend: false, hoverinfo: "skip" };
        const bins = models.map(model => ({ x: model[quantity].expected, y: model[quantity].actual, name: model.label, mode: "lines+markers", marker: { size: 8 }, line: { color: colour(model.kind) }, hovertemplate: "expected %{x}, actual %{y}<extra>" + model.label + "</extra>" }));
        const scale = { type: "log", tickformat: ".2~g", nticks: 6 };
        return [[line, ...bins], layout(axis("expected (" + unit + ")", scale), axis("actual", scale), small(name + " errors, RMSE"))];
      });
    }

    const map = details.map;
    if (!map) return;
    const element = find(".landscape"), molecule = Molecule(find("canvas.molecule"), map.symbols, map.radii, map.bonds);
    let model = 0, frame = 0;
    const landscape = () => {
      const errors = map.models[model].forces, sorted = errors.slice().sort((a, b) => a - b);
      const top = sorted[Math.floor(0.98 * (sorted.length - 1))];
      return [[
        { x: map.x, y: map.y, mode: "markers", type: "scatter", customdata: errors, marker: { size: 7, color: errors, cmin: sorted[0], cmax: top, colorscale: "Viridis", opacity: 0.85,
            colorbar: { title: { text: details.units.forces, side: "right" }, thickness: 12, len: 0.9 } }, hovertemplate: "%{customdata} " + details.units.forces + "<extra></extra>", showlegend: false },
        { x: [map.x[frame]], y: [map.y[frame]], mode: "markers", marker: { size: 15, symbol: "circle-open", color: css("--m1"), line: { width: 3 } }, hoverinfo: "skip", showlegend: false },
      ], layout(axis(map.labels[0]), axis(map.labels[1]), { ...small("Force RMSE of " + map.models[model].label), margin: { l: 58, r: 6, t: 34, b: 46 } })];
    };
    const show = number => {
      frame = (number + map.x.length) % map.x.length;
      const largest = Math.max(...map.models.flatMap(one => one.atoms[frame]), 1e-12);
      molecule.show(map.positions[frame], map.models[model].atoms[frame].map(v => v / largest));
      const errors = map.models.map(one => one.label + ": force RMSE " + one.forces[frame] + " " + details.units.forces + (one.energy[frame] === null ? "" : ", energy error " + one.energy[frame] + " " + details.units.energy));
      find(".geometry").textContent = "Frame " + map.frames[frame] + ": " + map.labels[0].replace(" (°)", "") + " " + map.x[frame].toFixed(0) + "°, " + map.labels[1].replace(" (°)", "") + " " + map.y[frame].toFixed(0) + "°. " + errors.join("; ") + ".";
      Plotly.react(element, ...landscape(), settings);
    };
    const choice = find(".model-choice");
    map.models.forEach((one, i) => {
      const button = document.createElement("button");
      button.type = "button"; button.textContent = one.label; button.setAttribute("aria-pressed", String(i === 0));
      button.addEventListener("click", () => {
        model = i;
        [...choice.children].forEach((other, j) => other.setAttribute("aria-pressed", String(j === i)));
        show(frame);
      });
      choice.append(button);
    });
    const worst = () => { const errors = map.models[model].forces; return errors.indexOf(Math.max(...errors)); };
    section.querySelectorAll("[data-step]").forEach(button => button.addEventListener("click", () => show(button.dataset.step === "worst" ? worst() : frame + Number(button.dataset.step))));
    draw(element, landscape).then(() => {
      element.on("plotly_click", event => { if (event.points[0].curveNumber === 0) show(event.points[0].pointNumber); });
      show(worst());
    });
    redraws.push(() => molecule.draw());
    new ResizeObserver(() => molecule.draw()).observe(find("canvas.molecule"));
  });

  const table = element => [...element.querySelectorAll("tr")].map(row => [...row.querySelectorAll("th, td:not(.bars)")].filter(cell => !cell.classList.contains("bars")).map(cell => cell.textContent.trim()).join("\t")).join("\n");
  document.querySelectorAll("button.copy").forEach(button => button.addEventListener("click", async () => {
    const text = button.dataset.copy === "table" ? table(button.closest("table")) : button.parentElement.querySelector("p, pre").textContent.trim();
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // pages opened from disk may not be allowed to
      const area = document.createElement("textarea");
      area.value = text; document.body.append(area); area.select(); document.execCommand("copy"); area.remove();
    }
    button.textContent = "Copied"; setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }));
  const redrawAll = () => redraws.forEach(redraw => redraw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(one => { one.open = true; }));
  document.documentElement.dataset.ready = "yes";
})();
