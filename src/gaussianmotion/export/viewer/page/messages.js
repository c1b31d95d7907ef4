// Several avatars on one page (gallery.html) turn and move together: each is a frame that tells its
// parent what it shows, and is told what to show. Only numbers and a clip's name are taken.

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
  if ("time" in said) player.seek(said.time);
  for (const key of ["cycle", "speed"]) if (key in said) player[key] = said[key];
  if ("playing" in said) player.playing = Boolean(said.playing) && player.moves;
  if (typeof said.background === "string") stage.paint(said.background);
  stage.changed();
}

/** Listen to the parent, and tell it of what a person does here. */
function joinOthers(stage) {
  addEventListener("message", (event) => {
    if (event.source === parent) take(stage, event.data);
  });
  const tell = (ready) => parent.postMessage({ ...stateOf(stage), ready }, "*");
  for (const name of ["pointermove", "wheel", "dblclick", "keydown"]) {
    addEventListener(name, (event) => {
      const held = stage.canvas.element.classList.contains("held");
      if (name !== "pointermove" || held) requestAnimationFrame(() => tell(false));
      return event;
    });
  }
  tell(true);
}
