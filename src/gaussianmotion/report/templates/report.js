// Variants of a prompt are shown one at a time; without this script they stand below each other.
"use strict";

function chosen(prompt, name, otherwise) {
  const input = prompt.querySelector(`input[name^="${name}-"]:checked`);
  return input ? input.value : otherwise;
}

function show(prompt) {
  const panels = [...prompt.querySelectorAll(".panel")];
  const variant = chosen(prompt, "variant", panels[0].dataset.variant);
  const there = panels.filter((panel) => panel.dataset.variant === variant);
  const seed = chosen(prompt, "seed", there.length ? there[0].dataset.seed : "");
  const shown = there.find((panel) => panel.dataset.seed === seed);
  for (const panel of panels) {
    panel.hidden = panel !== shown;
    if (panel.hidden) panel.querySelectorAll("video").forEach((video) => video.pause());
  }
  prompt.querySelector(".absent").hidden = Boolean(shown);
}

const prompts = [...document.querySelectorAll(".prompt")];
for (const prompt of prompts) {
  prompt.addEventListener("change", () => show(prompt));
  show(prompt);
}

const everywhere = document.getElementById("everywhere");
if (everywhere) {
  everywhere.addEventListener("change", () => {
    for (const prompt of prompts) {
      const inputs = [...prompt.querySelectorAll('input[name^="variant-"]')];
      const input = inputs.find((candidate) => candidate.value === everywhere.value);
      if (input) input.checked = true;
      show(prompt);
    }
  });
}

// The variants of a prompt are one video. It turns while it is seen, until somebody stops it; the
// slider turns all of them by hand.
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

function turn(figure) {
  const video = figure.querySelector("video");
  const button = figure.querySelector("button");
  const angle = figure.querySelector("input");
  let wanted = !still;
  let seen = false;
  const obey = () => {
    if (wanted && seen) video.play().catch(() => {});
    else video.pause();
    button.textContent = wanted ? "Stop" : "Turn";
  };
  const follow = () => {
    if (document.activeElement === angle && video.paused) return;
    angle.value = (360 * video.currentTime) / (video.duration || 1);
    if (!video.paused) requestAnimationFrame(follow);
  };
  video.controls = false;
  figure.querySelector(".turn").hidden = false;
  video.addEventListener("play", follow);
  button.addEventListener("click", () => {
    wanted = !wanted;
    obey();
  });
  angle.addEventListener("input", () => {
    wanted = false;
    obey();
    video.currentTime = (angle.value / 360) * video.duration;
  });
  new IntersectionObserver((entries) => {
    seen = entries[entries.length - 1].isIntersecting;
    obey();
  }).observe(video);
}

for (const figure of document.querySelectorAll(".turning")) turn(figure);
