"use strict";
// Plays a recorded figure: unpacks it once, then draws the state that the controls are in.
// What the numbers mean stands in ink.py (marks) and pack.py (the order of the bytes).
(async () => {
  const BREAK = -32768, ALONG = 1, FROM = 2, MUCH = 500;
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

  function element(tag, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    return set(made, attributes);
  }
  function set(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  // What cuts marks off is written once; the marks name it.
  const clips = element("defs", {});
  document.querySelector("svg").prepend(clips);
  function clip([x, y, width, height]) {
    if (x === undefined) return {};
    const id = `clip-${[x, y, width, height].join("-")}`;
    if (!document.getElementById(id)) {
      clips.append(element("clipPath", { id }));
      clips.lastChild.append(element("rect", { x, y, width, height }));
    }
    return { "clip-path": `url(#${id})` };
  }

  // A mark is made once. A move writes anew only where it is: that is what makes a move fast.
  const tags = { line: "path", markers: "g", words: "text", image: "image" };
  const make = ([kind, box, style]) => element(tags[kind], { style, ...clip(box) });
  const place = {
    line(path, take) {
      const n = take(1)[0], x = take(n), y = take(n);
      let d = "", letter = "M";
      for (let i = 0; i < n; i++) {
        if (x[i] === BREAK) [d, letter] = [d + (y[i] ? "Z" : ""), "M"];
        else [d, letter] = [`${d}${letter}${x[i] / 5} ${y[i] / 5}`, "L"];
      }
      set(path, { d });
    },
    markers(group, take, outline) {
      const n = take(1)[0], x = take(n), y = take(n), markers = group.children;
      while (markers.length > n) group.lastChild.remove();
      while (markers.length < n) group.append(element("path", { d: outline }));
      for (let i = 0; i < n; i++) set(markers[i], { transform: `translate(${x[i] / 5} ${y[i] / 5})` });
    },
    words(text, take, angle) {
      const [word, ...corner] = take(3), [x, y] = corner.map((fifths) => fifths / 5);
      set(text, angle ? { x, y, transform: `rotate(${angle} ${x} ${y})` } : { x, y });
      text.textContent = head.words[word];
    },
    image(image, take, shades) {
      const [rows, columns, ...box] = take(6), [x, y, width, height] = box.map((fifths) => fifths / 5);
      [canvas.width, canvas.height] = [columns, rows];
      const context = canvas.getContext("2d"), picture = context.createImageData(columns, rows);
      take(rows * columns).forEach((cell, i) => {
        const shade = parseInt(shades.slice(6 * cell, 6 * cell + 6), 16);
        picture.data.set([shade >> 16, (shade >> 8) & 255, shade & 255, 255], 4 * i);
      });
      context.putImageData(picture, 0, 0);
      set(image, { href: canvas.toDataURL(), x, y, width, height, preserveAspectRatio: "none" });
    },
  };

  function draw(part, pose) {
    const looks = part.looks[pose[0]];
    let at = 1;
    const take = (n) => pose.subarray(at, (at += n));
    if (part.shown?.[0] !== pose[0]) part.group.replaceChildren(...looks.map(make));
    looks.forEach(([kind, , , ...more], i) => place[kind](part.group.children[i], take, ...more));
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
  // Where much stands still, what moves lies in layers of its own, and the rest is painted once.
  if (document.querySelectorAll("svg use").length > MUCH) {
    for (const part of head.parts) part.group.style.willChange = "transform";
  }
  form.addEventListener("input", answer);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
})();
