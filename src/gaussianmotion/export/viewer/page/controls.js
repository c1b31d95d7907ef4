// The bar at the bottom, the panels, and the keyboard.

const SPEEDS = [0.1, 0.25, 0.5, 1, 1.5, 2];

function byId(id) {
  return document.getElementById(id);
}

class Controls {
  /** @param stage What is drawn: camera, player, joints, changed(), still(), background. */
  constructor(stage) {
    this.stage = stage;
    const { player } = stage;
    const groups = [["Motions", true], ["Poses", false]].map(([label, moving]) => {
      const group = document.createElement("optgroup");
      group.label = label;
      player.clips.forEach((clip, index) => {
        if (clip.duration > 0 === moving) group.append(new Option(clip.name, index));
      });
      return group;
    });
    byId("clip").append(...groups.filter((group) => group.childElementCount > 0));
    for (const speed of SPEEDS) byId("speed").append(new Option(`${speed}×`, speed));
    byId("speed").value = player.speed;
    this.listen();
    this.show();
  }

  listen() {
    const { stage } = this;
    const { player } = stage;
    const on = (id, event, call) => byId(id).addEventListener(event, call);
    on("play", "click", () => this.toggle());
    on("clip", "change", () => this.choose(Number(byId("clip").value)));
    on("speed", "change", () => (player.speed = Number(byId("speed").value)));
    on("loop", "change", () => (player.loops = byId("loop").checked));
    on("time", "input", () => {
      player.playing = false;
      player.seek(Number(byId("time").value));
      stage.changed();
    });
    for (const input of document.getElementsByName("background")) {
      input.addEventListener("change", () => stage.paint(input.value));
    }
    on("colour", "input", () => {
      document.querySelector("input[name=background][value=own]").checked = true;
      stage.paint("own");
    });
    on("still", "click", () => stage.still());
    on("view-reset", "click", () => this.resetView());
    for (const button of document.querySelectorAll("button[aria-controls]")) {
      button.addEventListener("click", () => this.panel(button.getAttribute("aria-controls")));
    }
    addEventListener("keydown", (event) => this.key(event));
  }

  toggle() {
    const { player } = this.stage;
    if (!player.moves) return;
    if (!player.playing && player.time >= player.clip.duration) player.seek(0);
    player.playing = !player.playing;
    this.stage.changed();
  }

  choose(index) {
    const { player, camera } = this.stage;
    player.choose(index);
    camera.frame(player.clip);
    this.stage.changed();
  }

  resetView() {
    this.stage.camera.reset();
    this.stage.changed();
  }

  /** Open a panel, or close it; one is open at a time. */
  panel(id) {
    for (const button of document.querySelectorAll("button[aria-controls]")) {
      const panel = byId(button.getAttribute("aria-controls"));
      panel.hidden = panel.id === id ? !panel.hidden : true;
      button.setAttribute("aria-expanded", String(!panel.hidden));
    }
    byId("dots").hidden = byId("joints").hidden;
    this.stage.changed();
  }

  /** Show what is played, and when. */
  show() {
    const { player } = this.stage;
    const time = byId("time");
    byId("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
    byId("play").classList.toggle("playing", player.playing);
    byId("play").disabled = time.disabled = !player.moves;
    byId("clip").value = player.index;
    time.max = player.clip.duration || 1;
    time.value = player.time;
    byId("clock").value = `${player.time.toFixed(2)} s`;
  }

  key(event) {
    // Keys of a slider, a list and a link are theirs.
    const own = event.target.closest?.("input:not([type=checkbox]), select, a, summary");
    if (own || event.altKey || event.metaKey || event.ctrlKey) return;
    if (event.target.closest?.("button, input") && [" ", "Enter"].includes(event.key)) return;
    const { stage } = this;
    const { camera, player } = stage;
    const step = camera.size[1] / 20;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const frame = (count) => {
      player.playing = false;
      player.seek(player.time + count / player.clip.fps);
    };
    const commands = {
      " ": () => this.toggle(),
      "+": () => camera.nearer(1.15),
      "=": () => camera.nearer(1.15),
      "-": () => camera.nearer(1 / 1.15),
      ",": () => frame(-1),
      ".": () => frame(1),
      n: () => this.choose((player.index + 1) % player.clips.length),
      p: () => this.choose((player.index + player.clips.length - 1) % player.clips.length),
      r: () => this.resetView(),
      j: () => this.panel("joints"),
      i: () => this.panel("about"),
      s: () => stage.still(),
      Escape: () => this.panel(""),
    };
    const arrow = arrows[event.key];
    if (arrow && event.shiftKey) camera.shift(-arrow[0] * step, arrow[1] * step);
    else if (arrow) camera.turn(5 * arrow[0], 5 * arrow[1]);
    else if (commands[event.key]) commands[event.key]();
    else return;
    event.preventDefault();
    stage.changed();
  }
}
