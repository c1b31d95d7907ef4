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
