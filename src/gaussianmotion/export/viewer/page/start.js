// Brings the page to life, and says in words where it cannot.

const DARK = [0.086, 0.094, 0.11];
const LIGHT = [0.957, 0.953, 0.945];
const PLAIN = { white: [1, 1, 1], grey: [0.5, 0.5, 0.5], black: [0, 0, 0] };
const darkScheme = matchMedia("(prefers-color-scheme: dark)");

function trouble(words) {
  const note = byId("trouble");
  note.hidden = !words;
  note.textContent = words;
}

/** Give the stage one of the backgrounds by its name. */
function paint(stage, name) {
  const colour = byId("colour").value;
  const own = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const page = darkScheme.matches ? DARK : LIGHT;
  const rgb = { page, own, none: page, ...PLAIN }[name] || page;
  stage.backgroundName = name;
  stage.background = [...rgb, name === "none" ? 0 : 1];
  stage.ground = name !== "none";
  document.body.dataset.tone = luminance(rgb) < 0.3 ? "dark" : "light";
  document.body.dataset.background = name;
  stage.changed();
}

/** Save what is seen as a PNG of the size of the window. */
function still(stage) {
  stage.scale = 0;
  stage.fit();
  stage.draw();
  stage.canvas.element.toBlob((blob) => {
    const link = document.createElement("a");
    const { clip, time } = stage.player;
    const words = [stage.scene.promptId, clip.name, clip.duration ? `${time.toFixed(2)}s` : ""];
    link.download = `${words.filter(Boolean).join(" ").replace(/[^\w.]+/g, "-")}.png`;
    link.href = URL.createObjectURL(blob);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }, "image/png");
}

function describe(scene) {
  byId("made").append(
    ...scene.facts.map(([label, text]) => {
      const [row, term, value] = ["div", "dt", "dd"].map((name) => document.createElement(name));
      term.textContent = label;
      value.textContent = text;
      row.append(term, value);
      return row;
    }),
  );
}

/**
 * What tests and benchmarks call: one frame, exactly as asked for, as a PNG's data URL.
 * @param asked clip (name), time, cycle, joints ({index: degrees}), camera ({view: 12 numbers,
 *   focal, centre, size}), background (RGB), ground (whether there is a floor); all but the camera
 *   may be left out.
 */
function drawOnce(stage, asked) {
  const { player, canvas } = stage;
  const index = player.clips.findIndex((clip) => clip.name === asked.clip);
  if (index >= 0) player.choose(index);
  player.playing = false;
  player.seek(asked.time || 0);
  player.cycle = asked.cycle || 0;
  player.bends = new Map(Object.entries(asked.joints || {}).map(([j, d]) => [Number(j), d]));
  const own = stage.camera;
  stage.camera = { ...asked.camera, view: Float32Array.from(asked.camera.view), update() {} };
  [stage.background, stage.ground] = [[...(asked.background || [1, 1, 1]), 1], Boolean(asked.ground)];
  stage.draw();
  const picture = canvas.element.toDataURL("image/png");
  stage.camera = own;
  return picture;
}

/**
 * Milliseconds per frame by the clock of everything but drawing: pose, camera and order. Drawing is
 * left to the graphics processor, for which nobody waits here: where it is slow, frames pile up.
 */
function measure(stage, frames) {
  const time = () => {
    const begun = performance.now();
    for (let i = 0; i < frames; i++) {
      stage.player.seek((stage.player.clip.duration * i) / frames);
      stage.prepare();
    }
    return (performance.now() - begun) / frames;
  };
  stage.fit();
  time(); // compiles it
  return time();
}

function start() {
  const scene = JSON.parse(byId("scene").textContent);
  describe(scene);
  const element = byId("view");
  const gaussians = unpackGaussians(scene.gaussians);
  const canvas = Canvas.on(element, scene, gaussians);
  if (!canvas) {
    document.body.classList.add("broken");
    trouble(
      "This browser cannot draw the avatar: it lacks WebGL2, or has it switched off. Open this " +
        "file in a current Firefox, Chrome, Edge or Safari, with hardware acceleration allowed.",
    );
    return;
  }
  const stage = new Stage(canvas, scene, gaussians);
  stage.paint = (name) => paint(stage, name);
  stage.still = () => still(stage);
  const changed = () => stage.changed();
  const joints = new Joints(scene.body.names, stage.player, changed);
  const controls = new Controls(stage);
  stage.shown = () => {
    controls.show();
    joints.place(stage.skeleton.joints, stage.camera, stage.sharpness);
  };
  listenToPointers(element, stage.camera, changed);
  element.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    trouble("The graphics processor was taken away. Load the page again to go on.");
  });
  new ResizeObserver(changed).observe(element);
  darkScheme.addEventListener("change", () => stage.paint(stage.backgroundName));
  stage.paint("page");
  stage.player.playing = stage.player.moves && !matchMedia("(prefers-reduced-motion: reduce)").matches;
  window.gaussianmotion = {
    draw: (asked) => drawOnce(stage, asked),
    measure: (frames) => measure(stage, frames),
    stage,
  };
  if (isBare()) {
    document.body.classList.add("bare");
    joinOthers(stage);
  }
  stage.changed();
}

start();
