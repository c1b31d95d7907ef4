"use strict";
// A pair's page: both clips run together, and every answer is sent at once.

const form = document.getElementById("questions");
const status = document.getElementById("status");
const next = document.getElementById("next");
const play = document.getElementById("play");
const seek = document.getElementById("seek");
const stage = document.getElementById("stage");
const figures = [...document.querySelectorAll(".clip")];
const fieldsets = [...form.querySelectorAll("fieldset")];

// A phone that saves power plays nothing by itself, and loads nothing before it plays.
function forbidden() {
  if (playing) setPlaying(false);
  figures.forEach((figure) => { figure.querySelector(".loading").textContent = "Press play below."; });
}

const clips = figures.map((figure) => (figure.dataset.form === "video" ? videoClip : viewsClip)(figure));
let playing = false;

function setPlaying(value) {
  playing = value;
  play.classList.toggle("paused", !playing);
  play.setAttribute("aria-label", playing ? "Pause" : "Play");
  if (playing && clips.every((clip) => clip.ended())) restart();
  clips.forEach((clip) => (playing && !clip.ended() ? clip.start() : clip.stop()));
}

function restart() {
  clips.forEach((clip) => { clip.show(0); if (playing) clip.start(); });
}

// The longer clip leads; when both are at their end they begin again together.
function follow() {
  if (playing) {
    const longest = clips[0].seconds() >= clips[1].seconds() ? clips[0] : clips[1];
    seek.value = Math.round(1000 * longest.share());
    if (clips.every((clip) => clip.ended())) restart();
  }
  requestAnimationFrame(follow);
}

const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

// Both begin together, and nobody judges what was not there to be seen.
function readiness() {
  clips.forEach((clip, place) => figures[place].classList.toggle("ready", clip.ready()));
  if (stage.dataset.begun) return;
  if (!clips.every((clip) => clip.ready())) {
    clips.forEach((clip) => {
      if (!clip.ready()) return;
      clip.stop();
      if (clip.share() > 0) clip.show(0);
    });
    return;
  }
  stage.dataset.begun = "yes";
  fieldsets.forEach((fieldset) => { fieldset.disabled = false; });
  restart();
  setPlaying(playing || !still);
}

clips.forEach((clip, place) => clip.media.forEach((medium) => {
  // A video that is being rewound while it waits for the other is not ready before it was "seeked".
  ["loadeddata", "seeked", "load"].forEach((name) => medium.addEventListener(name, readiness));
  medium.addEventListener("error", () => {
    figures[place].classList.add("broken");
    figures[place].querySelector(".loading").textContent = "This clip does not load. Please load the page again.";
  });
  // It may have failed before this script ran.
  if (medium.error || (medium.complete && !medium.naturalWidth)) medium.dispatchEvent(new Event("error"));
  // Browsers that save data load no more of a video than is played.
  if (!still && medium.play) clips[place].start();
}));
play.classList.add("paused");
readiness();
requestAnimationFrame(follow);

play.addEventListener("click", () => setPlaying(!playing));
seek.addEventListener("input", () => {
  setPlaying(false);
  clips.forEach((clip) => clip.show(seek.value / 1000));
});

// One clip as large as the window.

const only = document.querySelector(".only");
const rest = [document.querySelector("header"), document.querySelector(".prompt"), form, document.querySelector("nav")];

function enlarge(letter) {
  const before = document.body.dataset.only;
  document.body.classList.toggle("large", Boolean(letter));
  document.body.dataset.only = letter || "";
  only.hidden = !letter;
  rest.forEach((part) => { part.inert = Boolean(letter); });
  only.querySelectorAll("[data-show]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.show === letter));
    if (button.dataset.show === letter) button.focus();
  });
  if (!letter && before) document.querySelector(`.clip[data-letter="${before}"] .enlarge`).focus();
}

figures.forEach((figure) => figure.querySelector(".enlarge").addEventListener("click", () => enlarge(figure.dataset.letter)));
only.querySelectorAll("[data-show]").forEach((button) => button.addEventListener("click", () => enlarge(button.dataset.show)));
document.getElementById("shrink").addEventListener("click", () => enlarge(null));

// Answers. `waiting` holds those that the server does not have yet, the newest of each question.

const waiting = new Map();
let sending = false;

function say(text, bad) {
  status.textContent = text;
  status.classList.toggle("bad", Boolean(bad));
}

async function send() {
  if (sending) return;
  sending = true;
  while (waiting.size) {
    const [question, choice] = waiting.entries().next().value;
    try {
      const reply = await fetch("/votes", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ pair: Number(form.dataset.pair), question, choice }),
        // A connection may hang for ever; the same answer twice is one.
        signal: AbortSignal.timeout?.(20000),
      });
      if (!reply.ok) {
        const text = (await reply.json().catch(() => ({}))).error;
        if (reply.status < 500) { waiting.clear(); say(text || "Not saved", true); break; }
        throw new Error(text);
      }
      if (waiting.get(question) === choice) waiting.delete(question);
      if (!waiting.size) say("Saved");
    } catch (error) {
      say("Not saved yet: no connection. Trying again …", true);
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
  sending = false;
  finish();
}

const missing = () => fieldsets.filter((fieldset) => !fieldset.querySelector(":checked"));
let leaving = false;

// Next is never truly disabled: it says what is missing.
function refresh() {
  next.classList.toggle("waits", missing().length > 0);
}

function finish() {
  refresh();
  if (leaving && !waiting.size && !status.classList.contains("bad")) location.assign(next.dataset.next);
}

form.addEventListener("change", (event) => {
  event.target.closest("fieldset").classList.remove("missing");
  waiting.set(event.target.name, event.target.value);
  say("Saving …");
  refresh();
  send();
});
form.addEventListener("submit", (event) => event.preventDefault());

next.addEventListener("click", () => {
  const open = missing();
  fieldsets.forEach((fieldset) => fieldset.classList.toggle("missing", open.includes(fieldset)));
  if (open.length) {
    if (!stage.dataset.begun) say("Both clips must be seen first", true);
    else say(open.length === 1 ? "One answer is missing" : `${open.length} answers are missing`, true);
    open[0].focus();
    return;
  }
  leaving = true;
  finish();
});

// Do not leave with answers that are not stored.
// Back to this page as it was left: it stays until Next is pressed again.
addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });

addEventListener("beforeunload", (event) => { if (waiting.size) event.preventDefault(); });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  // A key that is held down is one answer, not three.
  if (event.repeat && key !== " ") return;
  const target = event.target;
  if (key === "escape" && document.body.dataset.only) enlarge(null);
  else if (key === "a" || key === "b") {
    if (document.body.dataset.only) { enlarge(key); return; }
    const fieldset = target.closest("fieldset") || missing()[0];
    if (!fieldset) return;
    const input = fieldset.querySelector(`input[value="${key}"]`);
    input.focus();
    if (!input.checked) input.click();
    const open = missing()[0];
    if (open) open.focus(); else next.focus();
  } else if (key === " " && !["BUTTON", "INPUT", "A"].includes(target.tagName)) {
    event.preventDefault();
    if (!event.repeat) setPlaying(!playing);
  } else if (key === "enter" && !["BUTTON", "A"].includes(target.tagName)) {
    event.preventDefault();
    next.click();
  }
});

refresh();
