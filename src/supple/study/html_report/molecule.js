"use strict";
// Draws a molecule as balls and sticks on a canvas; sufficient for a few dozen atoms.
function Molecule(canvas, symbols, radii, bonds) {
  const colours = { H: "#e8e8e8", C: "#6f7780", N: "#3d63e0", O: "#e03c31", F: "#7fc97f", S: "#d9b520", P: "#e08a2e", Cl: "#43b05c", Br: "#a14a2b" };
  let atoms = [], halo = [], rotation = [1, 0, 0, 0, 1, 0, 0, 0, 1], zoom = 1, extent = 1;
  const multiply = (a, b) => [0, 1, 2].flatMap(i => [0, 1, 2].map(j => a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j]));
  function rotate(dx, dy) {
    const [cx, sx, cy, sy] = [Math.cos(dx), Math.sin(dx), Math.cos(dy), Math.sin(dy)];
    rotation = multiply([1, 0, 0, 0, cy, -sy, 0, sy, cy], multiply([cx, 0, sx, 0, 1, 0, -sx, 0, cx], rotation));
    draw();
  }
  // The initial view: the longest principal axis is horizontal, the shortest points towards the viewer.
  function orient() {
    const m = [0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (const p of atoms) for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) m[3 * i + j] += p[i] * p[j];
    const axes = [], a = m.slice();
    for (let k = 0; k < 2; k++) {
      let v = [1, 0.7, 0.4];
      for (let n = 0; n < 60; n++) {
        v = [0, 1, 2].map(i => a[3 * i] * v[0] + a[3 * i + 1] * v[1] + a[3 * i + 2] * v[2]);
        const length = Math.hypot(...v) || 1;
        v = v.map(x => x / length);
      }
      const size = [0, 1, 2].reduce((s, i) => s + v[i] * (a[3 * i] * v[0] + a[3 * i + 1] * v[1] + a[3 * i + 2] * v[2]), 0);
      for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) a[3 * i + j] -= size * v[i] * v[j];
      axes.push(v);
    }
    const [u, v] = axes, w = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    rotation = [...u, ...v, ...w];
  }
  function draw() {
    const box = canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
    if (!box.width) return;
    canvas.width = box.width * scale; canvas.height = box.height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const size = zoom * 0.43 * Math.min(box.width, box.height) / extent;
    const placed = atoms.map((p, i) => {
      const [x, y, z] = [0, 1, 2].map(k => rotation[3 * k] * p[0] + rotation[3 * k + 1] * p[1] + rotation[3 * k + 2] * p[2]);
      const near = 1 + 0.035 * z;
      return { i, x: box.width / 2 + size * near * x, y: box.height / 2 - size * near * y, z, r: size * near * (0.16 + 0.22 * radii[i]) };
    });
    const shapes = placed.map(a => ({ z: a.z, atom: a })).concat(bonds.map(([i, j]) => ({ z: (placed[i].z + placed[j].z) / 2 - 0.05, bond: [placed[i], placed[j]] })));
    shapes.sort((a, b) => a.z - b.z);
    const style = getComputedStyle(document.documentElement);
    for (const shape of shapes) {
      if (shape.bond) {
        const [a, b] = shape.bond;
        for (const [p, q] of [[a, b], [b, a]]) {
          pen.beginPath(); pen.moveTo(p.x, p.y); pen.lineTo((p.x + q.x) / 2, (p.y + q.y) / 2);
          pen.lineWidth = size * 0.13; pen.strokeStyle = colours[symbols[p.i]] || "#b06fc9"; pen.stroke();
        }
      } else {
        const a = shape.atom, colour = colours[symbols[a.i]] || "#b06fc9";
        if (halo[a.i] > 0.03) {
          pen.beginPath(); pen.arc(a.x, a.y, a.r + size * 0.34 * halo[a.i], 0, 7);
          pen.globalAlpha = 0.3; pen.fillStyle = style.getPropertyValue("--m1"); pen.fill(); pen.globalAlpha = 1;
        }
        const shade = pen.createRadialGradient(a.x - a.r / 3, a.y - a.r / 3, a.r / 8, a.x, a.y, a.r);
        shade.addColorStop(0, "#ffffff"); shade.addColorStop(0.35, colour); shade.addColorStop(1, colour);
        pen.beginPath(); pen.arc(a.x, a.y, a.r, 0, 7); pen.fillStyle = shade; pen.fill();
        pen.lineWidth = 0.7; pen.strokeStyle = "#00000066"; pen.stroke();
      }
    }
  }
  let dragFrom = null;
  canvas.addEventListener("pointerdown", e => { dragFrom = [e.clientX, e.clientY]; canvas.setPointerCapture(e.pointerId); });
  canvas.addEventListener("pointermove", e => { if (dragFrom) { rotate((e.clientX - dragFrom[0]) / 90, (e.clientY - dragFrom[1]) / 90); dragFrom = [e.clientX, e.clientY]; } });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { dragFrom = null; });
  const zoomBy = factor => { zoom = Math.min(4, Math.max(0.4, zoom * factor)); draw(); };
  canvas.addEventListener("wheel", e => { if (e.ctrlKey || document.activeElement === canvas) { e.preventDefault(); zoomBy(Math.exp(-e.deltaY / 500)); } }, { passive: false });
  canvas.addEventListener("keydown", e => {
    const step = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15] }[e.key];
    if (step) { e.preventDefault(); rotate(...step); }
    if (e.key === "+") zoomBy(1.15);
    if (e.key === "-") zoomBy(1 / 1.15);
  });
  let first = true;
  return {
    draw,
    show(flat, errors) {
      atoms = symbols.map((_, i) => flat.slice(3 * i, 3 * i + 3));
      halo = errors;
      extent = Math.max(...atoms.map(p => Math.hypot(...p))) + 0.4;
      if (first) orient();
      first = false;
      draw();
    },
  };
}
