"use strict";
// Frames of a section tell what a person does in one of them; the others are told to do the same.

const MOST = 8; // browsers draw only so many at a time
const CALM = 500; // milliseconds between two corrections of the time
const pictures = new Map(); // what a link shows while nothing moves in it

function framesOf(section) {
  return [...section.querySelectorAll("iframe")];
}

function tell(section, said, except) {
  for (const frame of framesOf(section)) {
    if (frame !== except) frame.contentWindow.postMessage({ kind: "gaussianmotion", ...said }, "*");
  }
}

function show(section) {
  for (const link of [...section.querySelectorAll(".view")].slice(0, MOST)) {
    const frame = document.createElement("iframe");
    frame.title = link.parentElement.innerText;
    frame.src = `${link.dataset.page}#bare`;
    pictures.set(link, [...link.childNodes]);
    link.replaceChildren(frame);
  }
  section.querySelector(".together").textContent = "Stop";
}

function stop(section) {
  for (const frame of framesOf(section)) {
    const link = frame.parentElement;
    link.replaceChildren(...pictures.get(link));
  }
  section.querySelector(".together").textContent = "Turn together";
  section.querySelector(".moving").hidden = true;
}

addEventListener("message", (event) => {
  const frame = [...document.querySelectorAll("iframe")].find(
    (one) => one.contentWindow === event.source,
  );
  const said = event.data;
  if (!frame || !said || said.kind !== "gaussianmotion") return;
  const section = frame.closest("section");
  const clips = section.querySelector(".clip");
  if (said.ready && Array.isArray(said.clips)) {
    if (section.querySelector(".moving").hidden) {
      clips.replaceChildren(...said.clips.map((name) => new Option(String(name))));
      section.querySelector(".moving").hidden = false;
    }
    // All start when the last one is there.
    tell(section, { clip: clips.value, time: 0, cycle: 0, playing: true });
    section.querySelector(".play").textContent = "Pause";
    return;
  }
  const { azimuth, elevation, zoom, time, cycle } = said;
  if (said.answer) tell(section, { time, cycle, drift: true }, frame);
  else tell(section, { azimuth, elevation, zoom }, frame);
});

for (const section of document.querySelectorAll("section")) {
  const clips = section.querySelector(".clip");
  const play = section.querySelector(".play");
  section.querySelector(".together").addEventListener("click", () => {
    if (framesOf(section).length) stop(section);
    else show(section);
  });
  clips.addEventListener("change", () => {
    tell(section, { clip: clips.value, time: 0, cycle: 0, playing: true });
    play.textContent = "Pause";
  });
  play.addEventListener("click", () => {
    const plays = play.textContent === "Play";
    tell(section, { playing: plays });
    play.textContent = plays ? "Pause" : "Play";
  });
}

// Slow computers drift apart: the first frame's time is everybody's.
setInterval(() => {
  for (const section of document.querySelectorAll("section")) {
    const [first] = framesOf(section);
    if (first) first.contentWindow.postMessage({ kind: "gaussianmotion", ask: "time" }, "*");
  }
}, CALM);
