"use strict";
// Plays a recorded figure: unpacks it once, then draws the state that the controls are in.
// What the numbers mean stands in ink.py (marks) and pack.py (the order of the bytes).
(async () => {
  const BREAK = -32768, ALONG = 1, FROM = 2;
  const form = document.querySelector("form"), heard = document.querySelector(".heard");
  const controls = [...form.querySelectorAll("input, select")];
  const canvas = document.createElement("canvas");

  const packed = Uint8Array.from(atob(document.getElementById("record").text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const begin = 4 + new DataView(bytes.buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, begin)));
  const count = (bytes.length - begin) / 2, states = head.counts.reduce((a, b) => a * b, 1);
  const numbers = Int16Array.from({ length: count }, (_, i) => bytes[begin + i] | (bytes[begin + count + i] << 8));

  let at = 0;
  const take = (n) => numbers.subarray(at, (at += n));
  const add = (values) => values.forEach((_, i) => i && (values[i] += values[i - 1])) ?? values;
  for (const [place, part] of head.parts.entries()) {
    part.group = document.getElementById(`part-${place}`);
    part.index = add(take(states));
    part.poses = [...add(take(part.poses))].map(take);
    part.poses.forEach((pose, i) => {
      const before = part.poses[i - 1];
      if (part.how & ALONG) add(pose);
      if (part.how & FROM && before?.length === pose.length) pose.forEach((_, k) => (pose[k] += before[k]));
    });
  }

  // Clips and outlines of markers are written once; the marks name them.
  const names = new Map();
  const named = (markup) => names.get(markup) ?? names.set(markup, `shared-${names.size}`).get(markup);
  const clip = ([x, y, width, height]) => x === undefined ? "" : `clip-path="url(#${
    named(`<clipPath id="?"><rect x="${x}" y="${y}" width="${width}" height="${height}"/></clipPath>`)})"`;
  for (const look of head.parts.flatMap((part) => part.looks.flat())) {
    look[1] = clip(look[1]);
    if (look[0] === "markers") look[3] = named(`<path id="?" d="${look[3]}"/>`);
  }
  const shared = [...names].map(([markup, name]) => markup.replace("?", name)).join("");
  document.querySelector("svg").insertAdjacentHTML("afterbegin", `<defs>${shared}</defs>`);

  const pen = {
    line(take, clip, style) {
      const n = take(1)[0], x = take(n), y = take(n);
      let d = "", letter = "M";
      for (let i = 0; i < n; i++) {
        if (x[i] === BREAK) [d, letter] = [d + (y[i] ? "Z" : ""), "M"];
        else [d, letter] = [`${d}${letter}${x[i] / 5} ${y[i] / 5}`, "L"];
      }
      return `<path ${clip} style="${style}" d="${d}"/>`;
    },
    markers(take, clip, style, name) {
      const n = take(1)[0], x = take(n), y = take(n);
      let uses = "";
      for (let i = 0; i < n; i++) uses += `<use href="#${name}" x="${x[i] / 5}" y="${y[i] / 5}" style="${style}"/>`;
      return `<g ${clip}>${uses}</g>`;
    },
    words(take, clip, style, angle) {
      const [word, x, y] = take(3);
      const turn = angle ? `transform="rotate(${angle} ${x / 5} ${y / 5})"` : "";
      return `<text ${clip} ${turn} style="${style}" x="${x / 5}" y="${y / 5}">${head.words[word]}</text>`;
    },
    image(take, clip, shades) {
      const [rows, columns, x, y, width, height] = take(6);
      [canvas.width, canvas.height] = [columns, rows];
      const context = canvas.getContext("2d"), picture = context.createImageData(columns, rows);
      take(rows * columns).forEach((cell, i) => {
        const shade = parseInt(shades.slice(6 * cell, 6 * cell + 6), 16);
        picture.data.set([shade >> 16, (shade >> 8) & 255, shade & 255, 255], 4 * i);
      });
      context.putImageData(picture, 0, 0);
      return `<image ${clip} href="${canvas.toDataURL()}" x="${x / 5}" y="${y / 5}" width="${width / 5}"
        height="${height / 5}" preserveAspectRatio="none" style="image-rendering: pixelated"/>`;
    },
  };

  function draw(part, pose) {
    let at = 1;
    const take = (n) => pose.subarray(at, (at += n));
    part.group.innerHTML = part.looks[pose[0]].map(([kind, ...look]) => pen[kind](take, ...look)).join("");
    part.shown = pose;
  }

  function move() {
    const places = controls.map((control) => control.selectedIndex ?? Number(control.value));
    const state = places.reduce((state, place, i) => state * head.counts[i] + place, 0);
    const changed = head.parts.filter((part) => part.shown !== part.poses[part.index[state]]);
    for (const part of changed) draw(part, part.poses[part.index[state]]);
    controls.forEach((control, i) => {
      if (control.type !== "range") return;
      const words = head.values[i][places[i]];
      control.setAttribute("aria-valuetext", words);
      document.querySelector(`output[for="${control.id}"]`).textContent = words;
    });
    return changed;
  }

  // A screen reader hears the words that have changed, once the figure has come to rest.
  let rest;
  function answer() {
    const changed = move();
    clearTimeout(rest);
    rest = setTimeout(() => {
      heard.textContent = changed.map((part) => part.group.textContent).filter(Boolean).join("; ");
    }, 500);
  }

  for (const button of form.querySelectorAll("button")) {
    const slider = document.getElementById(button.dataset.slider);
    let timer;
    button.addEventListener("click", () => {
      if (timer) timer = clearInterval(timer);
      else {
        if (slider.value === slider.max) slider.value = slider.min;
        timer = setInterval(() => {
          slider.stepUp();
          answer();
          if (slider.value === slider.max) timer = clearInterval(timer);
          button.textContent = timer ? "Pause" : "Play";
        }, Number(button.dataset.interval));
      }
      button.textContent = timer ? "Pause" : "Play";
    });
  }

  // In a page: as tall as it needs to be, in the page's colour of letters.
  const frame = window.frameElement;
  if (frame) {
    const fit = () => (frame.style.height = `${document.documentElement.offsetHeight}px`);
    const paint = () => {
      const { color, colorScheme } = getComputedStyle(frame);
      Object.assign(document.documentElement.style, { color, colorScheme });
    };
    const page = frame.ownerDocument;
    const attributes = { attributes: true, attributeFilter: ["class", "data-theme", "style"] };
    for (const element of [page.documentElement, page.body]) new MutationObserver(paint).observe(element, attributes);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
    new ResizeObserver(fit).observe(document.documentElement);
    paint();
  }

  move();
  form.addEventListener("input", answer);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
})();
