// Several avatars on one page (gallery.html) turn and move together: each is a frame that tells its
// parent what it shows, and is told what to show. Only numbers and a clip's name are taken.

const LATE = 0.15; // seconds
const NUMBERS = ["azimuth", "elevation", "zoom", "time", "cycle", "speed"];

/** Whether the page is one of several: no controls of its own. */
function isBare() {
  return location.hash === "#bare" && parent !== window;
}

function stateOf(stage) {
  const { camera, player } = stage;
  return {
    kind: "gaussianmotion",
    azimuth: camera.azimuth,
    elevation: camera.elevation,
    zoom: camera.zoom,
    time: player.time,
    cycle: player.cycle,
    speed: player.speed,
    playing: player.playing,
    clip: player.clip.name,
    clips: player.clips.map((clip) => clip.name),
  };
}

function take(stage, said) {
  if (!said || said.kind !== "gaussianmotion") return;
  if (NUMBERS.some((key) => key in said && !Number.isFinite(said[key]))) return;
  const { camera, player } = stage;
  if (typeof said.clip === "string") {
    const index = player.clips.findIndex((clip) => clip.name === said.clip);
    if (index >= 0 && index !== player.index) {
      player.choose(index);
      camera.frame(player.clip);
    }
  }
  for (const key of ["azimuth", "elevation", "zoom"]) if (key in said) camera[key] = said[key];
  // A frame that is only a little late is left alone.
  const apart = Math.abs(player.time - said.time);
  if ("time" in said && !(said.drift && player.moves && apart < LATE)) {
    player.seek(said.time);
    if ("cycle" in said) player.cycle = said.cycle;
  }
  if ("speed" in said) player.speed = said.speed;
  if ("playing" in said) player.playing = Boolean(said.playing) && player.moves;
  if (typeof said.background === "string") stage.paint(said.background);
  stage.changed();
}

/** Listen to the parent, and tell it of what a person does here. */
function joinOthers(stage) {
  addEventListener("message", (event) => {
    if (event.source !== parent) return;
    if (event.data?.ask === "time") tell({ answer: true });
    else take(stage, event.data);
  });
  const tell = (more) => parent.postMessage({ ...stateOf(stage), ...more }, "*");
  for (const name of ["pointermove", "wheel", "dblclick", "keydown"]) {
    addEventListener(name, (event) => {
      const held = stage.canvas.element.classList.contains("held");
      if (name !== "pointermove" || held) requestAnimationFrame(() => tell({}));
    });
  }
  tell({ ready: true });
}
